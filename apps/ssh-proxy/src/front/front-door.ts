/**
 * Who is let in: a socket that was accepted comes in here, and goes on with a ticket or not at all.
 * Every refusal is counted; the log says each, up to some a second, and how many more there were.
 */
import type { Counter, Socket, StatsRegistry } from "holdfast";
import type { EndReason } from "../forensic/forensic-event.ts";
import { type Admission, describeDrop, type Ticket } from "./admission.ts";
import type { PenaltyKind } from "./front-options.ts";
import type { ClientSocket, ProxyReception } from "./proxy-protocol/reception.ts";
import type { RefusalLog } from "./refusal-log.ts";

export interface FrontDoorParts {
  readonly admission: Admission;
  /** Undefined: sockets are those of the clients themselves. */
  readonly reception: ProxyReception | undefined;
  readonly refusals: RefusalLog;
  readonly stats: StatsRegistry;
}

export interface FrontEntry {
  /** As if the client itself were at the other end. */
  readonly socket: Socket;
  readonly ticket: FrontTicket;
  /** The balancer that the client came through. */
  readonly proxiedBy: string | undefined;
}

/** How a connection came to its end. */
export interface FrontEnd {
  readonly reason: EndReason;
  /** Whether what it sent made us fail. */
  readonly crashed: boolean;
  /** Whether it ever said that it speaks SSH. */
  readonly identified: boolean;
  readonly authenticated: boolean;
  readonly authFailures: number;
  readonly authRequests: number;
}

export class FrontDoor {
  private readonly parts: FrontDoorParts;
  private readonly badHeaders: Counter;

  constructor(parts: FrontDoorParts) {
    this.parts = parts;
    const name = "ssh_proxy_bad_proxy_headers";
    const help = "Connections whose PROXY protocol header was missing, wrong or late";
    this.badHeaders = parts.stats.counter({ name, help }).of();
  }

  /** Undefined: it was refused, and is closed. */
  async enter(accepted: Socket): Promise<FrontEntry | undefined> {
    const client = await this.receive(accepted);
    if (client === undefined) return undefined;
    const { socket, proxiedBy } = client;
    const ticket = this.parts.admission.admit(socket.remote);
    if (ticket.kind === "ticket") {
      return { socket, proxiedBy, ticket: new FrontTicket(ticket, this.parts.refusals) };
    }
    this.parts.refusals.refused(ticket.reason, describeDrop(ticket));
    // Without a word: what is refused must cost nothing.
    socket.destroy();
    return undefined;
  }

  private async receive(accepted: Socket): Promise<ClientSocket | undefined> {
    const { reception, refusals } = this.parts;
    if (reception === undefined) return { socket: accepted, proxiedBy: undefined };
    try {
      return await reception.receive(accepted);
    } catch (error) {
      this.badHeaders.add();
      refusals.refused("proxy-header", error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }
}

/** A connection's place among those who are let in; whoever has it says how it goes on. */
export class FrontTicket {
  private readonly ticket: Ticket;
  private readonly refusals: RefusalLog;
  private releaseHandshake: () => void = () => undefined;
  /** It was we who had no place for its handshake. */
  private dropped = false;

  constructor(ticket: Ticket, refusals: RefusalLog) {
    this.ticket = ticket;
    this.refusals = refusals;
  }

  /** Resolves when a handshake may begin; false: it never may. */
  async beginHandshake(): Promise<boolean> {
    const handshake = await this.ticket.acquireHandshake();
    if (handshake.kind === "granted") this.releaseHandshake = handshake.release;
    if (handshake.kind === "drop") {
      this.dropped = true;
      this.refusals.refused(handshake.reason, describeDrop(handshake));
    }
    return handshake.kind === "granted";
  }

  /** Keys are in force: another handshake may begin. */
  handshakeDone(): void {
    this.releaseHandshake();
  }

  authenticated(): void {
    this.ticket.authenticated();
  }

  ended(end: FrontEnd): void {
    this.ticket.closed();
    const kind = this.dropped ? undefined : penaltyFor(end);
    if (kind !== undefined) this.ticket.penalise(kind);
  }
}

/** What it was that somebody did before logging in, if it was anything bad. */
function penaltyFor(end: FrontEnd): PenaltyKind | undefined {
  if (end.authenticated) return undefined;
  if (end.crashed) return "crash";
  switch (end.reason) {
    case "ident-timeout":
      return "no-auth";
    case "login-timeout":
      return "login-timeout";
    case "protocol-error":
      return end.identified ? "protocol-error" : "no-auth";
    case "drain":
    case "internal":
    case "closed-by-operator":
      return undefined;
    default:
      if (end.authFailures > 0) return "auth-failed";
      return end.authRequests === 0 ? "no-auth" : undefined;
  }
}
