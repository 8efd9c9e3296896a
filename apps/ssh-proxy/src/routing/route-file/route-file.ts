/**
 * Routes and pools of backends from one file that is looked at again and again, and that may be
 * replaced in any way: a rename over it, a link turned to another file, an editor. It is taken as a
 * whole or not at all; while it cannot be taken, what was taken last holds, and that is said once
 * in the log and on the ops port.
 */
import {
  after,
  type Clock,
  type Context,
  cutText,
  type FileAccess,
  type Logger,
  ServiceError,
  silentLogger,
  type StateRegistry,
  systemFiles,
} from "holdfast";
import type { BackendPool, BackendPools } from "../backend-pools.ts";
import type { Route, Router, RouteRequest } from "../router.ts";
import { completeRouteFileOptions, type RouteFileOptions } from "./options.ts";
import { type OpenServiceResolver, PoolSet } from "./pool-set.ts";
import { parseRoutes, RouteTable } from "./route-table.ts";

export interface RouteFileParts {
  readonly path: string;
  readonly clock: Clock;
  /** Default: says nothing. */
  readonly logger?: Logger;
  /** Where it shows as kind `routes`; default nowhere. */
  readonly registry?: StateRegistry;
  /** For pools whose hosts a service knows; default: such a file is refused. */
  readonly openResolver?: OpenServiceResolver;
  /** Default: this machine's. */
  readonly files?: FileAccess;
  readonly options?: Partial<RouteFileOptions>;
}

const REASON_MAX_LENGTH = 2_000;

/** Rejects with a ServiceError (`invalid`) when the file cannot be taken as it is now. */
export async function openRouteFile(parts: RouteFileParts): Promise<RouteFile> {
  const file = new RouteFile(parts);
  await file.look();
  const { complaint } = file;
  if (complaint === undefined) return file;
  file.close();
  throw new ServiceError("invalid", `${parts.path}: ${complaint}`);
}

export class RouteFile implements Router, BackendPools {
  private readonly parts: Required<Pick<RouteFileParts, "path" | "clock" | "logger" | "files">>;
  private readonly options: RouteFileOptions;
  private readonly poolSet: PoolSet;
  private readonly unregister: (() => void) | undefined;
  private table: RouteTable = new RouteTable(new Map(), []);
  private text: string | undefined = undefined;
  private takenEpochMs = 0;
  private takenCount = 0;
  private reason: string | undefined = undefined;
  private closed = false;
  private stopTimer: () => void = () => undefined;

  /** Use `openRouteFile`: this one knows nothing yet. */
  constructor(parts: RouteFileParts) {
    const { path, clock, logger = silentLogger, files = systemFiles } = parts;
    this.parts = { path, clock, logger, files };
    this.options = completeRouteFileOptions(parts.options);
    this.poolSet = new PoolSet(clock, parts.openResolver ?? openNone);
    const part = { name: `routes ${path}`, kind: "routes", snapshot: () => this.snapshot() };
    this.unregister = parts.registry?.register(part);
  }

  get pools(): readonly BackendPool[] {
    return this.poolSet.pools;
  }

  /** Why the file as it is now cannot be taken; undefined when it is. */
  get complaint(): string | undefined {
    return this.reason;
  }

  pool(name: string): BackendPool | undefined {
    return this.poolSet.pool(name);
  }

  // oxlint-disable-next-line require-await -- what it throws must reject
  async route(context: Context, request: RouteRequest): Promise<Route> {
    context.throwIfCancelled();
    return this.table.route(request);
  }

  /** Looks at the file now; later ones follow by themselves. Never rejects. */
  async look(): Promise<void> {
    this.stopTimer();
    const { files, path, clock } = this.parts;
    try {
      const text = await files.read(path, this.options.fileMaxBytes);
      if (this.closed) return;
      this.take(text);
    } catch (error) {
      this.complain(reasonOf(error));
    }
    if (this.closed) return;
    this.stopTimer();
    this.stopTimer = after(clock, this.options.lookMs, () => void this.look());
  }

  /** No more looks; what is known stays. */
  close(): void {
    this.closed = true;
    this.stopTimer();
    this.unregister?.();
  }

  /** Cheap, and bounded in size. */
  snapshot(): Record<string, unknown> {
    const { path } = this.parts;
    const { table, takenEpochMs, takenCount, reason = null } = this;
    return {
      ...{ path, routes: table.routes.length, takenEpochMs, takenCount, problem: reason },
      pools: this.pools.slice(0, 100).map(({ name, user, key, hostKeys, resolver }) => {
        return { name, user, key, hostKeys: hostKeys.length, hosts: resolver.name };
      }),
      poolCount: this.pools.length,
    };
  }

  private take(text: string): void {
    if (text !== this.text) {
      const parsed = parseRoutes(text, this.options);
      if (parsed.kind === "bad") {
        this.complain(parsed.reason);
        return;
      }
      // Throws when a resolver cannot be opened; nothing has changed then.
      this.poolSet.update(parsed.table.backends);
      this.table = parsed.table;
      this.text = text;
      this.takenEpochMs = this.parts.clock.epochMs();
      this.takenCount++;
      const { routes, backends } = parsed.table;
      const counts = { routes: routes.length, backends: backends.size };
      this.parts.logger.info("routes taken", { path: this.parts.path, ...counts });
    } else if (this.reason !== undefined) {
      this.parts.logger.info("routes are as they were again", { path: this.parts.path });
    }
    this.reason = undefined;
  }

  private complain(text: string): void {
    const reason = cutText(text, REASON_MAX_LENGTH);
    if (reason === this.reason || this.closed) return;
    this.reason = reason;
    const fields = { path: this.parts.path, reason };
    this.parts.logger.warn("routes cannot be taken; the last ones hold", fields);
  }
}

function openNone(): never {
  throw new ServiceError("invalid", "hosts of a service are not known here; list them");
}

function reasonOf(error: unknown): string {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return "there is no such file";
  return error instanceof Error ? error.message : String(error);
}
