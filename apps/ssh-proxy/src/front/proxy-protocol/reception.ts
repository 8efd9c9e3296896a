/**
 * Where accepted sockets become sockets of clients: with the PROXY protocol off they are that
 * already, with it required they are after their header. It is never guessed: who could send a
 * header or leave it out as he likes could choose the address that limits and logs go by.
 */
import { after, type Clock, ServiceError, type Socket } from "holdfast";
import type { ProxyProtocolOptions } from "./options.ts";
import { ProxiedSocket } from "./proxied-socket.ts";
import { sourceOf } from "../source-address.ts";

/** A socket whose `remote` is the client's address. */
export interface ClientSocket {
  readonly socket: Socket;
  /** The proxy that brought it; undefined when it came by itself. */
  readonly proxiedBy: string | undefined;
}

export interface ReadProxyHeader {
  readonly socket: Socket;
  readonly clock: Clock;
  /** Until the header is whole. */
  readonly timeoutMs: number;
  readonly headerMaxBytes: number;
}

/**
 * Reads the header of a socket that nobody has started. On failure the socket is destroyed, and the
 * ServiceError is `protocol` (no header, or a bad one), `deadline-exceeded` or `unavailable` (the
 * connection ended before).
 */
export function readProxyHeader(input: ReadProxyHeader): Promise<ClientSocket> {
  const { socket, clock, timeoutMs, headerMaxBytes } = input;
  const proxiedBy = socket.remote;
  return new Promise((resolve, reject) => {
    const stopTimer = after(clock, timeoutMs, () => {
      const error = new ServiceError(
        "deadline-exceeded",
        `no PROXY protocol header from ${proxiedBy} within ${timeoutMs} ms`,
        { workStarted: "no" },
      );
      reject(error);
      socket.destroy();
    });
    const proxied = new ProxiedSocket(socket, headerMaxBytes, {
      onHeader: () => {
        stopTimer();
        resolve({ socket: proxied, proxiedBy });
      },
      onFailure: (error) => {
        stopTimer();
        reject(failure(proxiedBy, error));
      },
    });
  });
}

export interface ProxyReceptionParts {
  readonly clock: Clock;
  readonly options: ProxyProtocolOptions;
}

export class ProxyReception {
  private readonly parts: ProxyReceptionParts;
  private readonly waiting = new Set<Socket>();

  constructor(parts: ProxyReceptionParts) {
    this.parts = parts;
  }

  /** How many sockets wait for their header. */
  get waitingCount(): number {
    return this.waiting.size;
  }

  /**
   * The client's socket, not started yet. On failure the socket is destroyed, and the ServiceError
   * is one of `readProxyHeader`, `invalid` (a peer that may not speak the protocol) or `overloaded`
   * (too many wait for their header).
   */
  async receive(socket: Socket): Promise<ClientSocket> {
    const { clock, options } = this.parts;
    if (options.mode === "off") return { socket, proxiedBy: undefined };
    const complaint = this.complaintAbout(socket.remote);
    if (complaint !== undefined) {
      socket.destroy();
      throw complaint;
    }
    this.waiting.add(socket);
    try {
      const { headerTimeoutMs: timeoutMs, headerMaxBytes } = options;
      return await readProxyHeader({ socket, clock, timeoutMs, headerMaxBytes });
    } finally {
      this.waiting.delete(socket);
    }
  }

  /** Ends all that wait for their header. */
  close(): void {
    for (const socket of this.waiting) socket.destroy();
  }

  private complaintAbout(remote: string): ServiceError | undefined {
    const { peers, waitingMax } = this.parts.options;
    if (!peers.contains(sourceOf(remote, WHOLE))) {
      const text = `${remote} is none of the peers that may speak the PROXY protocol`;
      return new ServiceError("invalid", text, { workStarted: "no" });
    }
    if (this.waiting.size < waitingMax) return undefined;
    const text = `${this.waiting.size} connections wait for a PROXY header, at most ${waitingMax}`;
    return new ServiceError("overloaded", text, { workStarted: "no" });
  }
}

/** Lists look at the address itself. */
const WHOLE = { ipv4PrefixBits: 32, ipv6PrefixBits: 128 };

function failure(peer: string, error: ServiceError | undefined): ServiceError {
  if (error !== undefined) {
    return new ServiceError(error.code, `${peer}: ${error.message}`, {
      cause: error,
      retryable: error.retryable,
      workStarted: "no",
    });
  }
  const text = `${peer} closed before its PROXY protocol header was whole`;
  return new ServiceError("unavailable", text, { workStarted: "no" });
}
