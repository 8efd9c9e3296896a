/**
 * A worker for tests that behaves as the proxy does: says who it is, echoes what it is sent, and
 * when it is told to drain refuses nothing and keeps every session until its client ends it. Which
 * version it is, and what is wrong with it, stands in the program file that a test writes.
 */
import {
  handleSignals,
  Lifecycle,
  type LifecyclePart,
  type Listener,
  type Socket,
  SystemClock,
  TcpNetwork,
} from "holdfast";
import { openWorkerChannel, type WorkerChannel } from "../worker-channel.ts";

export interface EchoVersion {
  readonly version: string;
  readonly behaviour:
    | "serves"
    | "never-ready"
    /** Ready at SIGHUP; prints `waiting PID` before. */
    | "waits"
    | "says-why-it-fails";
}

/** Beyond the limits of every test. */
const DRAIN_MAX_MS = 120_000;

export async function runEchoWorker({ version, behaviour }: EchoVersion): Promise<void> {
  const channel = openWorkerChannel(process);
  if (channel === undefined) throw new Error("this program runs under a supervisor only");
  if (behaviour === "says-why-it-fails") {
    await channel.failed("there is no host key");
    process.exit(1);
  }
  const clock = new SystemClock();
  const part = new EchoPart(channel, version, clock);
  const lifecycle = new Lifecycle([part], { clock });
  part.onLeave = () => void lifecycle.shutdown("an error of its own");
  handleSignals(channel.signals, lifecycle);
  channel.onSupervisorGone(() => void lifecycle.shutdown("the supervisor is gone"));
  if (behaviour === "never-ready") return;
  if (behaviour === "waits") {
    const hangup = new Promise((resolve) => process.once("SIGHUP", resolve));
    process.stdout.write(`waiting ${process.pid}\n`);
    await hangup;
  }
  await lifecycle.start();
  await channel.ready({ version });
}

class EchoPart implements LifecyclePart {
  readonly name = "echo";
  readonly limits = { drainMs: DRAIN_MAX_MS };
  onLeave = (): void => undefined;
  private readonly channel: WorkerChannel;
  private readonly version: string;
  private readonly network: TcpNetwork;
  private readonly sessions = new Set<Socket>();
  private listener: Listener | undefined = undefined;
  private onEmpty = (): void => undefined;

  constructor(channel: WorkerChannel, version: string, clock: SystemClock) {
    this.channel = channel;
    this.version = version;
    this.network = new TcpNetwork(clock);
  }

  async start(): Promise<void> {
    const fileDescriptor = this.channel.fileDescriptor("echo");
    const address = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;
    const onSocket = (socket: Socket): void => this.serve(socket);
    this.listener = await this.network.listen(address, onSocket, { fileDescriptor });
  }

  async drain(): Promise<void> {
    await this.listener?.close();
    if (this.sessions.size === 0) return;
    await new Promise<void>((resolve) => {
      this.onEmpty = resolve;
    });
  }

  stop(): void {
    for (const socket of this.sessions) socket.destroy();
  }

  private serve(socket: Socket): void {
    this.sessions.add(socket);
    socket.start({
      onBytes: (bytes) => {
        const text = Buffer.from(bytes).toString();
        if (text === "leave\n") void this.channel.leaving("so it was told").then(this.onLeave);
        if (text === "drain\n") void this.channel.drainAll("so it was told");
        socket.write(Buffer.from(text));
      },
      onEnd: () => socket.end(),
      onDrain: () => undefined,
      onClose: () => {
        this.sessions.delete(socket);
        if (this.sessions.size === 0) this.onEmpty();
      },
    });
    socket.write(Buffer.from(`${this.version} ${process.pid}\n`));
  }
}
