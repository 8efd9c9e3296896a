/** What `holdfast top` reads of a process, over its ops port. */
import { type Context, escapeControl, ServiceError } from "@holdfast/core";
import { CommandError, EXIT } from "../command.ts";

/** A table of 10,000 breakers is 2 MB. */
const ANSWER_MAX_BYTES = 8 * 1024 * 1024;

export class OpsPort {
  readonly url: string;
  private readonly token: string | undefined;

  constructor(url: string, token: string | undefined) {
    this.url = url;
    this.token = token;
  }

  /**
   * What the process is and how its breakers are, in lines that are safe to print; at most
   * `breakersMax` of them. Throws a CommandError when there is no such answer within the context.
   */
  async read(context: Context, breakersMax: number): Promise<string[]> {
    const [info, table] = await Promise.all([
      this.get(context, "/info"),
      this.get(context, `/breakers?format=text&limit=${breakersMax}`),
    ]);
    const lines = [`${this.url}: ${describe(info)}`, ...table.trimEnd().split("\n")];
    return lines.map(escapeControl);
  }

  private async get(context: Context, path: string): Promise<string> {
    const { signal } = context;
    const headers = this.token === undefined ? {} : { authorization: `Bearer ${this.token}` };
    try {
      const response = await fetch(this.url + path, { signal, headers, redirect: "error" });
      const text = await readText(response);
      if (response.ok) return text;
      throw refused(this.url, path, response.status, text);
    } catch (error) {
      throw error instanceof CommandError ? error : unreachable(this.url, context, error);
    }
  }
}

function describe(info: string): string {
  try {
    const { State, Uptime, Version } = JSON.parse(info) as Record<string, unknown>;
    if (typeof State === "string" && typeof Uptime === "string") {
      return `${State}, up ${Uptime}, version ${String(Version)}`;
    }
  } catch {
    // Not JSON: no ops port of ours.
  }
  throw new CommandError(EXIT.serviceError, "what answers there is no ops port", CHECK_ADDRESS);
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > ANSWER_MAX_BYTES) {
      const message = `the answer is longer than ${ANSWER_MAX_BYTES} bytes`;
      throw new CommandError(EXIT.serviceError, message, CHECK_ADDRESS);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const CHECK_ADDRESS = "check the address: a service prints that of its ops port when it starts";

function refused(url: string, path: string, status: number, text: string): CommandError {
  const [line = ""] = text.split("\n");
  const message = `${url} answers ${status} to ${path}: ${escapeControl(line.slice(0, 200))}`;
  if (status === 401) {
    const advice = "set HOLDFAST_OPS_TOKEN to the token of its ops port";
    return new CommandError(EXIT.serviceError, message, advice);
  }
  return new CommandError(EXIT.serviceError, message, CHECK_ADDRESS);
}

function unreachable(url: string, context: Context, thrown: unknown): CommandError {
  const { cancelled } = context;
  const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
  const why = cancelled?.message ?? ServiceError.from(cause).message;
  const message = `cannot reach ${url}: ${escapeControl(why)}`;
  return new CommandError(EXIT.cannotConnect, message, CHECK_ADDRESS, thrown);
}
