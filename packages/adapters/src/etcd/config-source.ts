/**
 * Live configuration from etcd: one reading of the prefix, then every change of it as it happens.
 *
 * A session with a member is: read (once), watch from the revision after it, and ask now and then
 * whether what is known is all there is. The last question is what finds a member that hangs, a
 * role that was taken away (a watch goes on without it) and a watch that went silent. A session
 * that fails leaves what is known, and the next member is tried; it goes on from the revision it
 * had. Only when that has been compacted, or the store is another one, all is read again.
 */
import {
  type Clock,
  type ConfigSnapshot,
  type ConfigSource,
  type ConfigWatch,
  type Context,
  createContext,
  type Logger,
  type Random,
  ServiceError,
  silentLogger,
} from "@holdfast/core";
import { Backoff } from "../backoff.ts";
import { pause } from "../pause.ts";
import { EtcdClient, type EtcdClientParts, type WatchEnd } from "./client.ts";
import { completeEtcdConfigOptions, type EtcdConfigOptions } from "./options.ts";
import { PrefixView } from "./prefix-view.ts";

export interface EtcdConfigSourceParts extends EtcdClientParts {
  readonly clock: Clock;
  readonly random: Random;
  /** Default: says nothing. */
  readonly logger?: Logger;
}

export class EtcdConfigSource implements ConfigSource {
  readonly name: string;
  private readonly parts: EtcdConfigSourceParts;
  private readonly options: EtcdConfigOptions;

  constructor(parts: EtcdConfigSourceParts, options: Partial<EtcdConfigOptions> = {}) {
    this.parts = parts;
    this.options = completeEtcdConfigOptions(options);
    this.name = `etcd ${this.options.endpoints.join(",")}`;
  }

  watch(listener: (snapshot: ConfigSnapshot) => void): ConfigWatch {
    return new EtcdConfigWatch(this.parts, this.options, listener);
  }
}

type SessionEnd = WatchEnd | { readonly kind: "other-store" };

class EtcdConfigWatch implements ConfigWatch {
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly options: EtcdConfigOptions;
  private readonly listener: (snapshot: ConfigSnapshot) => void;
  private readonly client: EtcdClient;
  private readonly backoff: Backoff;
  private readonly cancel: (reason: ServiceError) => void;
  private view: PrefixView | undefined = undefined;
  private entries: ReadonlyMap<string, string> = new Map();
  /** Of the store, when these entries were first known. */
  private revision = "";
  private confirmedMs = 0;
  private stale: string | undefined = undefined;
  private closed = false;

  constructor(
    parts: EtcdConfigSourceParts,
    options: EtcdConfigOptions,
    listener: (snapshot: ConfigSnapshot) => void,
  ) {
    this.clock = parts.clock;
    this.logger = parts.logger ?? silentLogger;
    this.options = options;
    this.listener = listener;
    const random = parts.random.stream("etcd config");
    this.client = new EtcdClient({ ...parts, random }, options);
    const { backoffMinMs: minMs, backoffMaxMs: maxMs } = options;
    this.backoff = new Backoff({ minMs, maxMs }, random);
    const { context, cancel } = createContext({ clock: parts.clock }).withCancel();
    this.cancel = cancel;
    void this.follow(context);
  }

  get current(): ConfigSnapshot | undefined {
    if (this.view === undefined) return undefined;
    const { revision, entries, confirmedMs, stale } = this;
    return { revision, entries, confirmedMs, stale };
  }

  close(): void {
    this.closed = true;
    this.cancel(new ServiceError("cancelled", "the config source was closed"));
    this.client.close();
  }

  private async follow(context: Context): Promise<void> {
    while (!this.closed) {
      try {
        const end = await this.session(context);
        if (end.kind === "failed") throw end.error;
        // What happened meanwhile is lost; what is there now is not.
        this.logger.info("config is read again from etcd", { why: end.kind });
        await this.readAll(context);
      } catch (error) {
        if (this.closed) return;
        this.lose(ServiceError.from(error));
        this.client.moveOn();
        await pause(context, this.backoff.next());
      }
    }
  }

  /** Until the watch ends, or rejects because a check failed. */
  private async session(context: Context): Promise<SessionEnd> {
    if (this.view === undefined) await this.readAll(context);
    const session = context.withCancel();
    const beginning = session.context.withCancel();
    const fromRevision = this.view!.confirmedRevision + 1;
    const state = { created: false, end: undefined as SessionEnd | undefined };
    const finish = (end: SessionEnd): void => {
      state.end ??= end;
      session.cancel(new ServiceError("cancelled", "the session is over"));
    };
    this.client
      .watch(session.context, {
        prefix: this.options.prefix,
        fromRevision,
        onCreated: () => {
          state.created = true;
          beginning.cancel(new ServiceError("cancelled", "the watch has begun"));
        },
        onEvents: (events) => {
          if (this.view?.apply(events) === true) this.tellNews();
        },
      })
      .then(finish, (thrown: unknown) => {
        finish({ kind: "failed", error: ServiceError.from(thrown) });
      });
    try {
      await pause(beginning.context, this.options.requestTimeoutMs);
      if (!state.created) finish({ kind: "failed", error: this.lateWatch() });
      while (state.end === undefined) {
        await this.check(session.context);
        this.backoff.reset();
        // Restored from a backup, or another store: the watch waits for what is long to come.
        if (this.view!.confirmedRevision + 1 < fromRevision) finish({ kind: "other-store" });
        await pause(session.context, this.options.checkMs);
      }
    } catch (error) {
      finish({ kind: "failed", error: ServiceError.from(error) });
    }
    return state.end!;
  }

  private async check(context: Context): Promise<void> {
    const newest = await this.client.readNewest(context, this.options.prefix);
    // What differs may be on its way here already, or lost: a reading says which, and is the same.
    if (this.view?.confirms(newest) !== true) await this.readAll(context);
    else this.confirm();
  }

  private async readAll(context: Context): Promise<void> {
    const { prefix } = this.options;
    const reply = await this.client.readPrefix(context, prefix);
    const view = this.view ?? new PrefixView(prefix);
    this.view = view;
    if (view.replace(reply)) this.tellNews();
    else this.confirm();
  }

  private tellNews(): void {
    this.entries = this.view!.entries();
    this.revision = String(this.view!.revision);
    this.confirmedMs = this.clock.nowMs();
    this.stale = undefined;
    this.tell();
  }

  private confirm(): void {
    this.confirmedMs = this.clock.nowMs();
    if (this.stale === undefined) return;
    this.stale = undefined;
    this.tell();
  }

  private lose(error: ServiceError): void {
    const { message } = error;
    const first = this.stale === undefined;
    // Each member in turn has its own words for it; what is told once is enough.
    this.stale = message;
    if (!first) return;
    if (this.view === undefined) this.logger.warn("etcd has not answered yet", { reason: message });
    else this.tell();
  }

  private tell(): void {
    const { current } = this;
    if (current !== undefined && !this.closed) this.listener(current);
  }

  private lateWatch(): ServiceError {
    const { requestTimeoutMs } = this.options;
    const late = `did not begin a watch within ${requestTimeoutMs} ms`;
    return new ServiceError("unavailable", `etcd ${this.client.endpoint} ${late}`);
  }
}
