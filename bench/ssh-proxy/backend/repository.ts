// The repository that is cloned: one commit of blobs of 1 MB that do not compress, made once and
// kept.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const BLOB_BYTES = 1_000_000;

/** The bare repository's folder below `directory`; made if it is not there. */
export async function makeRepository(directory: string, megabytes: number): Promise<string> {
  const folder = join(directory, `bench-ssh-proxy-${megabytes}mb.git`);
  if (existsSync(folder)) return folder;
  const half = `${folder}.${process.pid}`;
  rmSync(half, { recursive: true, force: true });
  await git(["init", "--bare", "--quiet", "--initial-branch=main", half]);
  await git(["-C", half, "fast-import", "--quiet"], fastImport(megabytes));
  renameSync(half, folder);
  return folder;
}

async function* fastImport(megabytes: number): AsyncGenerator<string | Buffer> {
  for (let mark = 1; mark <= megabytes; mark++) {
    yield `blob\nmark :${mark}\ndata ${BLOB_BYTES}\n`;
    yield randomBytes(BLOB_BYTES);
    yield "\n";
  }
  yield "commit refs/heads/main\ncommitter Bench <bench@localhost> 1700000000 +0000\n";
  yield "data 5\nblobs\n";
  for (let mark = 1; mark <= megabytes; mark++) yield `M 100644 :${mark} blob-${mark}\n`;
  yield "\ndone\n";
}

async function git(words: string[], input?: AsyncIterable<string | Buffer>): Promise<void> {
  const child = spawn("git", words, { stdio: ["pipe", "ignore", "inherit"] });
  const ended = once(child, "close");
  for await (const piece of input ?? []) {
    if (!child.stdin.write(piece)) await once(child.stdin, "drain");
  }
  child.stdin.end();
  const [code] = await ended;
  if (code !== 0) throw new Error(`git ${words.join(" ")} failed (${String(code)})`);
}
