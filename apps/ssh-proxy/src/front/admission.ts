/**
 * May a socket that was accepted go on? Asked before a byte is read from it. Those who have not
 * logged in have a small number of places between them; who has logged in leaves his to others.
 */
import type { Clock, Counter, Random, StatsRegistry } from "holdfast";
import type { AdmissionOptions, PenaltyKind } from "./front-options.ts";
import { AdmittedTicket } from "./admitted-ticket.ts";
import { earlyDropProbability } from "./early-drop.ts";
import { type HandshakePlace, HandshakeSlots } from "./handshake-slots.ts";
import type { Penalties, PenaltyRefusal } from "./penalties.ts";
import { type Source, sourceOf } from "./source-address.ts";

/** Every reason for which a connection is dropped; they are a label of the metric. */
export const DROP_REASONS = [
  /** `connectionsMax` are open. */
  "connections",
  /** Its source has a penalty. */
  "penalty",
  /** `unauthenticatedPerSourceMax` of its source have not logged in. */
  "source",
  /** `unauthenticatedMax` have not logged in. */
  "unauthenticated",
  /** Nearly so many have not, and the coin was against it. */
  "early",
  /** `handshakesWaitingMax` wait for a key exchange. */
  "handshakes",
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Why it was dropped, with the numbers that decided, for the log. `source` is a `Source.key`. */
export type Drop =
  | {
      readonly kind: "drop";
      readonly reason: Exclude<DropReason, "penalty" | "early">;
      readonly source: string;
      readonly limit: number;
      /** Those that were there before it. */
      readonly count: number;
    }
  | {
      readonly kind: "drop";
      readonly reason: "early";
      readonly source: string;
      readonly limit: number;
      readonly count: number;
      /** What the probability was, 0 to 1. */
      readonly probability: number;
    }
  | ({
      readonly kind: "drop";
      readonly reason: "penalty";
      readonly source: string;
    } & PenaltyRefusal);

/** The right to be here. */
export interface Ticket {
  readonly kind: "ticket";
  readonly source: Source;
  readonly exempt: boolean;
  /** Somebody has logged in: the place goes to others. Idempotent; no effect once closed. */
  authenticated(): void;
  /** The connection has ended; a key exchange of it too. Idempotent. */
  closed(): void;
  /** Adds to the penalty of its source, unless that is exempt. Before or after `closed`. */
  penalise(kind: PenaltyKind): void;
  /**
   * Waits for the place of a key exchange, the first one of a connection; later ones are of people
   * who have logged in. Ask when the peer's first bytes are there, or its silence holds a place.
   * `closed` ends the waiting; whoever asked still has to see whether the connection is open.
   */
  acquireHandshake(): Promise<Handshake>;
}

export type Handshake =
  { readonly kind: "granted"; readonly release: () => void } | { readonly kind: "closed" } | Drop;

export interface AdmissionParts {
  readonly clock: Clock;
  /** Decides about early drops. */
  readonly random: Random;
  readonly options: AdmissionOptions;
  readonly penalties: Penalties;
  readonly stats: StatsRegistry;
  /** How many cores compute key exchanges: 1, unless threads do it. */
  readonly cores: number;
}

export interface AdmissionSnapshot {
  readonly connections: number;
  /** Those that have not logged in, exempt ones not among them. */
  readonly unauthenticated: number;
  /** Those that have not logged in and are exempt. */
  readonly unauthenticatedExempt: number;
  /** The sources of `unauthenticated`. */
  readonly unauthenticatedSources: number;
  readonly handshakesRunning: number;
  readonly handshakesWaiting: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
}

export class Admission {
  private readonly parts: AdmissionParts;
  private readonly handshakes: HandshakeSlots;
  private readonly admitted: Counter;
  private readonly dropped: ReadonlyMap<DropReason, Counter>;
  private readonly perSource = new Map<string, number>();
  private connections = 0;
  private unauthenticated = 0;
  private unauthenticatedExempt = 0;

  constructor(parts: AdmissionParts) {
    this.parts = parts;
    const { clock, options, cores, stats } = parts;
    this.handshakes = new HandshakeSlots({
      clock,
      slotsMax: options.handshakesPerCoreMax * cores,
      waitingMax: options.handshakesWaitingMax,
      slotMs: options.handshakeSlotMs,
    });
    this.admitted = stats
      .counter({ name: "ssh_proxy_connections_admitted", help: "Connections that could go on" })
      .of();
    const dropped = stats.counter({
      name: "ssh_proxy_connections_dropped",
      help: "Connections dropped before anybody logged in, by why",
      labels: ["reason"],
    });
    this.dropped = new Map(DROP_REASONS.map((reason) => [reason, dropped.of(reason)]));
    this.showCounts(stats);
  }

  /** Decides about a socket by its `remote`, which is the real client's behind a proxy. */
  admit(remote: string): Ticket | Drop {
    const { options } = this.parts;
    const source = sourceOf(remote, options);
    const exempt = options.exempt.contains(source);
    const drop = this.reasonToDrop(source, exempt);
    if (drop !== undefined) return this.count(drop);
    this.admitted.add();
    return new AdmittedTicket(this, source, exempt);
  }

  snapshot(): AdmissionSnapshot {
    const dropped = DROP_REASONS.map((reason) => [reason, this.dropped.get(reason)!.value]);
    return {
      connections: this.connections,
      unauthenticated: this.unauthenticated,
      unauthenticatedExempt: this.unauthenticatedExempt,
      unauthenticatedSources: this.perSource.size,
      handshakesRunning: this.handshakes.runningCount,
      handshakesWaiting: this.handshakes.waitingCount,
      dropped: Object.fromEntries(dropped) as Record<DropReason, number>,
    };
  }

  /** For tickets: one more or one less that is open. */
  countOpen(change: 1 | -1): void {
    this.connections += change;
  }

  /** For tickets: one more or one less that has not logged in. */
  countUnauthenticated({ key }: Source, exempt: boolean, change: 1 | -1): void {
    if (exempt) {
      this.unauthenticatedExempt += change;
      return;
    }
    this.unauthenticated += change;
    const count = (this.perSource.get(key) ?? 0) + change;
    if (count === 0) this.perSource.delete(key);
    else this.perSource.set(key, count);
  }

  /** For tickets. */
  acquireHandshake({ key }: Source): HandshakePlace | Drop {
    const place = this.handshakes.acquire();
    if (place !== undefined) return place;
    const limit = this.parts.options.handshakesWaitingMax;
    const count = this.handshakes.waitingCount;
    return this.count({ kind: "drop", reason: "handshakes", source: key, limit, count });
  }

  /** For tickets. */
  penalise(source: Source, kind: PenaltyKind): void {
    this.parts.penalties.penalise(source, kind);
  }

  /** The cheapest and the surest reasons first; the coin is thrown last. */
  private reasonToDrop(source: Source, exempt: boolean): Drop | undefined {
    const { options, penalties, random } = this.parts;
    const { connectionsMax, unauthenticatedMax, unauthenticatedPerSourceMax } = options;
    const full = (
      reason: "connections" | "source" | "unauthenticated",
      count: number,
      limit: number,
    ): Drop | undefined =>
      count >= limit ? { kind: "drop", reason, source: source.key, limit, count } : undefined;
    const noRoom = full("connections", this.connections, connectionsMax);
    if (noRoom !== undefined || exempt) return noRoom;
    const penalty = penalties.refusalOf(source);
    if (penalty !== undefined) {
      return { kind: "drop", reason: "penalty", source: source.key, ...penalty };
    }
    const ofSource = this.perSource.get(source.key) ?? 0;
    const count = this.unauthenticated;
    const limit = unauthenticatedMax;
    const drop =
      full("source", ofSource, unauthenticatedPerSourceMax) ??
      full("unauthenticated", count, limit);
    if (drop !== undefined) return drop;
    const probability = earlyDropProbability(options, count);
    if (probability === 0 || random.next() >= probability) return undefined;
    return { kind: "drop", reason: "early", source: source.key, limit, count, probability };
  }

  private count(drop: Drop): Drop {
    this.dropped.get(drop.reason)!.add();
    return drop;
  }

  private showCounts(stats: StatsRegistry): void {
    const gauge = (name: string, help: string, states: Record<string, () => number>): void => {
      for (const [state, read] of Object.entries(states)) {
        stats.reading("gauge", { name, help, labels: ["state"] }, read, state);
      }
    };
    const withoutLogin = (): number => this.unauthenticated + this.unauthenticatedExempt;
    gauge("ssh_proxy_connections", "Open connections, by whether somebody has logged in", {
      unauthenticated: withoutLogin,
      authenticated: () => this.connections - withoutLogin(),
    });
    gauge("ssh_proxy_handshakes", "Key exchanges of connections that have not logged in", {
      running: () => this.handshakes.runningCount,
      waiting: () => this.handshakes.waitingCount,
    });
    const overdue = {
      name: "ssh_proxy_handshakes_overdue",
      help: "Key exchanges that took so long that their places went to others",
    };
    stats.reading("counter", overdue, () => this.handshakes.overdueCount);
  }
}

/** One sentence for a log line. */
export function describeDrop(drop: Drop): string {
  switch (drop.reason) {
    case "connections":
      return `${drop.count} connections are open, at most ${drop.limit}`;
    case "penalty": {
      const seconds = Math.ceil(drop.remainingMs / 1_000);
      return `${drop.source} has a penalty for ${seconds} s more, the last for ${drop.penalty}`;
    }
    case "source":
      return `${drop.count} of ${drop.source} have not logged in, at most ${drop.limit}`;
    case "unauthenticated":
      return `${drop.count} have not logged in, at most ${drop.limit}`;
    case "early": {
      const percent = Math.round(drop.probability * 100);
      return `${drop.count} of ${drop.limit} have not logged in: ${percent} % are dropped`;
    }
    case "handshakes":
      return `${drop.count} wait for a key exchange, at most ${drop.limit}`;
  }
}
