/**
 * The requests of etcd's HTTP gateway that live configuration needs: range, transactions, watch,
 * compaction, log-in. One member is used until it fails, then the next.
 *
 * Why no client library? `etcd3` for npm (1.1.2, of 2024) brings gRPC, and timers, retries and a
 * breaker of its own that no clock of ours moves; what is needed here is six requests.
 */
import { type Context, type Random, ServiceError } from "@holdfast/core";
import { etcdError, etcdTimedOut, etcdWatchError, LoginNeedless, LoginOver } from "./error.ts";
import {
  encodeText,
  parseJson,
  rangeEndOf,
  type RangeReply,
  readRange,
  readWatchLine,
  record,
  asText,
  type WatchEvent,
  whole,
} from "./gateway-message.ts";
import { completeEtcdOptions, type EtcdOptions } from "./options.ts";
import { createEtcdTransport, type EtcdTransport } from "./transport.ts";

export interface EtcdClientParts {
  readonly random: Random;
  /** Default: Node's own HTTP. */
  readonly connect?: (endpoint: string, tls: EtcdOptions["tls"]) => EtcdTransport;
}

export interface WatchRequest {
  readonly prefix: string;
  /** The first revision whose events are wanted. */
  readonly fromRevision: number;
  readonly onCreated: () => void;
  readonly onEvents: (events: readonly WatchEvent[]) => void;
}

/** How a watch came to an end that nobody asked for. */
export type WatchEnd =
  | { readonly kind: "compacted"; readonly revision: number }
  | { readonly kind: "failed"; readonly error: ServiceError };

/** A condition on a key: that it was last written at this revision; 0: that it is not there. */
export interface Unchanged {
  readonly key: string;
  readonly modRevision: number;
}

export type Write =
  | { readonly kind: "put"; readonly key: string; readonly value: string }
  | { readonly kind: "delete"; readonly key: string };

export interface Written {
  /** False: a condition did not hold, and nothing was written. */
  readonly done: boolean;
  readonly revision: number;
}

export class EtcdClient {
  private readonly options: EtcdOptions;
  private readonly members: readonly Member[];
  private current: number;
  private token = "";
  private loginNeedless = false;

  constructor(parts: EtcdClientParts, options: Partial<EtcdOptions> = {}) {
    this.options = completeEtcdOptions(options);
    const { connect = createEtcdTransport } = parts;
    const { endpoints, tls } = this.options;
    this.members = endpoints.map((endpoint) => ({ endpoint, transport: connect(endpoint, tls) }));
    this.current = parts.random.below(endpoints.length);
  }

  /** The member that is asked now. */
  get endpoint(): string {
    return this.member.endpoint;
  }

  /** From here on the next member is asked. */
  moveOn(): void {
    this.current = (this.current + 1) % this.members.length;
  }

  /** All keys that begin with `prefix`, at one revision, agreed on by most members. */
  async readPrefix(context: Context, prefix: string): Promise<RangeReply> {
    const range = { key: encodeText(prefix), range_end: rangeEndOf(prefix) };
    return readRange(await this.call(context, "/v3/kv/range", range));
  }

  /** How many such keys there are, and the one that was written last: the least that shows news. */
  async readNewest(context: Context, prefix: string): Promise<RangeReply> {
    const range = { key: encodeText(prefix), range_end: rangeEndOf(prefix) };
    const newest = { limit: "1", sort_order: "DESCEND", sort_target: "MOD" };
    return readRange(await this.call(context, "/v3/kv/range", { ...range, ...newest }));
  }

  async readKey(context: Context, key: string): Promise<RangeReply> {
    return readRange(await this.call(context, "/v3/kv/range", { key: encodeText(key) }));
  }

  /** All of the writes, if all of the conditions hold; otherwise none. */
  async write(
    context: Context,
    conditions: readonly Unchanged[],
    writes: readonly Write[],
  ): Promise<Written> {
    const compare = conditions.map(({ key, modRevision }) => {
      const revision = String(modRevision);
      return { key: encodeText(key), target: "MOD", result: "EQUAL", mod_revision: revision };
    });
    const reply = record(
      await this.call(context, "/v3/kv/txn", { compare, success: writes.map(encodeWrite) }),
      "a reply",
    );
    const revision = whole(record(reply["header"], "header")["revision"], "revision");
    return { done: reply["succeeded"] === true, revision };
  }

  /** Forgets what was before `revision`: watches from before it are told so. */
  async compact(context: Context, revision: number): Promise<void> {
    await this.call(context, "/v3/kv/compaction", { revision: String(revision) });
  }

  /** Any other request of the gateway, such as `/v3/auth/user/add`. */
  async call(context: Context, path: string, body: object): Promise<unknown> {
    await this.loginIfNeeded(context);
    try {
      return await this.send(context, path, body);
    } catch (error) {
      if (!(error instanceof LoginOver) || this.options.user === "") throw error;
      await this.login(context);
      return this.send(context, path, body);
    }
  }

  /** Resolves with the end of it; rejects when the context is over, or the log-in fails. */
  async watch(context: Context, request: WatchRequest): Promise<WatchEnd> {
    await this.loginIfNeeded(context);
    const { context: own, cancel } = context.withCancel();
    const ends: WatchEnd[] = [];
    const finish = (how: WatchEnd): void => {
      ends.push(how);
      cancel(new ServiceError("cancelled", "the watch is over"));
    };
    const { endpoint, transport } = this.member;
    const create = {
      key: encodeText(request.prefix),
      range_end: rangeEndOf(request.prefix),
      start_revision: String(request.fromRevision),
    };
    try {
      await transport.lines(
        own,
        {
          path: "/v3/watch",
          headers: this.headers(),
          body: JSON.stringify({ create_request: create }),
          lineMaxBytes: this.options.replyMaxBytes,
        },
        (line) => this.onWatchLine(line, request, finish),
      );
      finish({
        kind: "failed",
        error: new ServiceError("unavailable", `etcd ${endpoint} ended the watch`),
      });
    } catch (error) {
      context.throwIfCancelled();
      finish({ kind: "failed", error: ServiceError.from(error) });
    }
    // What came first is why; the rest is how that ended the stream.
    const end = ends[0]!;
    if (end.kind === "failed") this.forgetLogin(end.error);
    return end;
  }

  close(): void {
    for (const { transport } of this.members) transport.close();
  }

  private get member(): Member {
    return this.members[this.current]!;
  }

  private onWatchLine(line: string, request: WatchRequest, finish: (how: WatchEnd) => void): void {
    const message = readWatchLine(line);
    switch (message.kind) {
      case "created":
        return request.onCreated();
      case "events":
        return request.onEvents(message.events);
      case "compacted":
        return finish(message);
      case "ended":
        return finish({ kind: "failed", error: etcdWatchError(this.endpoint, message.reason) });
    }
  }

  private async send(context: Context, path: string, body: object): Promise<unknown> {
    const { requestTimeoutMs, replyMaxBytes } = this.options;
    const { endpoint, transport } = this.member;
    const within = context.withTimeout(requestTimeoutMs);
    const request = { headers: this.headers(), replyMaxBytes, body: JSON.stringify(body) };
    try {
      const reply = await transport.request(within, { method: "POST", path, ...request });
      if (reply.status !== 200) throw etcdError(endpoint, reply.status, reply.body);
      return parseJson(reply.body);
    } catch (thrown) {
      context.throwIfCancelled();
      if (within.cancelled !== undefined) throw etcdTimedOut(endpoint, requestTimeoutMs);
      const error = ServiceError.from(thrown);
      this.forgetLogin(error);
      throw error;
    }
  }

  private async loginIfNeeded(context: Context): Promise<void> {
    if (this.options.user === "" || this.token !== "" || this.loginNeedless) return;
    await this.login(context);
  }

  private async login(context: Context): Promise<void> {
    const { user, password } = this.options;
    this.token = "";
    const name = { name: user, password: typeof password === "string" ? password : password() };
    try {
      const reply = record(await this.send(context, "/v3/auth/authenticate", name), "a reply");
      this.token = asText(reply["token"]);
      this.loginNeedless = false;
    } catch (error) {
      if (!(error instanceof LoginNeedless)) throw error;
      // Nobody needs to log in yet; etcd says so when that changes.
      this.loginNeedless = true;
    }
  }

  private forgetLogin(error: ServiceError): void {
    if (!(error instanceof LoginOver)) return;
    this.token = "";
    this.loginNeedless = false;
  }

  private headers(): Record<string, string> {
    const type = { "content-type": "application/json" };
    return this.token === "" ? type : { ...type, authorization: this.token };
  }
}

interface Member {
  readonly endpoint: string;
  readonly transport: EtcdTransport;
}

function encodeWrite(write: Write): object {
  const key = encodeText(write.key);
  if (write.kind === "delete") return { request_delete_range: { key } };
  return { request_put: { key, value: encodeText(write.value) } };
}
