/**
 * The one error the store throws or rejects with. The service maps `code` to its reply; `message`
 * says what was wrong, where, and what was expected.
 */

/**
 * - `unavailable`: the store cannot do it now (disk full, owned by another service, file damaged);
 *   nothing of the refused call is stored.
 * - `invalid`: the arguments can never be accepted.
 * - `internal`: a promise of the store itself is broken.
 */
export type StoreErrorCode = "unavailable" | "invalid" | "internal";

export class StoreError extends Error {
  override readonly name: string = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What an unknown thrown value says about itself. */
export function describeCause(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
