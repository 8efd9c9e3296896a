/** A running process as its ops port shows it: its configuration, and how often it is called. */
import {
  type ConfigExplanation,
  type ConfigState,
  createContext,
  type Runtime,
  ServiceError,
} from "@holdfast/core";
import { CommandError, EXIT } from "../command.ts";

/** By `callee/method`. */
export type CallCounts = ReadonlyMap<string, number>;

const TIMEOUT_MS = 5_000;
const CALLS = /^holdfast_(?:client|server)_calls_total\{(.*)\} (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

export class OpsProcess {
  readonly url: string;
  private readonly runtime: Runtime;
  private readonly token: string | undefined;

  constructor(url: string, token: string | undefined, runtime: Runtime) {
    this.url = url.replace(/\/+$/, "");
    this.token = token;
    this.runtime = runtime;
  }

  async config(): Promise<ConfigState> {
    return JSON.parse(await this.get("/config")) as ConfigState;
  }

  async explain(key: string): Promise<ConfigExplanation> {
    const asked = await this.get(`/config?explain=${encodeURIComponent(key)}`);
    return JSON.parse(asked) as ConfigExplanation;
  }

  async calls(): Promise<CallCounts> {
    const counts = new Map<string, number>();
    for (const line of (await this.get("/metrics")).split("\n")) {
      const [, labels, value] = CALLS.exec(line) ?? [];
      if (labels === undefined) continue;
      const named = new Map([...labels.matchAll(LABEL)].map(([, name, is]) => [name!, is!]));
      const key = `${named.get("service")}/${named.get("method")}`;
      counts.set(key, (counts.get(key) ?? 0) + Number(value));
    }
    return counts;
  }

  private async get(path: string): Promise<string> {
    const { clock } = this.runtime;
    const { signal } = createContext({ clock }).withTimeout(TIMEOUT_MS);
    const authorization = this.token === undefined ? undefined : `Bearer ${this.token}`;
    const headers = authorization === undefined ? {} : { authorization };
    try {
      const response = await fetch(`${this.url}${path}`, { headers, signal, redirect: "error" });
      const said = await response.text();
      if (response.ok) return said;
      throw new CommandError(
        EXIT.serviceError,
        `${this.url}${path}: ${response.status} ${said.trim()}`,
        "check --ops: it must be the ops port of a process with live configuration; " +
          "HOLDFAST_OPS_TOKEN is sent where it is set",
      );
    } catch (error) {
      if (error instanceof CommandError) throw error;
      const cause = (error as Error).cause ?? error;
      throw new CommandError(
        EXIT.cannotConnect,
        `${this.url} does not answer: ${ServiceError.from(cause).message}`,
        "check --ops; leave it out to go on without a look at running processes",
        error,
      );
    }
  }
}
