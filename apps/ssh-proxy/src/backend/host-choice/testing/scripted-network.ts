/** A network whose hosts do what the test says when somebody connects. */
import {
  type Address,
  formatAddress,
  type Listener,
  type Network,
  ServiceError,
  type Socket,
  type SocketHandler,
} from "holdfast";

/** What a host does: refuses, says a text (and waits), says it and closes, or never answers. */
export type HostScript =
  "refuse" | "hang" | { readonly says: string | readonly string[]; readonly closes?: boolean };

export const WELL: HostScript = { says: "SSH-2.0-OpenSSH_9.2p1\r\n" };

export class ScriptedNetwork implements Network {
  /** By address; a host that is not here refuses. */
  readonly hosts = new Map<string, HostScript>();
  /** Every connection that was made, in order. */
  readonly sockets: ScriptedSocket[] = [];
  /** Addresses of all attempts, in order. */
  readonly attempts: string[] = [];

  get openCount(): number {
    return this.sockets.filter(({ closed }) => !closed).length;
  }

  listen(): Promise<Listener> {
    return Promise.reject(new Error("nobody listens here"));
  }

  connect(address: Address): Promise<Socket> {
    const place = formatAddress(address);
    this.attempts.push(place);
    const script = this.hosts.get(place) ?? "refuse";
    if (script === "hang") return new Promise(() => undefined);
    if (script === "refuse") {
      return Promise.reject(new ServiceError("unavailable", `${place} refused the connection`));
    }
    const socket = new ScriptedSocket(place, script);
    this.sockets.push(socket);
    return Promise.resolve(socket);
  }
}

export class ScriptedSocket implements Socket {
  readonly remote: string;
  readonly local = "127.0.0.1:1";
  readonly peerSubject = undefined;
  readonly pendingBytes = 0;
  written = "";
  ended = false;
  closed = false;
  private readonly script: Exclude<HostScript, string>;
  private handler: SocketHandler | undefined = undefined;

  constructor(remote: string, script: Exclude<HostScript, string>) {
    this.remote = remote;
    this.script = script;
  }

  start(handler: SocketHandler): void {
    this.handler = handler;
    const { says, closes = false } = this.script;
    for (const piece of typeof says === "string" ? [says] : says) {
      if (piece !== "") this.later(() => handler.onBytes(Buffer.from(piece, "latin1")));
    }
    if (closes) this.later(() => handler.onEnd());
  }

  write(bytes: Uint8Array): boolean {
    this.written += Buffer.from(bytes).toString("latin1");
    return true;
  }

  pause(): void {}

  resume(): void {}

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    if (this.closed) return;
    this.closed = true;
    queueMicrotask(() => this.handler?.onClose(undefined));
  }

  /** The host closes what the other side has ended. */
  hangUp(): void {
    this.handler?.onEnd();
  }

  private later(call: () => void): void {
    queueMicrotask(() => {
      if (!this.closed) call();
    });
  }
}
