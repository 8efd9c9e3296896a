/** Our two sides of a real Consul, for the length of a test. */
import { type Instance, MemoryLogger, SystemClock, systemRandom } from "@holdfast/core";
import {
  ConsulRegistrar,
  type ConsulRegistrarOptions,
  ConsulResolver,
  type ConsulResolverOptions,
} from "@holdfast/adapters/consul";

/** Quick enough for a test; a TTL that a loaded machine keeps all the same. */
const TTL_MS = 3_000;

export class ConsulSides implements AsyncDisposable {
  readonly logger = new MemoryLogger();
  private readonly runtime = {
    clock: new SystemClock(),
    random: systemRandom(),
    logger: this.logger,
  };
  private readonly resolvers: ConsulResolver[] = [];
  private readonly registrars: ConsulRegistrar[] = [];

  resolver(
    addresses: readonly string[],
    more: Partial<ConsulResolverOptions> = {},
  ): ConsulResolver {
    const options = {
      addresses,
      waitMs: 2_000,
      requestTimeoutMs: 2_000,
      backoffMaxMs: 500,
      doubtMs: 5_000,
      ...more,
    };
    const resolver = new ConsulResolver({ runtime: this.runtime, options });
    this.resolvers.push(resolver);
    return resolver;
  }

  registrar(
    addresses: readonly string[],
    more: Partial<ConsulRegistrarOptions> = {},
  ): ConsulRegistrar {
    const options = {
      addresses,
      check: { kind: "ttl", ttlMs: TTL_MS } as const,
      requestTimeoutMs: 2_000,
      backoffMaxMs: 500,
      ...more,
    };
    const registrar = new ConsulRegistrar({ runtime: this.runtime, options });
    this.registrars.push(registrar);
    return registrar;
  }

  /** Messages of the log, in order. */
  get said(): string[] {
    return this.logger.lines.map(({ message }) => message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const resolver of this.resolvers) resolver.close();
    await Promise.all(this.registrars.map((registrar) => registrar.close()));
  }
}

/** An instance on a port that nobody calls here. */
export function instance(id: string, port: number, more: Partial<Instance> = {}): Instance {
  const address = { kind: "tcp", host: "127.0.0.1", port } as const;
  return { id, address, weight: 1, zone: "", tags: [], ...more };
}

export function never(): AbortSignal {
  return new AbortController().signal;
}
