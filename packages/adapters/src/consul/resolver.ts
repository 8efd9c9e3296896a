/**
 * Discovery on Consul, the asking side: one blocking question at a time for each service that
 * somebody watches, shared by all who watch it.
 */
import type { Resolution, Resolver, ResolverWatch, Runtime } from "@holdfast/core";
import { ConsulAgents, type OpenTransport } from "./agent.ts";
import { describeConnection } from "./connection-options.ts";
import { nodeTransport } from "./node-transport.ts";
import { completeConsulResolverOptions, type ConsulResolverOptions } from "./resolver-options.ts";
import { ServiceWatch } from "./service-watch.ts";

export interface CreateConsulResolver {
  readonly runtime: Pick<Runtime, "clock" | "logger" | "random">;
  readonly options?: Partial<ConsulResolverOptions>;
  /** Default: Node's HTTP client, HTTPS where the options have `tls`. */
  readonly openTransport?: OpenTransport;
}

type Listener = (resolution: Resolution) => void;

/** One service that is watched, and by whom. */
interface Followed {
  readonly watch: ServiceWatch;
  readonly watchers: Set<Watcher>;
}

export class ConsulResolver implements Resolver {
  readonly name: string;
  private readonly runtime: CreateConsulResolver["runtime"];
  private readonly options: ConsulResolverOptions;
  private readonly agents: ConsulAgents;
  private readonly followed = new Map<string, Followed>();

  constructor({ runtime, options = {}, openTransport }: CreateConsulResolver) {
    this.runtime = runtime;
    this.options = completeConsulResolverOptions(options);
    this.agents = new ConsulAgents(this.options, openTransport ?? nodeTransport(this.options));
    this.name = `consul ${this.agents.addresses}`;
  }

  watch(service: string, listener: Listener): ResolverWatch {
    const followed = this.followed.get(service) ?? this.follow(service);
    const watcher = new Watcher(followed.watch, listener, () => {
      followed.watchers.delete(watcher);
      if (followed.watchers.size === 0) this.unfollow(service, followed);
    });
    followed.watchers.add(watcher);
    // One that comes later hears what is known, but not before it has the watch in its hands.
    if (watcher.current !== undefined) {
      queueMicrotask(() => {
        if (watcher.current !== undefined && !watcher.hasHeard) this.tell(watcher, watcher.current);
      });
    }
    return watcher;
  }

  /** Stops every watch and closes the connections. */
  close(): void {
    for (const [service, followed] of this.followed) {
      for (const watcher of followed.watchers) watcher.close();
      this.unfollow(service, followed);
    }
    this.agents.close();
  }

  /** For an operator: the options in effect without secrets, and each service that is watched. */
  snapshot(): object {
    const services = [...this.followed.values()].map(({ watch, watchers }) => ({
      ...watch.snapshot(),
      watchers: watchers.size,
    }));
    return { agent: this.agents.current.name, options: describeConnection(this.options), services };
  }

  private follow(service: string): Followed {
    const { clock, logger, random } = this.runtime;
    const watchers = new Set<Watcher>();
    const watch = new ServiceWatch({
      service,
      agents: this.agents,
      clock,
      random: random.stream(`consul ${service}`),
      logger,
      options: this.options,
      onChange: (resolution) => {
        for (const watcher of watchers) this.tell(watcher, resolution);
      },
    });
    const followed = { watch, watchers };
    this.followed.set(service, followed);
    void watch.run();
    return followed;
  }

  private unfollow(service: string, followed: Followed): void {
    followed.watch.close();
    // Somebody may have begun to watch it again meanwhile.
    if (this.followed.get(service) === followed) this.followed.delete(service);
  }

  /** A listener that throws must not keep the others from hearing. */
  private tell(watcher: Watcher, resolution: Resolution): void {
    try {
      watcher.tell(resolution);
    } catch (error) {
      this.runtime.logger.error("a listener of a resolver failed", { resolver: this.name, error });
    }
  }
}

class Watcher implements ResolverWatch {
  private readonly source: ServiceWatch;
  private readonly listener: Listener;
  private readonly onClose: () => void;
  private closed = false;
  hasHeard = false;

  constructor(source: ServiceWatch, listener: Listener, onClose: () => void) {
    this.source = source;
    this.listener = listener;
    this.onClose = onClose;
  }

  get current(): Resolution | undefined {
    return this.source.current;
  }

  tell(resolution: Resolution): void {
    if (this.closed) return;
    this.hasHeard = true;
    this.listener(resolution);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.onClose();
  }
}
