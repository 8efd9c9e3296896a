/**
 * A resolver that knows one service only, whatever it is asked for: a pool of backends has a name
 * of its own, and its hosts may be known by another one.
 */
import type { Resolution, Resolver, ResolverWatch } from "holdfast";

export class NamedServiceResolver implements Resolver {
  readonly name: string;
  private readonly inner: Resolver;
  private readonly service: string;

  constructor(inner: Resolver, service: string) {
    this.inner = inner;
    this.service = service;
    this.name = `${inner.name}, service ${service}`;
  }

  watch(_service: string, listener: (resolution: Resolution) => void): ResolverWatch {
    return this.inner.watch(this.service, listener);
  }
}
