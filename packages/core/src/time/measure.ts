/** A stopwatch for the `*.bench.ts` files: how long one turn of a loop takes. */

const ROUNDS = 7;

/**
 * Nanoseconds per turn, the best of seven rounds: what disturbs a measurement only adds to it.
 * `body` runs `count` turns itself, so that no call is measured with it.
 */
export function nanosPerTurn(count: number, body: (count: number) => void): number {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = performance.now();
    body(count);
    best = Math.min(best, ((performance.now() - startMs) / count) * 1e6);
  }
  return best;
}

/** The same for work that ends later. */
export async function nanosPerTurnAsync(
  count: number,
  body: (count: number) => Promise<void>,
): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = performance.now();
    await body(count);
    best = Math.min(best, ((performance.now() - startMs) / count) * 1e6);
  }
  return best;
}
