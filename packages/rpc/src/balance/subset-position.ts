/** Which of the callers of a service this one is, so that they can share its instances out. */
import type { Resolver } from "@holdfast/core";

export interface PeerPosition {
  /** From 0; no two callers have the same. */
  readonly index: number;
  /** How many callers there are. */
  readonly count: number;
}

export interface PositionSource {
  /** Undefined while it is not known. */
  readonly current: PeerPosition | undefined;
  /** Calls `listener` whenever it has changed, until what is returned is called. */
  watch(listener: () => void): () => void;
}

/** For callers that are numbered, such as the pods of a stateful set. */
export function fixedPosition(index: number, count: number): PositionSource {
  if (!Number.isInteger(index) || !Number.isInteger(count) || index < 0 || index >= count) {
    throw new RangeError(
      `index is ${index} of ${count}; it must be a whole number below the count`,
    );
  }
  return { current: { index, count }, watch: () => () => undefined };
}

/** The place of `ownId` among the instances of the calling service, ordered by their ids. */
export function positionAmongPeers(
  resolver: Resolver,
  service: string,
  ownId: string,
): PositionSource & { close(): void } {
  const listeners = new Set<() => void>();
  const source: { current: PeerPosition | undefined } = { current: undefined };
  const watch = resolver.watch(service, ({ instances }) => {
    const ids = instances.map(({ id }) => id).toSorted();
    const index = ids.indexOf(ownId);
    const before = source.current;
    source.current = index < 0 ? before : { index, count: ids.length };
    const now = source.current;
    if (before?.index === now?.index && before?.count === now?.count) return;
    for (const listener of listeners) listener();
  });
  return {
    get current() {
      return source.current;
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => watch.close(),
  };
}
