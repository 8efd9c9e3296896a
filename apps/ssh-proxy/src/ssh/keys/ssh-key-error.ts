/** A key, a line with a key or a key's file that cannot be taken; it fails the key and no more. */
import { cutText, escapeControl } from "holdfast";

/** The message is for users: it holds nothing that was not escaped, and nothing secret. */
export class SshKeyError extends Error {
  override readonly name = "SshKeyError";

  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    // Anybody who connects can make thousands of these; a stack says nothing.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(escapeControl(message), options.cause === undefined ? undefined : options);
    Error.stackTraceLimit = limit;
  }

  /** Whatever was thrown, with what was being read in front of it. */
  static from(what: string, thrown: unknown): SshKeyError {
    if (thrown instanceof SshKeyError) return thrown;
    const message = thrown instanceof Error ? thrown.message : "it cannot be read";
    return new SshKeyError(`${what}: ${cutText(message, MESSAGE_MAX_LENGTH)}`);
  }
}

const MESSAGE_MAX_LENGTH = 200;
const NAME_MAX_LENGTH = 64;

/** A name that somebody else wrote, as it may stand in a message. */
export function quoteName(name: string): string {
  return `"${cutText(name, NAME_MAX_LENGTH)}"`;
}
