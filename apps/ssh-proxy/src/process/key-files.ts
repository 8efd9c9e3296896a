/** The private keys that the process is told of, read at its start: all of them, or it does not. */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ServiceError } from "holdfast";
import { parsePrivateKey, type PrivateKey } from "../ssh/keys/private-key.ts";

/** Throws a ServiceError `invalid` that names the file. */
export function readKeyFile(path: string): PrivateKey {
  try {
    return parsePrivateKey(readFileSync(path, "utf8"));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ServiceError("invalid", `${path}: ${why}`);
  }
}

/** The one line of the file. Throws a ServiceError `invalid` that names the file. */
export function readTokenFile(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ServiceError("invalid", `${path}: ${why}`);
  }
}

/** Throws a ServiceError `invalid` when two are of one type: clients could see only one. */
export function readHostKeys(paths: readonly string[]): PrivateKey[] {
  const keys = paths.map(readKeyFile);
  const types = keys.map(({ publicKey }) => publicKey.type);
  const twice = types.find((type, index) => types.indexOf(type) !== index);
  if (twice === undefined) return keys;
  throw new ServiceError("invalid", `two host keys are of type ${twice}; one of each type can be`);
}

/** What a file of a key may be called: it is looked for by the name of an account. */
const KEY_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/;
/** Keys of a folder that are remembered. */
const REMEMBERED_MAX = 1_000;

/** The keys to log in at backends with: named one by one, or files of a folder. */
export class BackendKeys {
  private readonly keys: ReadonlyMap<string, PrivateKey>;
  private readonly folder: string | undefined;
  /** By the text of the file, so that a file that was replaced is another key. */
  private readonly remembered = new Map<string, PrivateKey>();

  constructor(keys: ReadonlyMap<string, PrivateKey>, folder?: string) {
    this.keys = keys;
    this.folder = folder;
  }

  static read(files: ReadonlyMap<string, string>, folder: string | undefined): BackendKeys {
    const keys = Array.from(files, ([name, path]) => [name, readKeyFile(path)] as const);
    return new BackendKeys(new Map(keys), folder);
  }

  /** The one with the account's name, out of the folder: no other is anybody's. */
  async ofAccount(account: string): Promise<PrivateKey> {
    const key = await this.inFolder(account);
    if (key !== undefined) return key;
    throw new ServiceError("unavailable", `there is no key of ${account} in ${this.folder}`);
  }

  /** Rejects with a ServiceError `unavailable` when there is none of that name. */
  async named(name: string): Promise<PrivateKey> {
    const key = this.keys.get(name) ?? (await this.inFolder(name));
    if (key !== undefined) return key;
    const names = [...this.keys.keys()].join(", ");
    const where = this.folder === undefined ? "" : `, and none in ${this.folder}`;
    throw new ServiceError("unavailable", `there is no key ${name}; there are: ${names}${where}`);
  }

  private async inFolder(name: string): Promise<PrivateKey | undefined> {
    const { folder, remembered } = this;
    if (folder === undefined || !KEY_NAME.test(name)) return undefined;
    const path = join(folder, name);
    try {
      const text = await readFile(path, "utf8");
      const known = remembered.get(text);
      if (known !== undefined) return known;
      const key = parsePrivateKey(text);
      if (remembered.size >= REMEMBERED_MAX) remembered.clear();
      remembered.set(text, key);
      return key;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      const why = error instanceof Error ? error.message : String(error);
      throw new ServiceError("unavailable", `${path}: ${why}`);
    }
  }
}
