/** The one environment variable that passes: which protocol git's client can speak. */

/** `version=2` has 9 characters; there is room for what git may add. */
const LENGTH_MAX = 64;
const PART = "[A-Za-z0-9._-]+(?:=[A-Za-z0-9._-]+)?";
const GRAMMAR = new RegExp(`^${PART}(?::${PART})*$`);

/**
 * The value of `GIT_PROTOCOL`: `key` or `key=value`, several with `:` between them, at most 64
 * characters. Undefined for anything else, which is then as if it had not been sent.
 */
export function parseGitProtocol(value: string): string | undefined {
  return value.length <= LENGTH_MAX && GRAMMAR.test(value) ? value : undefined;
}
