/**
 * Routes from a service that is asked (idl/routes.thrift): with a deadline, retries, a breaker, and
 * a short memory for what it said. What it says is checked before it is believed. A service that
 * cannot be asked never means "no such repository": the user is told to try again.
 */
import {
  type AtAddress,
  type AtInstances,
  type BreakerTable,
  type ClientHandle,
  type Context,
  createClient,
  type LiveConfig,
  type Logger,
  type Observers,
  type Runtime,
  ServiceError,
} from "holdfast";
import {
  NeededAccess,
  NoSuchRepository,
  ReadOnlyRepository,
  SshRoutes,
  type SshRoutesClient,
} from "../../gen/routes.ts";
import { complaintAboutBackendPath } from "../backend-path.ts";
import { noSuchRepository, readOnly } from "../refused-route.ts";
import type { Route, Router, RouteRequest } from "../router.ts";
import { completeThriftRouterOptions, type ThriftRouterOptions } from "./options.ts";
import { RouteCache } from "./route-cache.ts";

export interface CreateThriftRouter {
  readonly runtime: Runtime;
  /** Where it answers: one address, or what a resolver knows. */
  readonly at: AtAddress | AtInstances;
  /** Where calls and the cache show; default nowhere. */
  readonly observers?: Observers;
  /** Where its breaker shows; default one of its own. */
  readonly breakers?: BreakerTable;
  /** What of its policies may change while it runs; default nothing. */
  readonly config?: Pick<LiveConfig, "options">;
  readonly options?: Partial<ThriftRouterOptions>;
}

type Answer = Route | "none" | "read-only";

export function createThriftRouter(input: CreateThriftRouter): ThriftRouter {
  return new ThriftRouter(input);
}

export class ThriftRouter implements Router {
  readonly options: ThriftRouterOptions;
  private readonly client: ClientHandle<SshRoutesClient>;
  private readonly cache: RouteCache<Answer>;
  private readonly logger: Logger;
  private readonly unregister: (() => void) | undefined;
  private hits = 0;
  private misses = 0;

  constructor({ runtime, at, observers, breakers, config, options }: CreateThriftRouter) {
    this.options = completeThriftRouterOptions(options);
    this.logger = runtime.logger;
    this.cache = new RouteCache(runtime.clock, this.options.keptMax);
    const { callTimeoutMs, tryTimeoutMs } = this.options;
    this.client = createClient({
      ...{ definition: SshRoutes, runtime },
      ...at,
      options: { name: "ssh-proxy", callTimeoutMs },
      policies: { retry: { tryTimeoutMs } },
      ...(observers !== undefined && { observers }),
      ...(breakers !== undefined && { breakers }),
      ...(config !== undefined && { config }),
    });
    const part = { name: "routes of a service", kind: "routes", snapshot: () => this.snapshot() };
    this.unregister = observers?.state.register(part);
  }

  async route(context: Context, request: RouteRequest): Promise<Route> {
    context.throwIfCancelled();
    const key = keyOf(request);
    const kept = this.cache.get(key);
    if (kept === undefined) this.misses++;
    else this.hits++;
    const answer = kept ?? (await this.ask(context, request));
    if (kept === undefined) this.cache.put(key, answer, this.ttlOf(answer));
    if (answer === "none") throw noSuchRepository();
    if (answer === "read-only") throw readOnly(request.verb);
    return answer;
  }

  /** Forgets what was said, for an operator who has moved something. */
  forget(): void {
    this.cache.clear();
  }

  /** Closes the client: questions that wait fail. */
  close(): void {
    this.unregister?.();
    this.client.close();
    this.cache.clear();
  }

  snapshot(): Record<string, unknown> {
    const { hits, misses, cache, options } = this;
    return { kept: cache.size, hits, misses, ...options };
  }

  private ttlOf(answer: Answer): number {
    return typeof answer === "string" ? this.options.noneTtlMs : this.options.foundTtlMs;
  }

  private async ask(context: Context, request: RouteRequest): Promise<Answer> {
    const { identity, verb, access, repository } = request;
    const { account, name, fingerprint } = identity;
    const question = {
      ...{ account, name, fingerprint, verb, repository },
      access: access === "write" ? NeededAccess.WRITE : NeededAccess.READ,
    };
    const limited = context.withTimeout(this.options.callTimeoutMs);
    try {
      const { backend, path } = await this.client.calls.findRoute(limited, question);
      return this.checked({ backend, path }, request);
    } catch (error) {
      if (error instanceof NoSuchRepository) return "none";
      if (error instanceof ReadOnlyRepository) return "read-only";
      throw tryAgain(error);
    }
  }

  private checked(route: Route, { identity, repository }: RouteRequest): Route {
    const complaint = complaintAboutBackendPath(route.path);
    if (complaint === undefined) return route;
    const fields = { account: identity.account, repository, path: route.path, complaint };
    this.logger.error("a route that cannot be used", fields);
    throw new ServiceError("internal", `the route's path ${complaint}`);
  }
}

/** All that the answer may depend on. */
function keyOf({ identity, verb, access, repository }: RouteRequest): string {
  const { account, name, fingerprint } = identity;
  return JSON.stringify([account, name, fingerprint, verb, access, repository]);
}

/**
 * A service without the method, or one that takes the question for nonsense, says `not-found` as
 * well, and must not be taken for one that knows of no such repository.
 */
function tryAgain(error: unknown): ServiceError {
  const failure = ServiceError.from(error);
  if (failure.code !== "not-found") return failure;
  return new ServiceError("internal", `routes: ${failure.message}`, { cause: error });
}
