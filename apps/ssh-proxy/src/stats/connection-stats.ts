/** Counts one connection from the events of its log, so that log and metrics never disagree. */
import type { EndReason, ForensicEvent } from "../forensic/forensic-event.ts";
import type { ProxyStats } from "./proxy-stats.ts";

type EventOf<Name> = Extract<ForensicEvent, { readonly event: Name }>;

interface RunningSession {
  verb: string;
  readonly startedMs: number;
}

export class ConnectionStats {
  private readonly stats: ProxyStats;
  private state: "login" | "authenticated" | "ended" = "login";
  private keysInForce = false;
  /** By channel; as many as a connection may have. */
  private readonly sessions = new Map<number, RunningSession>();

  constructor(stats: ProxyStats) {
    this.stats = stats;
  }

  /** `sinceAcceptMs`: how old the connection is. Events after `end` are only counted as such. */
  take(event: ForensicEvent, sinceAcceptMs: number): void {
    this.stats.eventRecorded(event.event);
    if (this.state === "ended") return;
    switch (event.event) {
      case "accept":
      case "ident":
        return undefined;
      case "kex":
        return this.keysExchanged(event);
      case "auth":
        return this.authAttempted(event, sinceAcceptMs);
      case "exec":
        return this.sessionBegan(event.channel, sinceAcceptMs);
      case "refuse":
        this.stats.refusals.value++;
        return undefined;
      case "route":
        return this.routed(event);
      case "dial":
        return this.dialled(event);
      case "splice":
        this.stats.setupMs.record(event.sinceExecMs);
        return undefined;
      case "exit":
        return this.sessionEnded(event);
      case "end":
        return this.ended(event.reason, sinceAcceptMs);
    }
  }

  private keysExchanged({ sinceAcceptMs }: EventOf<"kex">): void {
    if (this.keysInForce) {
      this.stats.rekeys.value++;
      return;
    }
    this.keysInForce = true;
    this.stats.handshakes.done.value++;
    this.stats.handshakeMs.record(sinceAcceptMs);
  }

  private authAttempted({ method, result }: EventOf<"auth">, sinceAcceptMs: number): void {
    this.stats.authAttempted(method, result);
    if (result !== "accepted" || this.state !== "login") return;
    this.state = "authenticated";
    this.stats.loginMs.record(sinceAcceptMs);
  }

  private sessionBegan(channel: number, startedMs: number): void {
    if (this.sessions.has(channel)) return;
    this.sessions.set(channel, { verb: "none", startedMs });
    this.stats.sessions.value++;
  }

  private routed({ channel, verb, durationMs }: EventOf<"route">): void {
    const session = this.sessions.get(channel);
    if (session !== undefined) session.verb = verb;
    this.stats.routeMs.record(durationMs);
  }

  private dialled({ reused, error, durationMs }: EventOf<"dial">): void {
    if (reused && error === undefined) {
      this.stats.backendReuses.value++;
      return;
    }
    this.stats.dials[error === undefined ? "done" : "failed"].value++;
    this.stats.dialMs.record(durationMs);
  }

  private sessionEnded({ channel, reason, durationMs }: EventOf<"exit">): void {
    const session = this.sessions.get(channel);
    if (this.sessions.delete(channel)) this.stats.sessions.value--;
    this.stats.sessionEnded(session?.verb ?? "none", reason, durationMs);
  }

  private ended(reason: EndReason, sinceAcceptMs: number): void {
    const { state, stats } = this;
    this.state = "ended";
    // A session that did not say how it ended, ended with its connection.
    for (const { verb, startedMs } of this.sessions.values()) {
      stats.sessionEnded(verb, reason, sinceAcceptMs - startedMs);
    }
    stats.sessions.value -= this.sessions.size;
    this.sessions.clear();
    stats.connectionEnded(reason, state === "authenticated");
    if (!this.keysInForce) stats.handshakes.failed.value++;
  }
}
