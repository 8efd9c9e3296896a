/**
 * Which instances are left out because they fail: at most a share of them, those first that have
 * failed longest. Sending to one that fails now and then is better than sending everything to the
 * last one that works, and when all fail it is most likely not their fault.
 */

export interface Ejectable {
  /** Since when it fails, on the clock's `nowMs()` scale; Infinity while it does not. */
  readonly badSinceMs: number;
  /** Whether it is left out; set here. */
  ejected: boolean;
}

/** Those that are used. */
export function eject<Each extends Ejectable>(all: readonly Each[], maxRatio: number): Each[] {
  for (const each of all) each.ejected = false;
  const bad = all.filter(({ badSinceMs }) => badSinceMs !== Infinity);
  if (bad.length === 0 || bad.length === all.length) return [...all];
  const count = Math.min(bad.length, all.length - 1, Math.floor(all.length * maxRatio));
  bad.sort((one, two) => one.badSinceMs - two.badSinceMs);
  for (const each of bad.slice(0, count)) each.ejected = true;
  return all.filter(({ ejected }) => !ejected);
}
