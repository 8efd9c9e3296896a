/**
 * The door for policies: what a policy's live options are for a call, now. A policy takes a
 * `LiveOptions<XLiveOptions>` and asks it at every call; it neither knows nor cares whether the
 * values ever change.
 *
 *     const options = this.live.of(key);              // a look-up, no allocation
 *     if (this.live.version !== this.seenVersion) …   // something derived must be made again
 */
import type { ConfigKey } from "./rule-path.ts";

export interface LiveOptions<Live extends object> {
  /**
   * Grows whenever `of` may give something else than before: what was derived from it may be kept
   * while this stays.
   */
  readonly version: number;
  /**
   * The options in effect for the calls of `key`: complete and checked. The same object for as long
   * as no value in it changes. Quick for a key object that it was asked for before, so keep one for
   * each method, and do not make one for each call.
   */
  of(key: ConfigKey): Live;
}

/** Options that never change: for a policy that nobody configures. */
export function fixedOptions<Live extends object>(options: Live): LiveOptions<Live> {
  return { version: 0, of: () => options };
}
