/** What of the deadline may change while a process runs. */
import type { LiveSchema } from "@holdfast/core";

export interface DeadlineLiveOptions {
  /**
   * The time a call may take when its context allows more, in ms, 1 to 600,000. Shorter frees the
   * caller sooner; longer lets slow calls come to an end.
   */
  readonly callTimeoutMs: number;
}

export const DEADLINE_LIVE: LiveSchema<DeadlineLiveOptions> = {
  policy: "deadline",
  fields: {
    callTimeoutMs: {
      ...{ kind: "number", unit: "ms", min: 1, max: 600_000 },
      help: "the time of a call when its context allows more",
    },
  },
};
