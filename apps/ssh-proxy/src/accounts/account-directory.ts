/** Whose key is this? The door to where accounts and their keys are kept. */
import type { Context } from "holdfast";
import type { PublicKey } from "../ssh/keys/public-key.ts";

/** Who proved to have a key. */
export interface Identity {
  /** Who pays, such as `aviato`: what limits and routes go by. At most 255 characters. */
  readonly account: string;
  /** Who it is within the account, such as `erlich`; the account's own name when there is one. */
  readonly name: string;
  /** What its owner calls the key, such as `BuildServer`; `""` when it has no name. */
  readonly publicKeyName: string;
  /** See `PublicKey.fingerprint`. */
  readonly fingerprint: string;
  /** How many different keys of the account must be proven to log in, 1 or more; default 1. */
  readonly keysNeeded?: number;
}

export interface AccountDirectory {
  /**
   * Whose key it is when somebody logs in as `user`; undefined: nobody's. Rejects with a
   * ServiceError when that cannot be found out now, and then nobody may be told "denied".
   */
  find(context: Context, user: string, key: PublicKey): Promise<Identity | undefined>;
}
