/** `holdfast config` on etcd: one transaction writes the document and keeps the one before it. */
import { EtcdClient, type EtcdConfigOptions, type EtcdWrite } from "@holdfast/adapters/etcd";
import {
  type ConfigChange,
  type Context,
  createContext,
  keepProcessAlive,
  type Runtime,
  ServiceError,
} from "@holdfast/core";
import { CommandError, EXIT } from "../command.ts";
import {
  type ConfigStore,
  conflict,
  formatVersion,
  type KeptVersion,
  readVersion,
  type StoreView,
  VERSIONS_MAX,
} from "./config-store.ts";

/** Long enough for a number of any length to sort as a text. */
const REVISION_DIGITS = 20;

export class EtcdStore implements ConfigStore {
  readonly name: string;
  private readonly client: EtcdClient;
  private readonly runtime: Runtime;
  private readonly prefix: string;
  private readonly historyPrefix: string;
  private readonly endpoints: number;

  constructor(runtime: Runtime, options: EtcdConfigOptions) {
    const { endpoints, prefix } = options;
    this.name = `etcd ${endpoints.join(",")}`;
    this.runtime = runtime;
    this.prefix = prefix;
    // Beside the prefix and not below it: processes must not take it for configuration.
    this.historyPrefix = `${prefix.slice(0, -1)}-history/`;
    this.endpoints = endpoints.length;
    this.client = new EtcdClient({ random: runtime.random }, options);
  }

  async read(): Promise<StoreView> {
    const reply = await this.ask((context) => this.client.readPrefix(context, this.prefix));
    const documents = reply.keyValues.map(({ key, value, modRevision }) => {
      const document = { text: value, revision: String(modRevision) };
      return [key.slice(this.prefix.length), document] as const;
    });
    return { revision: String(reply.revision), documents: new Map(documents) };
  }

  async history(path: string): Promise<readonly KeptVersion[]> {
    const kept = await this.readHistory(path);
    return kept.flatMap(({ value }) => readVersion(path, value) ?? []);
  }

  async write(
    seen: StoreView,
    path: string,
    text: string | undefined,
    replaced: ConfigChange,
  ): Promise<string> {
    const key = `${this.prefix}${path}`;
    const before = seen.documents.get(path);
    const version = { path, text: before?.text, revision: before?.revision ?? "", replaced };
    const place = seen.revision.padStart(REVISION_DIGITS, "0");
    const tooOld = (await this.readHistory(path)).slice(0, -(VERSIONS_MAX - 1));
    const writes: EtcdWrite[] = [
      text === undefined ? { kind: "delete", key } : { kind: "put", key, value: text },
      {
        kind: "put",
        key: `${this.historyPrefix}${path}/${place}`,
        value: formatVersion(version),
      },
      ...tooOld.map((one): EtcdWrite => ({ kind: "delete", key: one.key })),
    ];
    const unchanged = { key, modRevision: Number(before?.revision ?? 0) };
    const { done, revision } = await this.ask(
      (context) => this.client.write(context, [unchanged], writes),
      // Nobody knows whether it was done when the answer is lost: the next member is not asked.
      1,
    );
    if (!done) throw conflict(path);
    return String(revision);
  }

  close(): void {
    this.client.close();
  }

  private async readHistory(path: string): Promise<readonly { key: string; value: string }[]> {
    const prefix = `${this.historyPrefix}${path}/`;
    const reply = await this.ask((context) => this.client.readPrefix(context, prefix));
    return reply.keyValues.toSorted((one, other) => (one.key < other.key ? -1 : 1));
  }

  /** One member after the other, until one answers. */
  private async ask<Reply>(
    request: (context: Context) => Promise<Reply>,
    tries: number = this.endpoints,
  ): Promise<Reply> {
    const release = keepProcessAlive();
    try {
      return await this.askOne(request, tries);
    } finally {
      release();
    }
  }

  private async askOne<Reply>(
    request: (context: Context) => Promise<Reply>,
    triesLeft: number,
  ): Promise<Reply> {
    try {
      return await request(createContext({ clock: this.runtime.clock }));
    } catch (thrown) {
      const error = ServiceError.from(thrown);
      if (error.code === "unavailable" && triesLeft > 1) {
        this.client.moveOn();
        return this.askOne(request, triesLeft - 1);
      }
      throw explain(error);
    }
  }
}

function explain(error: ServiceError): CommandError {
  if (error.code === "unavailable") {
    const advice = "check that etcd runs there, and --etcd; see with get what is there now";
    return new CommandError(EXIT.cannotConnect, error.message, advice, error);
  }
  const advice = "nothing was written; --user NAME and HOLDFAST_ETCD_PASSWORD say who you are";
  return new CommandError(EXIT.serviceError, error.message, advice, error);
}
