/** OpenSSH's ssh-keygen as a referee: it makes key files, signs, and checks signatures of ours. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageReader } from "../../message-reader.ts";
import { MessageWriter } from "../../message-writer.ts";
import type { PrivateKey } from "../private-key.ts";

const NAMESPACE = "file";
const PATIENCE_MS = 60_000;

/** False, or why the tests that need it are left out. */
export const withoutSshKeygen: false | string =
  spawnSync("ssh-keygen", ["-?"]).error === undefined ? false : "NOT TESTED: it takes ssh-keygen";

export class SshKeygen {
  readonly folder = mkdtempSync(join(tmpdir(), "holdfast-keys-"));

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs it in the folder; throws with what it said when it fails. */
  run(args: readonly string[], input: string | Buffer = ""): string {
    const { stdout, stderr, status } = spawnSync("ssh-keygen", args, {
      cwd: this.folder,
      input,
      encoding: "utf8",
      timeout: PATIENCE_MS,
    });
    if (status !== 0) throw new Error(`ssh-keygen ${args.join(" ")}: ${stdout}${stderr}`);
    return stdout;
  }

  /** A new key: its file's text and its `.pub` file's. */
  generate(name: string, ...args: string[]): { readonly text: string; readonly line: string } {
    this.run(["-q", "-N", "", "-C", `${name} of a test`, "-f", name, ...args]);
    return { text: this.read(name), line: this.read(`${name}.pub`) };
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), "utf8");
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text, { mode: 0o600 });
  }

  /** Its signature with the key in the file `name`, as it travels, and the bytes it is over. */
  sign(name: string, message: Buffer): { readonly data: Buffer; readonly signature: Buffer } {
    const armoured = this.run(["-q", "-Y", "sign", "-f", name, "-n", NAMESPACE], message);
    const blob = Buffer.from(armoured.replaceAll(/-----.*-----|\s/gu, ""), "base64");
    const reader = new MessageReader(blob, "SSHSIG".length);
    reader.uint32();
    reader.string();
    reader.string();
    reader.string();
    reader.string();
    return { data: signedData(message), signature: reader.string() };
  }

  /** What it says of a signature that our key makes; throws when it is none. */
  check(key: PrivateKey, algorithm: string, message: Buffer): string {
    const signature = key.sign(algorithm, signedData(message));
    const blob = new MessageWriter()
      .raw(Buffer.from("SSHSIG"))
      .uint32(1)
      .string(key.publicKey.blob)
      .string(NAMESPACE)
      .string("")
      .string("sha512")
      .string(signature)
      .finish();
    const base64 = blob.toString("base64").replaceAll(/.{70}/gu, "$&\n");
    this.write("s.sig", `-----BEGIN SSH SIGNATURE-----\n${base64}\n-----END SSH SIGNATURE-----\n`);
    return this.run(["-Y", "check-novalidate", "-n", NAMESPACE, "-s", "s.sig"], message);
  }
}

/** What is signed for a message (OpenSSH's PROTOCOL.sshsig). */
function signedData(message: Buffer): Buffer {
  return new MessageWriter()
    .raw(Buffer.from("SSHSIG"))
    .string(NAMESPACE)
    .string("")
    .string("sha512")
    .string(createHash("sha512").update(message).digest())
    .finish();
}
