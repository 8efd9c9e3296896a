/**
 * The connections to one address: a few, made when they are needed, made anew with growing pauses
 * when they cannot be had. A call waits for a connection as long as its time allows.
 */
import {
  type Address,
  type Clock,
  formatAddress,
  type Network,
  type Random,
  ServiceError,
} from "@holdfast/core";
import type { CallPath } from "./call-path.ts";
import { ClientConnection, type ConnectionOwner } from "./client-connection.ts";
import type { Try, TryOwner } from "./client-call.ts";
import type { ClientOptions } from "./options.ts";

/** Calls that may wait for a connection. */
const WAITING_MAX = 4_096;

export interface PoolParts {
  readonly address: Address;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly path: CallPath;
  readonly options: ClientOptions;
  /** Where there are other addresses. */
  readonly watcher?: PoolWatcher;
}

/** Who hears what a pool finds out about its address, and may take a try elsewhere. */
export interface PoolWatcher {
  onDialled(): void;
  /** Nobody could be reached, and no dial is under way; not before `notBeforeMs` again. */
  onUnreachable(error: ServiceError, notBeforeMs: number): void;
  /** A connection that goes away did not take the try. */
  onMoved(attempt: Try): void;
}

export class Pool implements ConnectionOwner, TryOwner {
  readonly address: Address;
  private readonly parts: PoolParts;
  private readonly connections: ClientConnection[] = [];
  private readonly leaving = new Set<ClientConnection>();
  private readonly waiting = new Set<Try>();
  private next = 0;
  private dialing = 0;
  private dialFailures = 0;
  /** Connections in a row that were closed before the server had said a word. */
  private unheard = 0;
  private notBeforeMs = 0;
  private lastError = "";
  /** What calls hear from then on. */
  private closed: ServiceError | undefined = undefined;

  constructor(parts: PoolParts) {
    this.parts = parts;
    this.address = parts.address;
  }

  /** Sends the try on a connection, now or when there is one. */
  send(attempt: Try): void {
    const connection = this.pick();
    if (connection !== undefined) this.parts.path.send(connection, attempt);
    else this.wait(attempt);
  }

  close(): void {
    const error = clientClosed();
    this.closed = error;
    this.failWaiting(error);
    for (const connection of [...this.connections, ...this.leaving]) connection.breakOff(error);
  }

  /** Lets the calls at work end; new ones, and those that wait for a connection, are refused. */
  leave(error: ServiceError = clientClosed()): void {
    this.closed = error;
    this.failWaiting(error);
    this.leaveConnections();
  }

  /** New calls get new connections; those at work end on the old ones. */
  leaveConnections(): void {
    for (const connection of [...this.connections]) connection.leave();
  }

  /** Tries to reach the address when there is no connection, without a call that needs one. */
  probe(): void {
    if (this.connections.length + this.dialing === 0) this.dial();
  }

  /** No calls, connections or dials are left. */
  get idle(): boolean {
    return this.connections.length + this.leaving.size + this.dialing + this.waiting.size === 0;
  }

  get connectionCount(): number {
    return this.connections.length;
  }

  onLeaving(connection: ClientConnection): void {
    this.remove(connection);
    this.leaving.add(connection);
  }

  onClosed(connection: ClientConnection): void {
    this.remove(connection);
    this.leaving.delete(connection);
    // Once may be a restart; twice is a server that wants no more, and needs no storm of new ones.
    if (connection.used && !connection.heard && ++this.unheard > 1) {
      this.backOff(`${formatAddress(this.address)} closes new connections`);
    }
  }

  onHeard(): void {
    this.unheard = 0;
    this.dialFailures = 0;
  }

  onMoved(attempt: Try): void {
    const reason = attempt.scope.ended;
    if (reason !== undefined) attempt.failUnsent(reason);
    else if (this.parts.watcher !== undefined) this.parts.watcher.onMoved(attempt);
    else this.send(attempt);
  }

  onTryCancelled(attempt: Try, reason: ServiceError): void {
    this.waiting.delete(attempt);
    const why = this.lastError === "" ? reason.message : `${reason.message}; ${this.lastError}`;
    attempt.fail(new ServiceError(reason.code, why, { workStarted: "no" }));
  }

  snapshot(): Record<string, unknown> {
    return {
      address: formatAddress(this.address),
      waiting: this.waiting.size,
      dialing: this.dialing,
      dialFailures: this.dialFailures,
      lastError: this.lastError,
      connections: [...this.connections, ...this.leaving].map((each) => each.snapshot()),
    };
  }

  /** In turn; another one is dialled as long as there may be more. */
  private pick(): ClientConnection | undefined {
    const { connections } = this;
    if (connections.length + this.dialing < this.parts.options.connectionsMax) this.dial();
    for (let step = 0; step < connections.length; step++) {
      this.next = this.next + 1 < connections.length ? this.next + 1 : 0;
      const connection = connections[this.next]!;
      if (connection.hasRoom) return connection;
    }
    return undefined;
  }

  private wait(attempt: Try): void {
    const refusal = this.refusal();
    if (refusal !== undefined) {
      attempt.fail(refusal);
      return;
    }
    attempt.owner = this;
    this.waiting.add(attempt);
    attempt.scope.listen(attempt);
  }

  /** Why a call cannot even wait. */
  private refusal(): ServiceError | undefined {
    const place = formatAddress(this.address);
    if (this.closed !== undefined) return this.closed;
    if (this.dialing === 0 && this.connections.length > 0) {
      const message = `every connection to ${place} is full`;
      return new ServiceError("overloaded", message, { workStarted: "no" });
    }
    if (this.dialing === 0) {
      const retryAfterMs = Math.max(0, this.notBeforeMs - this.parts.clock.nowMs());
      return new ServiceError("unavailable", this.lastError, { workStarted: "no", retryAfterMs });
    }
    if (this.waiting.size >= WAITING_MAX) {
      const message = `${WAITING_MAX} calls wait for a connection to ${place}`;
      return new ServiceError("overloaded", message, { workStarted: "no" });
    }
    return undefined;
  }

  private dial(): void {
    const { clock, options, network } = this.parts;
    if (this.closed !== undefined || clock.nowMs() < this.notBeforeMs) return;
    this.dialing++;
    const { dialTimeoutMs: timeoutMs, tls } = options;
    network.connect(this.address, tls === undefined ? { timeoutMs } : { timeoutMs, tls }).then(
      (socket) => {
        this.dialing--;
        if (this.closed !== undefined) socket.destroy();
        else this.onDialled(socket);
      },
      (error: unknown) => {
        this.dialing--;
        this.onDialFailed(ServiceError.from(error));
      },
    );
  }

  private onDialled(socket: ConstructorParameters<typeof ClientConnection>[0]): void {
    const { path, options, clock } = this.parts;
    if (this.unheard <= 1) this.dialFailures = 0;
    this.notBeforeMs = 0;
    this.lastError = "";
    const view = path.chunkView;
    this.connections.push(new ClientConnection(socket, path, this, options, clock, view));
    this.parts.watcher?.onDialled();
    for (const attempt of this.takeWaiting()) this.send(attempt);
  }

  private onDialFailed(error: ServiceError): void {
    this.backOff(error.message);
    if (this.dialing > 0) return;
    if (this.connections.length === 0 && this.closed === undefined) {
      this.parts.watcher?.onUnreachable(error, this.notBeforeMs);
    }
    // They find room by now where there is a connection, or hear why there is none.
    for (const attempt of this.takeWaiting()) this.send(attempt);
  }

  /** No dial for a while, longer each time. */
  private backOff(why: string): void {
    const { clock, random, options } = this.parts;
    this.lastError = why;
    const fullMs = Math.min(options.backoffMaxMs, options.backoffMinMs * 2 ** this.dialFailures);
    this.dialFailures++;
    this.notBeforeMs = clock.nowMs() + fullMs * (0.5 + random.next() / 2);
  }

  private failWaiting(error: ServiceError): void {
    for (const attempt of this.takeWaiting()) attempt.fail(error);
  }

  private takeWaiting(): Try[] {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const attempt of waiting) attempt.scope.unlisten(attempt);
    return waiting;
  }

  private remove(connection: ClientConnection): void {
    const index = this.connections.indexOf(connection);
    if (index >= 0) this.connections.splice(index, 1);
  }
}

function clientClosed(): ServiceError {
  return new ServiceError("cancelled", "the client was closed", { workStarted: "no" });
}
