/** A list that stands in the program, or that a test changes by hand. */
import { type Address, formatAddress } from "../network/network.ts";
import type { Clock } from "../time/clock.ts";
import type { Instance } from "./instance.ts";
import type { Resolution, Resolver, ResolverWatch } from "./resolver.ts";

export class StaticResolver implements Resolver {
  readonly name = "static list";
  private readonly clock: Clock;
  private readonly services = new Map<string, readonly Instance[]>();
  private readonly watchers = new Set<Watcher>();
  private stale: string | undefined = undefined;
  private confirmedMs: number;

  /** Each service with its instances; a service that is not named has no list yet. */
  constructor(clock: Clock, services: Readonly<Record<string, readonly Instance[]>> = {}) {
    this.clock = clock;
    this.confirmedMs = clock.nowMs();
    for (const [service, instances] of Object.entries(services)) {
      this.services.set(service, instances);
    }
  }

  /** The list from now on. */
  set(service: string, instances: readonly Instance[]): void {
    this.services.set(service, instances);
    this.setStale(undefined);
  }

  /** As if the source were lost, with the reason, or found again. */
  setStale(stale: string | undefined): void {
    this.stale = stale;
    if (stale === undefined) this.confirmedMs = this.clock.nowMs();
    for (const watcher of this.watchers) this.tell(watcher);
  }

  watch(service: string, listener: (resolution: Resolution) => void): ResolverWatch {
    const watcher = new Watcher(service, listener, () => this.watchers.delete(watcher));
    this.watchers.add(watcher);
    this.tell(watcher);
    return watcher;
  }

  private tell(watcher: Watcher): void {
    const instances = this.services.get(watcher.service);
    const { confirmedMs, stale } = this;
    if (instances !== undefined) watcher.tell({ instances, confirmedMs, stale });
  }
}

class Watcher implements ResolverWatch {
  readonly service: string;
  current: Resolution | undefined = undefined;
  readonly close: () => void;
  private readonly listener: (resolution: Resolution) => void;

  constructor(service: string, listener: (resolution: Resolution) => void, close: () => void) {
    this.service = service;
    this.listener = listener;
    this.close = close;
  }

  tell(resolution: Resolution): void {
    this.current = resolution;
    this.listener(resolution);
  }
}

/** An instance of which only the address matters. */
export function instanceAt(address: Address, more: Partial<Instance> = {}): Instance {
  return { id: formatAddress(address), address, weight: 1, zone: "", tags: [], ...more };
}
