/**
 * etcd for tests, in memory and without sockets: keys with revisions, watches, compaction, users;
 * and a member that can be made to fail, to hang, or to be another store.
 */
import { type Context, ServiceError } from "@holdfast/core";
import type { HttpReply, HttpRequest } from "../../http/http-transport.ts";
import type { EtcdTransport, LinesRequest } from "../transport.ts";

interface Stored {
  readonly key: string;
  readonly value: string;
  readonly modRevision: number;
}

interface Event {
  readonly type: "PUT" | "DELETE";
  readonly kv: Stored;
}

interface OpenWatch {
  readonly begin: string;
  readonly end: string;
  readonly onLine: (line: string) => void;
  readonly over: (error: ServiceError | undefined) => void;
}

export class ScriptedEtcd {
  clusterId = "1";
  revision = 1;
  /** What log-in is needed: user and password. */
  readonly users = new Map<string, string>();
  /** Users that may not read. */
  readonly denied = new Set<string>();
  authenticates = false;
  /** By endpoint: what it does instead of answering. */
  readonly trouble = new Map<string, "refuses" | "hangs">();
  /** The paths that were asked for, with the endpoint. */
  readonly asked: string[] = [];
  /** Watches take changes and say nothing of them. */
  silent = false;
  private readonly keys = new Map<string, Stored>();
  private readonly history: Event[] = [];
  private readonly watches = new Set<OpenWatch>();
  private readonly tokens = new Map<string, string>();
  private compacted = 0;

  put(key: string, value: string): void {
    const kv = { key, value, modRevision: ++this.revision };
    this.keys.set(key, kv);
    this.happened({ type: "PUT", kv });
  }

  delete(key: string): void {
    if (!this.keys.delete(key)) return;
    this.happened({ type: "DELETE", kv: { key, value: "", modRevision: ++this.revision } });
  }

  compact(): void {
    this.compacted = this.revision;
    this.history.length = 0;
  }

  forgetTokens(): void {
    this.tokens.clear();
  }

  /** Another store at the same address: what was written here is gone. */
  exchange(clusterId: string): void {
    this.clusterId = clusterId;
    this.keys.clear();
    this.history.length = 0;
    this.revision = 1;
    this.compacted = 0;
    this.cutWatches();
  }

  cutWatches(): void {
    for (const { over } of [...this.watches]) {
      over(new ServiceError("unavailable", "the connection was reset"));
    }
  }

  get watchCount(): number {
    return this.watches.size;
  }

  readonly connect = (endpoint: string): EtcdTransport => ({
    name: endpoint,
    request: (context, request) => this.request(endpoint, context, request),
    lines: (context, request, onLine) => this.lines(endpoint, context, request, onLine),
    // Whoever closes has ended its requests.
    close: () => undefined,
  });

  private async request(
    endpoint: string,
    context: Context,
    request: HttpRequest,
  ): Promise<HttpReply> {
    this.asked.push(`${endpoint} ${request.path}`);
    await this.pass(endpoint, context);
    const body = JSON.parse(request.body ?? "") as Record<string, string>;
    if (request.path === "/v3/auth/authenticate") return this.login(body);
    const refusal = this.refusalOf(request.headers["authorization"]);
    if (refusal !== undefined) return refusal;
    if (request.path === "/v3/kv/range") return ok(this.range(body));
    return refused(404, 12, "not scripted");
  }

  private lines(
    endpoint: string,
    context: Context,
    request: LinesRequest,
    onLine: (line: string) => void,
  ): Promise<void> {
    this.asked.push(`${endpoint} ${request.path}`);
    return new Promise((resolve, reject) => {
      let watch: OpenWatch | undefined = undefined;
      const over = (error: ServiceError | undefined): void => {
        if (watch !== undefined) this.watches.delete(watch);
        unlisten();
        if (error === undefined) resolve();
        else reject(error);
      };
      const unlisten = context.onCancel(over);
      const trouble = this.trouble.get(endpoint);
      if (trouble === "refuses") return over(new ServiceError("unavailable", "ECONNREFUSED"));
      if (trouble === "hangs") return undefined;
      const { create_request: create } = JSON.parse(request.body) as {
        create_request: { key: string; range_end: string; start_revision: string };
      };
      const open = { begin: decode(create.key), end: decode(create.range_end), onLine, over };
      watch = open;
      return this.begin(open, Number(create.start_revision), request.headers["authorization"]);
    });
  }

  private begin(watch: OpenWatch, from: number, token: string | undefined): void {
    const refusal = this.refusalOf(token);
    if (refusal !== undefined) {
      const { message } = JSON.parse(refusal.body) as { message: string };
      const result = { created: true, canceled: true, watch_id: "-1", cancel_reason: message };
      watch.onLine(JSON.stringify({ result }));
      return;
    }
    watch.onLine(JSON.stringify({ result: { created: true } }));
    if (from <= this.compacted) {
      const result = { canceled: true, compact_revision: String(this.compacted) };
      watch.onLine(JSON.stringify({ result }));
      return;
    }
    this.watches.add(watch);
    const missed = this.history.filter(({ kv }) => kv.modRevision >= from);
    for (const event of missed) this.tell(watch, event);
  }

  private happened(event: Event): void {
    this.history.push(event);
    for (const watch of this.watches) this.tell(watch, event);
  }

  private tell({ begin, end, onLine }: OpenWatch, { type, kv }: Event): void {
    if (this.silent || kv.key < begin || kv.key >= end) return;
    const event = { ...(type === "DELETE" && { type }), kv: encodeStored(kv) };
    const header = { revision: String(this.revision) };
    onLine(JSON.stringify({ result: { header, events: [event] } }));
  }

  private range(body: Record<string, string>): object {
    const [begin, end] = [decode(body["key"]!), decode(body["range_end"] ?? "")];
    const found = [...this.keys.values()].filter(({ key }) => {
      return end === "" ? key === begin : key >= begin && key < end;
    });
    if (body["sort_target"] === "MOD") found.sort((a, b) => b.modRevision - a.modRevision);
    const kvs = found.slice(0, Number(body["limit"] ?? found.length)).map(encodeStored);
    const header = { cluster_id: this.clusterId, revision: String(this.revision) };
    return { header, ...(kvs.length > 0 && { kvs, count: String(found.length) }) };
  }

  private login({ name = "", password }: Record<string, string>): HttpReply {
    if (!this.authenticates) return refused(412, 9, "etcdserver: authentication is not enabled");
    if (this.users.get(name) !== password) {
      return refused(400, 3, "etcdserver: authentication failed, invalid user ID or password");
    }
    const token = `${name}.${this.tokens.size}`;
    this.tokens.set(token, name);
    return ok({ token });
  }

  private refusalOf(token: string | undefined): HttpReply | undefined {
    if (!this.authenticates) return undefined;
    if (token === undefined) return refused(400, 3, "etcdserver: user name is empty");
    const user = this.tokens.get(token);
    if (user === undefined) return refused(401, 16, "etcdserver: invalid auth token");
    if (!this.denied.has(user)) return undefined;
    return refused(403, 7, "code = PermissionDenied desc = etcdserver: permission denied");
  }

  private pass(endpoint: string, context: Context): Promise<void> {
    const trouble = this.trouble.get(endpoint);
    if (trouble === undefined) return Promise.resolve();
    if (trouble === "refuses") {
      return Promise.reject(new ServiceError("unavailable", `${endpoint}: ECONNREFUSED`));
    }
    return new Promise((_resolve, reject) => {
      context.onCancel(reject);
    });
  }
}

function ok(body: object): HttpReply {
  return { status: 200, headers: {}, body: JSON.stringify(body) };
}

function refused(status: number, code: number, message: string): HttpReply {
  return { status, headers: {}, body: JSON.stringify({ error: message, message, code }) };
}

function encodeStored({ key, value, modRevision }: Stored): object {
  const encode = (text: string): string => Buffer.from(text).toString("base64");
  return { key: encode(key), value: encode(value), mod_revision: String(modRevision) };
}

function decode(text: string): string {
  return Buffer.from(text, "base64").toString();
}
