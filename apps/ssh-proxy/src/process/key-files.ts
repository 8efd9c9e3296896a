/** The private keys that the process is told of, read at its start: all of them, or it does not. */
import { readFileSync } from "node:fs";
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

/** Throws a ServiceError `invalid` when two are of one type: clients could see only one. */
export function readHostKeys(paths: readonly string[]): PrivateKey[] {
  const keys = paths.map(readKeyFile);
  const types = keys.map(({ publicKey }) => publicKey.type);
  const twice = types.find((type, index) => types.indexOf(type) !== index);
  if (twice === undefined) return keys;
  throw new ServiceError("invalid", `two host keys are of type ${twice}; one of each type can be`);
}

/** The keys to log in at backends with. */
export class BackendKeys {
  private readonly keys: ReadonlyMap<string, PrivateKey>;

  constructor(keys: ReadonlyMap<string, PrivateKey>) {
    this.keys = keys;
  }

  static read(files: ReadonlyMap<string, string>): BackendKeys {
    return new BackendKeys(
      new Map(Array.from(files, ([name, path]) => [name, readKeyFile(path)] as const)),
    );
  }

  /** Throws a ServiceError `unavailable` when there is none of that name. */
  named(name: string): PrivateKey {
    const key = this.keys.get(name);
    if (key !== undefined) return key;
    const names = [...this.keys.keys()].join(", ");
    throw new ServiceError("unavailable", `there is no key ${name}; there are: ${names}`);
  }
}
