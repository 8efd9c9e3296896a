/** Tells a registry that this process answers for a service. */
import type { Instance } from "./instance.ts";

export interface Registration {
  /**
   * Resolves when callers can no longer be sent here, or after the registrar's time limit: first
   * thing in a drain. Calling it again gives the same promise.
   */
  deregister(): Promise<void>;
}

export interface Registrar {
  /** For an operator, such as `consul 127.0.0.1:8500`. */
  readonly name: string;
  /**
   * Resolves once the registry has taken it. A registry that cannot be reached is asked again,
   * with a line in the log, until it can or `signal` ends.
   */
  register(service: string, instance: Instance, signal: AbortSignal): Promise<Registration>;
}
