/**
 * The network as one process has it, which can be stopped as by SIGSTOP: its kernel goes on making
 * connections and taking bytes, and the process itself reads and writes nothing any more.
 */
import type {
  Address,
  ConnectOptions,
  Listener,
  ListenOptions,
  Network,
  Socket,
  SocketHandler,
} from "holdfast";

export class ProcessNetwork implements Network {
  private readonly inner: Network;
  private readonly sockets = new Set<ProcessSocket>();
  private stopped = false;

  constructor(inner: Network) {
    this.inner = inner;
  }

  listen(
    address: Address,
    onSocket: (socket: Socket) => void,
    options?: ListenOptions,
  ): Promise<Listener> {
    const onAccepted = (inner: Socket): void => {
      const socket = new ProcessSocket(inner, () => this.sockets.delete(socket));
      this.sockets.add(socket);
      // A stopped process accepts nothing: what the kernel connected waits, and so does the peer.
      if (this.stopped) socket.stop();
      else onSocket(socket);
    };
    return this.inner.listen(address, onAccepted, options);
  }

  connect(address: Address, options: ConnectOptions): Promise<Socket> {
    return this.inner.connect(address, options);
  }

  /** For good: only the end of the process comes after it. */
  stop(): void {
    this.stopped = true;
    for (const socket of this.sockets) socket.stop();
  }

  /** Its end: what was connected and never accepted goes as well. */
  kill(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

class ProcessSocket implements Socket {
  private readonly inner: Socket;
  private readonly onGone: () => void;
  private stopped = false;
  private started = false;

  constructor(inner: Socket, onGone: () => void) {
    this.inner = inner;
    this.onGone = onGone;
  }

  get remote(): string {
    return this.inner.remote;
  }

  get local(): string {
    return this.inner.local;
  }

  get peerSubject(): string | undefined {
    return this.inner.peerSubject;
  }

  get pendingBytes(): number {
    return this.inner.pendingBytes;
  }

  start(handler: SocketHandler): void {
    this.started = true;
    this.inner.start({
      onBytes: (bytes) => handler.onBytes(bytes),
      onEnd: () => handler.onEnd(),
      onDrain: () => handler.onDrain(),
      onClose: (error) => {
        this.onGone();
        handler.onClose(error);
      },
    });
  }

  /** What a stopped process would have written is never written. */
  write(bytes: Uint8Array): boolean {
    return this.stopped || this.inner.write(bytes);
  }

  pause(): void {
    this.inner.pause();
  }

  resume(): void {
    if (!this.stopped) this.inner.resume();
  }

  end(): void {
    if (!this.stopped) this.inner.end();
  }

  destroy(): void {
    if (!this.started) this.onGone();
    this.inner.destroy();
  }

  stop(): void {
    this.stopped = true;
    this.inner.pause();
  }
}
