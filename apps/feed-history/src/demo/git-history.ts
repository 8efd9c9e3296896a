/**
 * Something true to ask for: a git history as feed history. The author is the user, the commit is
 * the item, the time of the commit is when it was seen, and its subject goes into `extra`.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { ItemKind } from "../gen/feed_history.ts";
import { encodeItemWire, type HistoryStore } from "../store/index.ts";

export interface DemoAuthor {
  readonly userId: bigint;
  readonly name: string;
  readonly commits: number;
}

export interface DemoOptions {
  /** A folder inside a git work tree, or a bare repository. */
  readonly path: string;
  /** The newest so many commits, 1 or more; default 10,000. */
  readonly commitsMax?: number;
}

const COMMITS_MAX = 10_000;
const ITEMS_PER_SET = 500;
const EXTRA_MAX_BYTES = 4096;
/** ASCII unit separator: no author or subject has one. */
const SEPARATOR = "\u001f";

/** Stores the history. Resolves with the authors, most commits first; none without a history. */
export async function loadGitHistory(
  store: HistoryStore,
  options: DemoOptions,
): Promise<DemoAuthor[]> {
  const authors = new Map<bigint, { name: string; items: Uint8Array[]; commits: number }>();
  for await (const line of gitLog(options.path, options.commitsMax ?? COMMITS_MAX)) {
    const [hash, seconds, email, name, subject] = line.split(SEPARATOR);
    if (hash === undefined || seconds === undefined || email === undefined) continue;
    const userId = userIdOf(email);
    const author = authors.get(userId) ?? { name: name ?? "", items: [], commits: 0 };
    authors.set(userId, author);
    author.commits++;
    author.items.push(itemOf(hash, seconds, subject ?? ""));
    if (author.items.length === ITEMS_PER_SET) {
      await store.set(userId, author.items.splice(0));
    }
  }
  for (const [userId, { items }] of authors) {
    if (items.length > 0) await store.set(userId, items);
  }
  return [...authors]
    .map(([userId, { name, commits }]) => ({ userId, name, commits }))
    .toSorted((one, other) => other.commits - one.commits);
}

/** The user that an author's address becomes: 53 bits of its SHA-256, which any client can say. */
export function userIdOf(email: string): bigint {
  return createHash("sha256").update(email.toLowerCase()).digest().readBigUInt64BE() >> 11n;
}

function itemOf(hash: string, seconds: string, subject: string): Uint8Array {
  const extra = Buffer.from(subject);
  return encodeItemWire({
    itemId: BigInt(`0x${hash.slice(0, 13)}`),
    timestampMs: BigInt(seconds) * 1000n,
    kind: ItemKind.ARTICLE,
    extra: extra.subarray(0, EXTRA_MAX_BYTES),
  });
}

async function* gitLog(path: string, commitsMax: number): AsyncGenerator<string> {
  const format = ["%H", "%ct", "%ae", "%an", "%s"].join(SEPARATOR);
  const git = spawn("git", ["-C", path, "log", `--max-count=${commitsMax}`, `--format=${format}`], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise<void>((resolve) => {
    git.once("error", () => resolve());
    git.once("close", () => resolve());
  });
  yield* createInterface({ input: git.stdout });
  await ended;
}
