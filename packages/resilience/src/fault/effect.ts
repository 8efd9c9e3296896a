/** What a fault does to a call that it hits, and which calls it is for. */
import type { ErrorCode, WorkStarted } from "@holdfast/core";
import type { CallKey } from "../call-traits.ts";

export type FaultEffect =
  /** The call is made `delayMs` later; 1 to 600,000. */
  | { readonly kind: "delay"; readonly delayMs: number }
  /** The call is not made and fails; `workStarted` is what the error says, default `maybe`. */
  | { readonly kind: "error"; readonly code: ErrorCode; readonly workStarted?: WorkStarted }
  /** The call is not made and nobody answers: it ends when its caller gives up. */
  | { readonly kind: "drop" }
  /** The call is made, and its answer comes `delayMs` late; 1 to 600,000. */
  | { readonly kind: "slow-read"; readonly delayMs: number };

/** Each `*` for all, a name, or the beginning of names as in `get*`. */
export interface FaultMatch {
  readonly caller: string;
  readonly callee: string;
  readonly method: string;
}

export function isMatch(match: FaultMatch, key: CallKey): boolean {
  return (
    isNameMatch(match.method, key.method) &&
    isNameMatch(match.callee, key.callee) &&
    isNameMatch(match.caller, key.caller)
  );
}

function isNameMatch(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
