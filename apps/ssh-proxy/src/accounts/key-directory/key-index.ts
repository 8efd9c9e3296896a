/** All keys of all accounts, found by fingerprint; a key of two accounts is nobody's. */
import type { AccountKey } from "./account-file.ts";

/** A key that stands in the files of several accounts. */
export interface SharedKey {
  readonly fingerprint: string;
  /** All of them, such as `aviato:3`. */
  readonly places: readonly string[];
  /** The account that had it before and keeps it; undefined: it opens none. */
  readonly owner: string | undefined;
}

export interface KeyIndex {
  readonly keys: ReadonlyMap<string, AccountKey>;
  readonly shared: readonly SharedKey[];
}

export const EMPTY_INDEX: KeyIndex = { keys: new Map(), shared: [] };

/**
 * Whoever had a key keeps it when it shows up in another account's file, so that a mistake there
 * shuts out nobody at noon. When nobody had it (at the start), nobody can say whose it is.
 */
export function buildKeyIndex(
  accounts: Iterable<readonly AccountKey[]>,
  before: KeyIndex,
): KeyIndex {
  const keys = new Map<string, AccountKey>();
  const claims = new Map<string, AccountKey[]>();
  for (const account of accounts) {
    for (const key of account) {
      const { fingerprint } = key.identity;
      const other = keys.get(fingerprint);
      if (other === undefined) keys.set(fingerprint, key);
      else claims.set(fingerprint, [...(claims.get(fingerprint) ?? [other]), key]);
    }
  }
  const shared: SharedKey[] = [];
  for (const [fingerprint, claimants] of claims) {
    const owner = before.keys.get(fingerprint)?.identity.account;
    const kept = claimants.find(({ identity }) => identity.account === owner);
    if (kept === undefined) keys.delete(fingerprint);
    else keys.set(fingerprint, kept);
    const places = claimants.map(({ identity, line }) => `${identity.account}:${line}`).sort();
    shared.push({ fingerprint, places, owner: kept?.identity.account });
  }
  return { keys, shared };
}
