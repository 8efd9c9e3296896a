/**
 * What stands before a key in an account's file: `name="erlich"`, `keys-needed=2`,
 * `expiry-time="20270131"`, `restrict`. An option that we do not know may forbid something, so that
 * a key with one is refused, never taken as if it were not there.
 */
import type { PublicKeyLineOption } from "../../ssh/keys/public-key-line.ts";
import { quoteName, SshKeyError } from "../../ssh/keys/ssh-key-error.ts";

export interface LineOptions {
  /** Who has the key; undefined: the account. */
  readonly name: string | undefined;
  readonly keysNeeded: number;
  /** From when on it does not count any more, in milliseconds since the Unix epoch. */
  readonly expiresEpochMs: number;
}

const NAME_MAX_LENGTH = 255;
/** Nobody has more keys at hand; each takes a signature. */
export const KEYS_NEEDED_MAX = 16;
const TIME = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?Z?$/u;

/** Throws a SshKeyError that says which option is wrong. */
export function readLineOptions(options: readonly PublicKeyLineOption[]): LineOptions {
  const values = new Map<string, string | undefined>();
  for (const { name, value } of options) {
    if (values.has(name)) throw new SshKeyError(`the option ${name} stands there twice`);
    values.set(name, value);
    const isKnown = ["name", "keys-needed", "expiry-time", "restrict"].includes(name);
    if (!isKnown) {
      throw new SshKeyError(
        `the option ${quoteName(name)} is not known; there are name, keys-needed, expiry-time ` +
          "and restrict",
      );
    }
    // It forbids terminals and forwarding, which there are none of.
    if (name === "restrict" && value !== undefined) {
      throw new SshKeyError("the option restrict has no value");
    }
    if (name !== "restrict" && value === undefined) {
      throw new SshKeyError(`the option ${name} needs a value`);
    }
  }
  return {
    name: readName(values.get("name")),
    keysNeeded: readKeysNeeded(values.get("keys-needed")),
    expiresEpochMs: readExpiry(values.get("expiry-time")),
  };
}

function readName(text: string | undefined): string | undefined {
  if (text === undefined || (text !== "" && text.length <= NAME_MAX_LENGTH)) return text;
  throw new SshKeyError(`name has ${text.length} characters; from 1 to ${NAME_MAX_LENGTH}`);
}

function readKeysNeeded(text = "1"): number {
  const count = /^\d{1,3}$/u.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= KEYS_NEEDED_MAX) return count;
  throw new SshKeyError(`keys-needed is ${quoteName(text)}; from 1 to ${KEYS_NEEDED_MAX}`);
}

/** In UTC wherever the proxy runs: a machine's time zone must not move the end of a key. */
function readExpiry(text: string | undefined): number {
  if (text === undefined) return Infinity;
  const found = TIME.exec(text);
  if (found !== null) {
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found
      .slice(1)
      .map((digits: string | undefined) => Number(digits ?? 0));
    const epochMs = Date.UTC(year, month - 1, day, hour, minute, second);
    // 31 February is no day, and must not become one in March.
    const written = new Date(epochMs).toISOString().replaceAll(/\D/gu, "").slice(0, 14);
    if (written === text.replace("Z", "").padEnd(14, "0")) return epochMs;
  }
  throw new SshKeyError(`expiry-time is ${quoteName(text)}; it must be YYYYMMDD or YYYYMMDDHHMM`);
}
