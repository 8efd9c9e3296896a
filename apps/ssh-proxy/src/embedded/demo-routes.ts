/** Where the demo's repositories are: below one folder, on the embedded backend, for everybody. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Clock, type Context, instanceAt, parseAddress, StaticResolver } from "holdfast";
import type { BackendPool, BackendPools } from "../routing/backend-pools.ts";
import type { Route, Router, RouteRequest } from "../routing/router.ts";
import { noSuchRepository } from "../routing/refused-route.ts";
import type { PublicKey } from "../ssh/keys/public-key.ts";

const POOL = "embedded";

export class DemoRoutes implements Router, BackendPools {
  private readonly repositories: string;
  private readonly clock: Clock;
  private readonly hostKey: PublicKey;
  private found: BackendPool | undefined = undefined;

  constructor(repositories: string, hostKey: PublicKey, clock: Clock) {
    this.repositories = repositories;
    this.hostKey = hostKey;
    this.clock = clock;
  }

  get pools(): readonly BackendPool[] {
    return this.found === undefined ? [] : [this.found];
  }

  /** The embedded backend has started, at `address`. */
  startedAt(address: string): void {
    const instances = [instanceAt(parseAddress(address)!)];
    this.found = {
      name: POOL,
      resolver: new StaticResolver(this.clock, { [POOL]: instances }),
      user: "git",
      hostKeys: [this.hostKey.fingerprint],
      key: "proxy",
    };
  }

  pool(name: string): BackendPool | undefined {
    return name === POOL ? this.found : undefined;
  }

  // oxlint-disable-next-line require-await -- what it throws must reject
  async route(_context: Context, { repository }: RouteRequest): Promise<Route> {
    const there = ["HEAD", ".hg"].some((each) =>
      existsSync(join(this.repositories, repository, each)),
    );
    if (there) return { backend: POOL, path: `/${repository}` };
    throw noSuchRepository();
  }
}
