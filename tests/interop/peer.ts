/** A peer: a program that nobody here wrote the Thrift of, as a process for one test. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";

export type PeerName = "python" | "cpp" | "go" | "npm" | "kitex";
export type ServiceName = "test" | "second";

/** How a peer is spoken with; the words are those of its command line. */
export interface PeerForm {
  readonly service: ServiceName;
  readonly transport: string;
  readonly protocol: string;
}

export interface PeerCommand {
  readonly name: PeerName;
  readonly program: string;
  readonly leading: readonly string[];
}

const MISSING_TOOLCHAIN = 3;
/** Nothing a peer does here takes a second; a loaded machine may take many. */
const PEER_TIMEOUT_MS = 120_000;

/**
 * Builds what the peer needs. False when it can be tested; otherwise why it is skipped, which is
 * loud, and which a continuous integration does not take.
 */
export function skipPeer(name: PeerName): string | false {
  const setup = spawnSync("sh", [join(import.meta.dirname, "setup.sh"), name], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = `${setup.stdout}${setup.stderr}`.trim();
  if (setup.status === 0) return false;
  if (setup.status !== MISSING_TOOLCHAIN || process.env["CI"] === "true") {
    throw new Error(`the ${name} peer was not built (${setup.status}):\n${said}`);
  }
  console.error(said);
  return said;
}

/** Runs a peer's client against `port`; the names of its checks, each of which succeeded. */
export async function runPeerClient(
  command: PeerCommand,
  form: PeerForm,
  port: number,
): Promise<string[]> {
  await using peer = new PeerProcess(command, ["client", ...wordsOf(form), String(port)]);
  const lines: string[] = [];
  for await (const line of peer.lines) lines.push(line);
  const failed = lines.filter((line) => !line.startsWith("ok "));
  const { complaints, succeeded } = await peer.end();
  if (failed.length > 0 || lines.length === 0 || !succeeded) {
    throw new Error([...failed, complaints].join("\n"));
  }
  return lines.map((line) => line.slice("ok ".length));
}

/** A peer's server while `body` runs, which is given its port and the lines that it says. */
export async function withPeerServer(
  command: PeerCommand,
  form: PeerForm,
  body: (port: number, nextLine: () => Promise<string>) => Promise<void>,
): Promise<void> {
  await using peer = new PeerProcess(command, ["server", ...wordsOf(form)]);
  const ready = await peer.nextLine();
  const port = Number(/^ready (\d+)$/.exec(ready)?.[1]);
  if (!(port > 0)) throw new Error(`the server said "${ready}"; ${(await peer.end()).complaints}`);
  await body(port, () => peer.nextLine());
}

/** A peer's client that calls all the time while `body` runs; throws when a call of it failed. */
export async function withPeerLoop(
  command: PeerCommand,
  form: PeerForm,
  port: number,
  body: () => Promise<void>,
): Promise<void> {
  await using peer = new PeerProcess(command, ["loop", ...wordsOf(form), String(port)]);
  assert.equal(await peer.nextLine(), "calling");
  await body();
  peer.closeInput();
  const said = await peer.nextLine();
  const { complaints } = await peer.end();
  if (!said.startsWith("ok ")) throw new Error(`${said}\n${complaints}`);
}

function wordsOf({ service, transport, protocol }: PeerForm): string[] {
  return [service, transport, protocol];
}

class PeerProcess implements AsyncDisposable {
  readonly lines: Interface;
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;
  private readonly iterator: AsyncIterator<string, unknown>;
  private errors = "";

  constructor({ program, leading }: PeerCommand, words: readonly string[]) {
    const child = spawn(program, [...leading, ...words], {
      cwd: import.meta.dirname,
      stdio: ["pipe", "pipe", "pipe"],
      timeout: PEER_TIMEOUT_MS,
      killSignal: "SIGKILL",
    });
    this.child = child;
    this.ended = once(child, "close");
    // Whoever waits hears of it; a peer that was ended early must not end the tests.
    this.ended.catch(() => undefined);
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.errors += text));
    this.lines = createInterface({ input: child.stdout });
    this.iterator = this.lines[Symbol.asyncIterator]();
  }

  /** What every peer takes for the order to end. */
  closeInput(): void {
    this.child.stdin?.end();
  }

  async nextLine(): Promise<string> {
    const { done = false, value } = await this.iterator.next();
    return done ? "" : String(value);
  }

  /** Ends it; how that went, with what it wrote to its standard error. */
  async end(): Promise<{ complaints: string; succeeded: boolean }> {
    this.closeInput();
    await this.ended;
    const { exitCode, signalCode } = this.child;
    const complaints = `${this.errors}\nended with ${exitCode ?? signalCode}`;
    return { complaints, succeeded: exitCode === 0 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended;
  }
}
