// The work that every row guards: as small as an async function can be, so that what a row adds is
// what it costs.

export async function bare(value: number): Promise<number> {
  return value;
}

export async function fail(_value: number): Promise<number> {
  throw new Error("no luck");
}

/** Enough to open any of the breakers: all need at least 20 calls and half of them failed. */
export const OPENING_CALLS = 400;
/** As long as any breaker here looks back. */
export const WINDOW_MS = 10_000;
/** The time limit of the rows that have one; no call comes near. */
export const TIMEOUT_MS = 1_000;
