/** Keeps the process running while nothing else does: clocks never do, see `SystemClock`. */

/** Longer than any timer of Node may be; it only has to exist. */
const HOLD_MS = 0x7fff_ffff;

/** Until the returned function is called, the process does not end for lack of work. */
export function keepProcessAlive(): () => void {
  const timer = setInterval(() => undefined, HOLD_MS);
  return () => clearInterval(timer);
}
