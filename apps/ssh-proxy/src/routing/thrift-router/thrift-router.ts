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
import { AnswerMemory } from "../../answer-memory.ts";
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

type Refusal = "none" | "read-only";

export function createThriftRouter(input: CreateThriftRouter): ThriftRouter {
  return new ThriftRouter(input);
}

export class ThriftRouter implements Router {
  readonly options: ThriftRouterOptions;
  private readonly client: ClientHandle<SshRoutesClient>;
  private readonly found: AnswerMemory<Route>;
  /** By themselves: who asks for what there is not pushes out no route. */
  private readonly refused: AnswerMemory<Refusal>;
  private readonly logger: Logger;
  private readonly unregister: (() => void) | undefined;
  private hits = 0;
  private misses = 0;

  constructor({ runtime, at, observers, breakers, config, options }: CreateThriftRouter) {
    this.options = completeThriftRouterOptions(options);
    this.logger = runtime.logger;
    const { callTimeoutMs, tryTimeoutMs, keptMax } = this.options;
    this.found = new AnswerMemory(runtime.clock, keptMax);
    this.refused = new AnswerMemory(runtime.clock, keptMax);
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
    const { foundTtlMs, noneTtlMs } = this.options;
    let answer = this.found.get(key, foundTtlMs) ?? this.refused.get(key, noneTtlMs);
    if (answer === undefined) {
      this.misses++;
      answer = await this.ask(context, request);
      if (typeof answer === "string") this.refused.put(key, answer);
      else this.found.put(key, answer);
    } else {
      this.hits++;
    }
    if (answer === "none") throw noSuchRepository();
    if (answer === "read-only") throw readOnly(request.verb);
    return answer;
  }

  /** Forgets what was said, for an operator who has moved something. */
  forget(): void {
    this.found.clear();
    this.refused.clear();
  }

  /** Closes the client: questions that wait fail. */
  close(): void {
    this.unregister?.();
    this.client.close();
    this.forget();
  }

  snapshot(): Record<string, unknown> {
    const { hits, misses, found, refused, options } = this;
    return { kept: found.size, keptNone: refused.size, hits, misses, ...options };
  }

  private async ask(context: Context, request: RouteRequest): Promise<Route | Refusal> {
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
