/** Keys for a test, made by ssh-keygen in a folder: of hosts and of users. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export type KeyType = "ed25519" | "rsa" | "ecdsa";

export interface SshKey {
  /** The private key, in OpenSSH's own format; the public one is beside it as `.pub`. */
  readonly file: string;
  /** One line: type and base64, with the comment behind. */
  readonly publicLine: string;
  /** `SHA256:…`, as `ssh-keygen -l` shows it. */
  readonly fingerprint: string;
}

export interface MakeKey {
  readonly type?: KeyType;
  /** Default 3,072 for RSA, 256 for ECDSA. */
  readonly bits?: number;
  /** Default: the name. */
  readonly comment?: string;
}

/** A key without a passphrase, in the file `name` of the folder. */
export function makeKey(folder: string, name: string, options: MakeKey = {}): SshKey {
  const { type = "ed25519", bits, comment = name } = options;
  const file = join(folder, name);
  const length = bits === undefined ? [] : ["-b", String(bits)];
  execFileSync("ssh-keygen", ["-q", "-t", type, ...length, "-N", "", "-C", comment, "-f", file]);
  return readKey(file);
}

export function readKey(file: string): SshKey {
  const listed = execFileSync("ssh-keygen", ["-l", "-f", `${file}.pub`], { encoding: "utf8" });
  const publicLine = readFileSync(`${file}.pub`, "utf8").trim();
  return { file, publicLine, fingerprint: listed.split(" ")[1]! };
}

/** Lines of a known_hosts file for a server on a port of its own. */
export function knownHostsOf(host: string, port: number, keys: readonly string[]): string {
  return keys.map((line) => `[${host}]:${port} ${bareKey(line)}\n`).join("");
}

/** A public key's line without its comment. */
export function bareKey(publicLine: string): string {
  return publicLine.split(" ").slice(0, 2).join(" ");
}
