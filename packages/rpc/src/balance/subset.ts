/**
 * A part of a large fleet: of 1,000 callers and 1,000 instances each caller keeps connections to
 * some tens, and yet every instance has as much to do as the others.
 *
 * With a position, as in Finagle's deterministic aperture: the instances stand on a ring in an
 * order that all callers agree on, each with an arc as long as its weight, and caller i of n has
 * the part of the ring that begins at i/n. All parts are a whole number of n-ths long, so that each
 * point of the ring belongs to as many callers as any other. Of the instances at both ends of its
 * part a caller has an arc only, and sends them that much less.
 *
 * Without one, by rendezvous hashing: each caller takes the instances whose hash with its own id is
 * highest. Nobody has to know anybody, but an instance then has as many callers as chance gives it:
 * with k of them on average, ± 2/√k for most, which is ± 45 % for k = 20.
 */
import type { Instance } from "@holdfast/core";
import { hashText, mix } from "./hash.ts";
import type { PeerPosition, PositionSource } from "./subset-position.ts";

export interface SubsetOptions {
  /**
   * Instances that a caller uses at least, when there are so many, 1 or more, default 20. Fewer
   * connections make the loss of one instance a larger part of a caller's calls.
   */
  readonly instancesMin: number;
  /**
   * Tells callers apart where `position` is not known: any text of their own, such as host:pid.
   * Default `""`, which is refused without a `position`: all callers would choose the same.
   */
  readonly callerId: string;
  /** Default none: rendezvous hashing by `callerId`. */
  readonly position: PositionSource | undefined;
}

export const SUBSET_DEFAULTS: SubsetOptions = {
  instancesMin: 20,
  callerId: "",
  position: undefined,
};

export function completeSubsetOptions(input: Partial<SubsetOptions>): SubsetOptions {
  const options = { ...SUBSET_DEFAULTS, ...input };
  const { instancesMin, callerId, position } = options;
  if (!(Number.isInteger(instancesMin) && instancesMin >= 1)) {
    throw new RangeError(`instancesMin is ${instancesMin}; it must be a whole number from 1`);
  }
  if (callerId === "" && position === undefined) {
    throw new RangeError("a subset needs a callerId or a position, or all callers have the same");
  }
  return options;
}

/** Those that a caller uses, with the weights that it uses them with. */
export function subsetOf(
  instances: readonly Instance[],
  { instancesMin, callerId, position }: SubsetOptions,
): readonly Instance[] {
  if (instances.length <= instancesMin) return instances;
  const place = position?.current;
  return place === undefined
    ? highestHashes(instances, instancesMin, callerId)
    : partOfRing(instances, instancesMin, place);
}

function partOfRing(
  instances: readonly Instance[],
  instancesMin: number,
  { index, count }: PeerPosition,
): readonly Instance[] {
  const ring = inRingOrder(instances);
  const length = ring.reduce((sum, { weight }) => sum + weight, 0);
  const parts = Math.min(count, Math.ceil((instancesMin * count) / instances.length));
  const from = (length * index) / count;
  const to = from + (length * parts) / count;
  const used: Instance[] = [];
  let start = 0;
  for (const instance of ring) {
    const end = start + instance.weight;
    // The part may go beyond the end of the ring, and on from its beginning.
    const weight = overlap(start, end, from, to) + overlap(start + length, end + length, from, to);
    if (weight > instance.weight * LEAST_SHARE) used.push({ ...instance, weight });
    start = end;
  }
  return used;
}

/** Less of an instance than this is not worth a connection, and may be an error of rounding. */
const LEAST_SHARE = 1e-6;

function overlap(start: number, end: number, from: number, to: number): number {
  return Math.max(0, Math.min(end, to) - Math.max(start, from));
}

/** By hash, so that neighbours on the ring are no neighbours in a rack. */
function inRingOrder(instances: readonly Instance[]): Instance[] {
  const marked = instances.map((instance) => ({ instance, hash: hashText(instance.id) }));
  return sortByHash(marked).map(({ instance }) => instance);
}

function highestHashes(
  instances: readonly Instance[],
  count: number,
  callerId: string,
): readonly Instance[] {
  const seed = hashText(callerId);
  const marked = instances.map((instance) => ({
    instance,
    hash: mix(hashText(instance.id) ^ seed),
  }));
  return sortByHash(marked)
    .slice(-count)
    .map(({ instance }) => instance);
}

function sortByHash<Marked extends { readonly instance: Instance; readonly hash: number }>(
  marked: Marked[],
): Marked[] {
  return marked.sort(
    (one, two) => one.hash - two.hash || (one.instance.id < two.instance.id ? -1 : 1),
  );
}
