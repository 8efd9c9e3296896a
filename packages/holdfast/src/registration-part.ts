/**
 * Announces a service once everything of it has started, and takes that back first thing in a
 * drain. A registry that cannot be reached holds nothing up: it is asked again until it can.
 */
import {
  type Address,
  type DrainResult,
  instanceAt,
  type LifecyclePart,
  type Logger,
  type Registrar,
  type Registration,
} from "@holdfast/core";

export interface RegisterAt {
  readonly registrar: Registrar;
  /** As callers ask for it; default the name in the IDL. */
  readonly service?: string;
  /** 0 to 1,000, default 1. */
  readonly weight?: number;
  /** Where it stands, such as a datacenter; default `""`. */
  readonly zone?: string;
  readonly tags?: readonly string[];
}

export class RegistrationPart implements LifecyclePart {
  readonly name = "registration";
  private readonly at: RegisterAt & { readonly service: string };
  private readonly address: () => Address;
  private readonly logger: Logger;
  private readonly giveUp = new AbortController();
  private registering: Promise<Registration | undefined> = Promise.resolve(undefined);

  constructor(at: RegistrationPart["at"], address: () => Address, logger: Logger) {
    this.at = at;
    this.address = address;
    this.logger = logger;
  }

  ready(): void {
    const { registrar, service, ...rest } = this.at;
    const instance = instanceAt(this.address(), rest);
    this.registering = registrar.register(service, instance, this.giveUp.signal).then(
      (registration) => {
        this.logger.info("registered", { registrar: registrar.name, service, id: instance.id });
        return registration;
      },
      () => undefined,
    );
  }

  async drain(): Promise<DrainResult> {
    this.giveUp.abort();
    const registration = await this.registering;
    await registration?.deregister();
    return { cut: 0 };
  }
}
