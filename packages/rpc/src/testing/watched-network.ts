/** A network that counts: which sockets and listeners are open, and what each socket wrote. */
import type {
  Address,
  ConnectOptions,
  Listener,
  ListenOptions,
  Network,
  Socket,
  SocketHandler,
} from "@holdfast/core";

export class WatchedNetwork implements Network {
  /** Every socket that was accepted here, in order; closed ones stay. */
  readonly accepted: WatchedSocket[] = [];
  /** The same for those that were connected from here. */
  readonly connected: WatchedSocket[] = [];
  private readonly listeners = new Set<Listener>();
  private readonly inner: Network;

  constructor(inner: Network) {
    this.inner = inner;
  }

  async listen(
    address: Address,
    onSocket: (socket: Socket) => void,
    options?: ListenOptions,
  ): Promise<Listener> {
    const inner = await this.inner.listen(
      address,
      (socket) => {
        const watched = new WatchedSocket(socket);
        this.accepted.push(watched);
        onSocket(watched);
      },
      options,
    );
    const listener: Listener = {
      address: inner.address,
      close: () => {
        this.listeners.delete(listener);
        return inner.close();
      },
    };
    this.listeners.add(listener);
    return listener;
  }

  async connect(address: Address, options: ConnectOptions): Promise<Socket> {
    const watched = new WatchedSocket(await this.inner.connect(address, options));
    this.connected.push(watched);
    return watched;
  }

  /** What is open, one line each. */
  open(): string[] {
    const sockets = [...this.accepted, ...this.connected].filter((socket) => !socket.gone);
    return [
      ...sockets.map((socket) => `connection ${socket.local} to ${socket.remote}`),
      ...[...this.listeners].map(({ address }) => `listener ${JSON.stringify(address)}`),
    ];
  }
}

export class WatchedSocket implements Socket {
  /** The sizes of all writes, in order. */
  readonly writes: number[] = [];
  /** Whether its handler was told that it is closed, or it never had one and was destroyed. */
  gone = false;
  paused = false;
  private handled = false;
  private readonly inner: Socket;

  constructor(inner: Socket) {
    this.inner = inner;
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
    this.handled = true;
    this.inner.start({
      onBytes: (bytes) => handler.onBytes(bytes),
      onEnd: () => handler.onEnd(),
      onDrain: () => handler.onDrain(),
      onClose: (error) => {
        this.gone = true;
        handler.onClose(error);
      },
    });
  }

  write(bytes: Uint8Array): boolean {
    if (bytes.length > 0) this.writes.push(bytes.length);
    return this.inner.write(bytes);
  }

  pause(): void {
    this.paused = true;
    this.inner.pause();
  }

  resume(): void {
    this.paused = false;
    this.inner.resume();
  }

  end(): void {
    this.inner.end();
  }

  destroy(): void {
    if (!this.handled) this.gone = true;
    this.inner.destroy();
  }
}
