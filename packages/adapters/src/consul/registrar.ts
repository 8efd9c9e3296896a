/** Discovery on Consul, the announcing side: tells the agent that this process answers. */
import {
  type Instance,
  type Registrar,
  type Registration,
  type Runtime,
  ServiceError,
} from "@holdfast/core";
import { ConsulAgents, type OpenTransport } from "./agent.ts";
import { describeConnection } from "./connection-options.ts";
import { KeptRegistration } from "./kept-registration.ts";
import {
  completeConsulRegistrarOptions,
  type ConsulRegistrarOptions,
} from "./registrar-options.ts";
import { registrationBody } from "./registration-body.ts";
import { nodeTransport } from "./node-transport.ts";

export interface CreateConsulRegistrar {
  readonly runtime: Pick<Runtime, "clock" | "logger" | "random">;
  readonly options?: Partial<ConsulRegistrarOptions>;
  /** Default: Node's HTTP client, HTTPS where the options have `tls`. */
  readonly openTransport?: OpenTransport;
}

export class ConsulRegistrar implements Registrar {
  readonly name: string;
  private readonly runtime: CreateConsulRegistrar["runtime"];
  private readonly options: ConsulRegistrarOptions;
  private readonly agents: ConsulAgents;
  private readonly kept = new Set<KeptRegistration>();

  constructor({ runtime, options = {}, openTransport }: CreateConsulRegistrar) {
    this.runtime = runtime;
    this.options = completeConsulRegistrarOptions(options);
    this.agents = new ConsulAgents(this.options, openTransport ?? nodeTransport(this.options));
    this.name = `consul ${this.agents.addresses}`;
  }

  /**
   * Throws a RangeError for an instance that Consul cannot hold. Two processes that answer at one
   * address need ids of their own: the first to leave would take the other's registration along.
   */
  async register(service: string, instance: Instance, signal: AbortSignal): Promise<Registration> {
    const { clock, logger, random } = this.runtime;
    const { agents, options } = this;
    const body = registrationBody(service, instance, options);
    if (signal.aborted) throw reasonOf(signal);
    const kept = new KeptRegistration({
      service,
      instance,
      body,
      agents,
      clock,
      random: random.stream(`consul ${service} ${instance.id}`),
      logger,
      options,
    });
    // Given up: it may have arrived all the same, so it is taken back.
    const giveUp = (): void => void this.release(kept);
    signal.addEventListener("abort", giveUp, { once: true });
    this.kept.add(kept);
    kept.start();
    try {
      await kept.made;
    } catch (error) {
      throw signal.aborted ? reasonOf(signal) : error;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
    if (signal.aborted) throw reasonOf(signal);
    return { deregister: () => this.release(kept) };
  }

  /** Takes every registration back and closes the connections. */
  async close(): Promise<void> {
    await Promise.all([...this.kept].map((kept) => this.release(kept)));
    this.agents.close();
  }

  /** For an operator: the options in effect without secrets, and each registration. */
  snapshot(): object {
    const registrations = [...this.kept].map((kept) => kept.snapshot());
    return { options: describeConnection(this.options), registrations };
  }

  private release(kept: KeptRegistration): Promise<void> {
    const released = kept.deregister();
    void released.then(() => this.kept.delete(kept));
    return released;
  }
}

function reasonOf(signal: AbortSignal): ServiceError {
  return ServiceError.from(signal.reason);
}
