/**
 * How a caller learns that a reply is not what the callee would have said. The reply itself has no
 * room for it: it is a value of the IDL, or of whoever is guarded. So the caller who wants to know
 * puts an object into the context, and every degraded reply below is noted there.
 */
import { contextKey, type ErrorCode } from "@holdfast/core";
import type { CallKey } from "../call-traits.ts";
import type { DegradeMode } from "./options.ts";

export interface DegradedReply {
  /** Whose reply it should have been. */
  readonly key: CallKey;
  readonly mode: Exclude<DegradeMode, "off">;
  /** Why there was none; `degraded` when the call was dropped on purpose. */
  readonly because: ErrorCode;
  /** How old the reply is, in ms; undefined for one that is no reply of before. */
  readonly ageMs: number | undefined;
}

/** Take a new one for each request: it says how its replies came about. */
export class ReplyMarks {
  /** Degraded replies among those of the calls made with it. */
  degradedCount = 0;
  /** The last of them. */
  lastDegraded: DegradedReply | undefined = undefined;

  get isDegraded(): boolean {
    return this.degradedCount > 0;
  }

  note(degraded: DegradedReply): void {
    this.degradedCount++;
    this.lastDegraded = degraded;
  }
}

/** Where degraded replies of this context's calls are noted; does not travel to the callee. */
export const replyMarksKey = contextKey<ReplyMarks | undefined>("reply marks", undefined);
