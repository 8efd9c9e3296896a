/** One account's file: a public key on each line, as in `authorized_keys`. */
import type { Clock } from "holdfast";
import { parsePublicKeyLine } from "../../ssh/keys/public-key-line.ts";
import { SshKeyError } from "../../ssh/keys/ssh-key-error.ts";
import type { Identity } from "../account-directory.ts";
import { readLineOptions } from "./line-options.ts";

export interface AccountKey {
  readonly identity: Identity;
  /** From when on it does not count any more; Infinity: never. */
  readonly expiresEpochMs: number;
  /** Where it stands, from 1. */
  readonly line: number;
}

export interface AccountFile {
  /** Each key once. */
  readonly keys: readonly AccountKey[];
  /** What is wrong, as `LINE: reason`; with any of it the file is not taken. */
  readonly problems: readonly string[];
}

/** More than this say nothing new about a file. */
const PROBLEMS_MAX = 10;
/** As the door says of an identity. */
const COMMENT_MAX_LENGTH = 255;
/** About 2 ms of work, after which others have their turn. */
const LINES_PER_TURN = 200;

/** Others have their turn in between: a large file takes seconds. */
export async function parseAccountFile(
  account: string,
  text: string,
  clock: Clock,
): Promise<AccountFile> {
  const keys = new Map<string, AccountKey>();
  const problems: string[] = [];
  let line = 0;
  for (const content of linesOf(text)) {
    line++;
    if (line % LINES_PER_TURN === 0) await turn(clock);
    if (/^\s*(?:#|$)/u.test(content)) continue;
    try {
      const key = readKey(account, content, line);
      const earlier = keys.get(key.identity.fingerprint);
      if (earlier !== undefined) {
        throw new SshKeyError(`the same key as on line ${earlier.line}`);
      }
      keys.set(key.identity.fingerprint, key);
    } catch (error) {
      if (!(error instanceof SshKeyError)) throw error;
      problems.push(`${line}: ${error.message}`);
      if (problems.length >= PROBLEMS_MAX) break;
    }
  }
  if (problems.length === 0) problems.push(...checkKeysNeeded(keys));
  return { keys: [...keys.values()], problems };
}

/** One after the other: a list of them all would be as large as the file once more. */
function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const end = text.indexOf("\n", start);
    yield text.slice(start, end < 0 ? text.length : end);
    start = end < 0 ? text.length : end + 1;
  }
}

function readKey(account: string, content: string, line: number): AccountKey {
  const { key, comment, options } = parsePublicKeyLine(content);
  const { name = account, keysNeeded, expiresEpochMs } = readLineOptions(options);
  if (comment.length > COMMENT_MAX_LENGTH) {
    const { length } = comment;
    throw new SshKeyError(`a comment of ${length} characters; at most ${COMMENT_MAX_LENGTH}`);
  }
  const identity: Identity = Object.freeze({
    ...{ account, name, publicKeyName: comment, fingerprint: key.fingerprint },
    ...(keysNeeded > 1 && { keysNeeded }),
  });
  return { identity, expiresEpochMs, line };
}

/** A key that can never be used is a mistake that nobody would find. */
function checkKeysNeeded(keys: ReadonlyMap<string, AccountKey>): string[] {
  for (const { identity, line } of keys.values()) {
    const { keysNeeded = 1 } = identity;
    if (keysNeeded <= keys.size) continue;
    return [`${line}: keys-needed is ${keysNeeded}, but the account has ${keys.size} keys`];
  }
  return [];
}

function turn(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.afterTurn(resolve));
}
