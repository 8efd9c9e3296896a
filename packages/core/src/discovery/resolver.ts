/**
 * Who answers for a service's name, and whenever that changes. A resolver that loses its source
 * keeps its last list and says how old it is: stale instances are better than none.
 */
import type { Instance } from "./instance.ts";

/** What a resolver knows at one moment. */
export interface Resolution {
  readonly instances: readonly Instance[];
  /** When the source last confirmed the list, on the clock's `nowMs()` scale. */
  readonly confirmedMs: number;
  /** Why the list may be out of date; undefined while the source answers. */
  readonly stale: string | undefined;
}

export interface ResolverWatch {
  /** What is known now; undefined until the first list has come. */
  readonly current: Resolution | undefined;
  /**
   * A caller has reason to think that the list is wrong: the source is asked again soon. A hint,
   * which may come with every failed call; a resolver whose source tells it everything needs none.
   */
  refresh?(): void;
  /** No listener is called after this. */
  close(): void;
}

export interface Resolver {
  /** For an operator, such as `consul 127.0.0.1:8500` or `file instances.json`. */
  readonly name: string;
  /**
   * Calls `listener` with the first list as soon as there is one, with every list that differs
   * from the one before, and when the source is lost or found again. Never throws: what goes wrong
   * is in `stale` and in the log.
   */
  watch(service: string, listener: (resolution: Resolution) => void): ResolverWatch;
}
