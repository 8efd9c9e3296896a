/** Limits and times of a file of routes. */

export interface RouteFileOptions {
  /**
   * From one look at the file to the next, in ms, 10 to 3,600,000, default 1,000. Shorter takes a
   * change sooner; longer reads less.
   */
  readonly lookMs: number;
  /** A larger file is not taken, in bytes, 1 KiB to 64 MiB, default 4 MiB. */
  readonly fileMaxBytes: number;
  /**
   * Routes, 1 to 1,000,000, default 10,000. They are tried one after the other for each command, so
   * that more of them cost time; where there are many, a service that is asked knows them better.
   */
  readonly routesMax: number;
  /** Pools of backends, 1 to 10,000, default 1,000. Each host of each is looked at by itself. */
  readonly backendsMax: number;
  /** Hosts that stand in one pool's list, 1 to 10,000, default 256. */
  readonly hostsMax: number;
}

export const ROUTE_FILE_DEFAULTS: RouteFileOptions = {
  lookMs: 1_000,
  fileMaxBytes: 4 * 1024 * 1024,
  routesMax: 10_000,
  backendsMax: 1_000,
  hostsMax: 256,
};

const RANGES: Readonly<Record<keyof RouteFileOptions, readonly [min: number, max: number]>> = {
  lookMs: [10, 3_600_000],
  fileMaxBytes: [1_024, 64 * 1024 * 1024],
  routesMax: [1, 1_000_000],
  backendsMax: [1, 10_000],
  hostsMax: [1, 10_000],
};

/** Throws a RangeError that says what is out of range. */
export function completeRouteFileOptions(input: Partial<RouteFileOptions> = {}): RouteFileOptions {
  const options = { ...ROUTE_FILE_DEFAULTS, ...input };
  for (const name of Object.keys(RANGES) as (keyof RouteFileOptions)[]) {
    const [min, max] = RANGES[name];
    if (options[name] >= min && options[name] <= max) continue;
    throw new RangeError(`${name} is ${options[name]}; it must be from ${min} to ${max}`);
  }
  return options;
}
