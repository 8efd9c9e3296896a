/**
 * Merges runs of one user into one sequence, newest first, in slices as long as they come. Where
 * two sources hold the same position, the one that stands first in the list is the newer write
 * and wins.
 */
import {
  comparePositions,
  createPosition,
  setPositionFromWire,
  type Position,
} from "./position.ts";
import { RunView } from "./run.ts";

/** Takes the items [from, to) of a run. */
export interface SliceSink {
  take(view: RunView, from: number, to: number): void;
}

/** One source of a merge: the items [index, end) of the run in `view`. */
export class MergeSource {
  view: RunView = new RunView();
  index = 0;
  end = 0;
  /** Position of the item at `index`, while there is one. */
  readonly position: Position = createPosition();

  /** Takes the whole of a run. */
  useAll(view: RunView): void {
    this.view = view;
    this.index = 0;
    this.end = view.count;
    this.settle();
  }

  /** Restricts the run in `view` to what is older than `before` and not older than `atLeast`. */
  restrict(before: Position, atLeast: Position): boolean {
    this.index = this.view.firstOlder(before);
    this.end = this.view.firstOlder(atLeast, this.index);
    return this.settle();
  }

  /** Takes up the item at `index`; false when the source is exhausted. */
  settle(): boolean {
    if (this.index >= this.end && !this.refill()) return false;
    setPositionFromWire(this.position, this.view.bytes, this.view.itemStart(this.index));
    return true;
  }

  /** Whether items follow those of the present run. May spoil the bytes in `view`. */
  hasMoreRuns(): boolean {
    return false;
  }

  /** Moves on to the next run, if the source has several. */
  protected refill(): boolean {
    return false;
  }
}

/**
 * Merges the first `live` of `sources`, each settled on an item, into `sink`: at most `limit`
 * items. Returns how many were taken; `sources` is used up on the way.
 */
export function mergeSources(
  sources: MergeSource[],
  live: number,
  limit: number,
  sink: SliceSink,
): { readonly count: number; readonly more: boolean } {
  let remaining = limit;
  let left = live;
  while (left > 0 && remaining > 0) {
    const best = newestOf(sources, left);
    left = skipSamePosition(sources, left, best);
    const source = sources[best] as MergeSource;
    const rival = left === 1 ? undefined : newestOf(sources, left, best);
    const end =
      rival === undefined
        ? source.end
        : source.view.firstAtOrOlder((sources[rival] as MergeSource).position, source.index + 1);
    const take = Math.min(Math.min(end, source.end) - source.index, remaining);
    sink.take(source.view, source.index, source.index + take);
    source.index += take;
    remaining -= take;
    // The last run is left where it is: going on to the next one costs a read nobody asked for.
    if (remaining > 0 && !source.settle()) left = removeSource(sources, left, best);
  }
  return { count: limit - remaining, more: left > 0 && hasMore(sources, left) };
}

/** Index of the source with the newest item; of equals the first. `except` is passed over. */
function newestOf(sources: MergeSource[], left: number, except = -1): number {
  let best = except === 0 ? 1 : 0;
  for (let index = best + 1; index < left; index += 1) {
    if (index === except) continue;
    const candidate = sources[index] as MergeSource;
    if (comparePositions(candidate.position, (sources[best] as MergeSource).position) > 0) {
      best = index;
    }
  }
  return best;
}

/** Steps over what the sources after `best` hold at its position: older writes of that item. */
function skipSamePosition(sources: MergeSource[], left: number, best: number): number {
  const { position } = sources[best] as MergeSource;
  let remaining = left;
  for (let index = best + 1; index < remaining;) {
    const source = sources[index] as MergeSource;
    if (comparePositions(source.position, position) === 0) {
      source.index += 1;
      if (!source.settle()) {
        remaining = removeSource(sources, remaining, index);
        continue;
      }
    }
    index += 1;
  }
  return remaining;
}

/** Takes a source out without disturbing the order of the others; returns how many are left. */
function removeSource(sources: MergeSource[], left: number, at: number): number {
  const removed = sources[at] as MergeSource;
  for (let index = at; index < left - 1; index += 1) {
    sources[index] = sources[index + 1] as MergeSource;
  }
  sources[left - 1] = removed;
  return left - 1;
}

function hasMore(sources: MergeSource[], left: number): boolean {
  for (let index = 0; index < left; index += 1) {
    const source = sources[index] as MergeSource;
    if (source.index < source.end || source.hasMoreRuns()) return true;
  }
  return false;
}
