/** What a service says of a key, looked at before it is believed. */
import { ServiceError } from "holdfast";
import type { FindResult } from "../../gen/accounts.ts";
import type { Identity } from "../account-directory.ts";

/** Whose key it is. */
export interface KnownOwner {
  readonly identity: Identity;
  /** From when on the key does not count any more; Infinity: never. */
  readonly expiresEpochMs: number;
}

const TEXT_MAX_LENGTH = 255;
const KEYS_NEEDED_MAX = 16;

/**
 * Undefined: the key is nobody's. Throws a ServiceError (`protocol`) for an owner that cannot be
 * one: what is in it goes into logs, limits and paths. The fingerprint is the key's own, whatever
 * the service says.
 */
export function readOwner({ owner }: FindResult, fingerprint: string): KnownOwner | undefined {
  if (owner === undefined) return undefined;
  const { account, publicKeyName = "", keysNeeded = 1, expiresMs = Infinity } = owner;
  const name = owner.name === undefined || owner.name === "" ? account : owner.name;
  if (account === "") throw wrong("account", "is empty");
  for (const [field, text] of Object.entries({ account, name, publicKeyName })) {
    const { length } = text;
    if (length > TEXT_MAX_LENGTH) throw wrong(field, `has ${length} characters; at most 255`);
    if (/\p{Cc}/u.test(text)) throw wrong(field, "has a control character in it");
  }
  if (!(keysNeeded >= 1 && keysNeeded <= KEYS_NEEDED_MAX)) {
    throw wrong("keysNeeded", `is ${keysNeeded}; it must be from 1 to ${KEYS_NEEDED_MAX}`);
  }
  const identity: Identity = Object.freeze({
    ...{ account, name, publicKeyName, fingerprint },
    ...(keysNeeded > 1 && { keysNeeded }),
  });
  return { identity, expiresEpochMs: expiresMs };
}

function wrong(field: string, what: string): ServiceError {
  return new ServiceError("protocol", `the owner of a key cannot be taken: its ${field} ${what}`);
}
