/**
 * The proxy: takes connections, knows each of them at every moment, and lets them end in order.
 *
 *   socket → admission → handshake → login → sessions → backend
 *
 * Each step stands in a folder of its own; here is who meets whom.
 */
import {
  type Address,
  after,
  type Clock,
  type Context,
  createContext,
  type DrainResult,
  every,
  type LifecycleLimits,
  type LifecyclePart,
  type Listener,
  type Logger,
  type Network,
  type Socket,
} from "holdfast";
import type { AccountDirectory } from "./accounts/account-directory.ts";
import type { Borrowed } from "./backend/backend-connections.ts";
import type { EndReason, Forensics } from "./forensic/forensic-event.ts";
import { type ConnectionRow, connectionRows } from "./forensic/connection-row.ts";
import type { FrontDoor, FrontEntry, FrontTicket } from "./front/front-door.ts";
import type { TimeLimits } from "./front/time-limits.ts";
import type { ProxyOptions } from "./proxy-options.ts";
import type { Route, Router } from "./routing/router.ts";
import { FrontConnection, type FrontObserver, RESTARTING } from "./session/front-connection.ts";
import type { SessionParts } from "./session/session.ts";
import type { SshConnectionOptions } from "./ssh/connection/connection-options.ts";
import type { OutputMemory } from "./ssh/connection/output-memory.ts";
import { SshServerConnection } from "./ssh/connection/server-connection.ts";
import type { AuthAnswer, ConnectionEnd } from "./ssh/connection/ssh-connection.ts";
import type { PrivateKey } from "./ssh/keys/private-key.ts";
import type { PublicKey } from "./ssh/keys/public-key.ts";
import type { CreateTransport } from "./ssh/transport/ssh-transport.ts";
import type { ProxyStats } from "./stats/proxy-stats.ts";

export interface SshProxyParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly network: Network;
  readonly createTransport: CreateTransport;
  readonly memory: OutputMemory;
  /** Where clients connect. */
  readonly address: Address;
  /** See `ListenOptions`; undefined: a socket of its own. */
  readonly fileDescriptor: number | undefined;
  readonly hostKeys: readonly PrivateKey[];
  readonly options: ProxyOptions;
  readonly timeLimits: TimeLimits;
  readonly sshOptions: SshConnectionOptions;
  readonly door: FrontDoor;
  readonly accounts: AccountDirectory;
  readonly router: Router;
  /** Rejects with a ServiceError. */
  readonly borrow: (route: Route, account: string, fresh: boolean) => Promise<Borrowed>;
  readonly forensics: Forensics;
  readonly stats: ProxyStats;
}

export class SshProxy implements LifecyclePart, FrontObserver {
  readonly name = "ssh proxy";
  readonly limits: Partial<LifecycleLimits>;
  private readonly parts: SshProxyParts;
  private readonly sessionParts: SessionParts;
  private readonly connections = new Map<string, FrontConnection>();
  private readonly tickets = new Map<FrontConnection, FrontTicket>();
  private readonly sessionsOf = new Map<string, number>();
  private listener: Listener | undefined = undefined;
  private draining = false;
  private onEmpty: () => void = () => undefined;

  constructor(parts: SshProxyParts) {
    this.parts = parts;
    // The drain ends by itself; the lifecycle's limit is only there in case it does not.
    this.limits = { drainMs: parts.options.drainMs + DRAIN_SLACK_MS };
    const { clock, options, stats, borrow } = parts;
    this.sessionParts = {
      ...{ clock, stats, borrow, routeMs: options.routeMs },
      route: (context, identity, { verb, access, repository }) =>
        parts.router.route(context, { identity, verb, access, repository }),
    };
  }

  /** After the start: with the port that was given. */
  get address(): Address {
    return this.listener?.address ?? this.parts.address;
  }

  async start(): Promise<void> {
    const { network, address, fileDescriptor } = this.parts;
    this.listener = await network.listen(
      address,
      (socket) => this.accept(socket),
      fileDescriptor === undefined ? {} : { fileDescriptor },
    );
  }

  /** Takes no more connections or sessions; resolves when the last has ended, or was ended. */
  async drain(context: Context): Promise<DrainResult> {
    const { clock, options, logger } = this.parts;
    this.draining = true;
    await this.listener?.close();
    for (const connection of [...this.connections.values()]) connection.drain();
    const stopLog = every(clock, COUNT_MS, () => logger.info("draining", this.counts));
    logger.info("draining", this.counts);
    const cut = await this.waitUntilEmpty(context, options.drainMs);
    stopLog();
    logger.info("drained", { cut });
    return { cut };
  }

  async stop(): Promise<void> {
    await this.listener?.close();
    for (const connection of [...this.connections.values()]) {
      connection.endWith("drain", RESTARTING);
    }
  }

  /** For an operator: ends one connection, by its SessionKey. */
  closeConnection(sessionKey: string): "closed" | "unknown" {
    const connection = this.connections.get(sessionKey);
    if (connection === undefined) return "unknown";
    connection.endWith("closed-by-operator", "this connection was closed by an operator");
    return "closed";
  }

  /** Who is logged in, and what they do. */
  rows(): ConnectionRow[] {
    const nowMs = this.parts.clock.nowMs();
    return [...this.connections.values()].flatMap((each) => rowsOf(each, nowMs));
  }

  get counts(): { readonly connections: number; readonly sessions: number } {
    let sessions = 0;
    for (const each of this.connections.values()) sessions += each.sessions.size;
    return { connections: this.connections.size, sessions };
  }

  onKeys(connection: FrontConnection): void {
    this.tickets.get(connection)?.handshakeDone();
  }

  onAuthenticated(connection: FrontConnection): void {
    this.tickets.get(connection)?.authenticated();
  }

  onSessionStart({ identity }: FrontConnection): void {
    const { account } = identity!;
    this.sessionsOf.set(account, (this.sessionsOf.get(account) ?? 0) + 1);
  }

  onSessionEnd({ identity }: FrontConnection): void {
    const { account } = identity!;
    const left = (this.sessionsOf.get(account) ?? 1) - 1;
    if (left > 0) this.sessionsOf.set(account, left);
    else this.sessionsOf.delete(account);
  }

  onEnd(connection: FrontConnection, reason: EndReason, { cause }: ConnectionEnd): void {
    const crashed = reason === "internal" && cause !== undefined;
    if (crashed) {
      const { sessionKey } = connection;
      this.parts.logger.error("a connection ended by a mistake of ours", {
        sessionKey,
        error: cause,
      });
    }
    this.connections.delete(connection.sessionKey);
    const { authFailureCount, authRequestCount, remoteIdent } = connection.ssh;
    this.tickets.get(connection)?.ended({
      reason,
      crashed,
      identified: remoteIdent !== "",
      authenticated: connection.identity !== undefined,
      authFailures: authFailureCount,
      authRequests: authRequestCount,
    });
    this.tickets.delete(connection);
    if (this.connections.size === 0) this.onEmpty();
  }

  /** The client is let in, or told nothing: what is refused here costs as little as can be. */
  private accept(accepted: Socket): void {
    void this.parts.door
      .enter(accepted)
      .then((entry) => {
        if (entry !== undefined) this.serve(entry);
      })
      .catch((error: unknown) => {
        this.parts.logger.error("a connection could not be taken", { error });
        accepted.destroy();
      });
  }

  private serve({ socket, ticket, proxiedBy }: FrontEntry): void {
    const { clock, hostKeys, createTransport, memory, options } = this.parts;
    const { timeLimits, sshOptions } = this.parts;
    const log = this.parts.forensics.open();
    const addr = socket.remote;
    log.record({ event: "accept", addr, ...(proxiedBy !== undefined && { proxiedBy }) });
    void new SshServerConnection({
      ...{ socket, clock, hostKeys, createTransport, memory },
      ...{ options: sshOptions, ident: options.ident },
      admit: () => ticket.beginHandshake(),
      handle: (connection) => {
        const front = new FrontConnection({
          ...{ clock, log, addr, limits: timeLimits, ssh: connection, observer: this },
          sessionParts: this.sessionParts,
          findIdentity: (user, key) => this.findIdentity(user, key),
          refuseSession: (each) => this.refuseSession(each),
        });
        this.connections.set(log.sessionKey, front);
        this.tickets.set(front, ticket);
        return front;
      },
    });
    // Whoever connected just before a drain is served like those who came earlier.
    if (this.draining) this.connections.get(log.sessionKey)?.drain();
  }

  private async findIdentity(user: string, key: PublicKey): Promise<AuthAnswer> {
    const { clock, options, accounts } = this.parts;
    const context = createContext({ clock }).withTimeout(options.accountsMs);
    try {
      const identity = await accounts.find(context, user, key);
      return identity === undefined ? { answer: "unknown" } : { answer: "known", identity };
    } catch (error) {
      return { answer: "unavailable", why: error instanceof Error ? error.message : String(error) };
    }
  }

  private refuseSession({ identity }: FrontConnection): string | undefined {
    const { forensics, options } = this.parts;
    if (!forensics.mayBegin) return "sessions cannot be recorded right now, please try again";
    const { account } = identity!;
    if ((this.sessionsOf.get(account) ?? 0) < options.sessionsPerAccountMax) return undefined;
    const max = options.sessionsPerAccountMax;
    return `${account} has ${max} sessions, and may have no more at once`;
  }

  private waitUntilEmpty(context: Context, drainMs: number): Promise<number> {
    if (this.connections.size === 0) return Promise.resolve(0);
    return new Promise((resolve) => {
      const cut = (): void => {
        const { sessions } = this.counts;
        this.onEmpty = () => undefined;
        for (const each of [...this.connections.values()]) each.endWith("drain", RESTARTING);
        finish(sessions);
      };
      const stopTimer = after(this.parts.clock, drainMs, cut);
      const stopContext = context.onCancel(cut);
      const finish = (count: number): void => {
        stopTimer();
        stopContext();
        this.onEmpty = () => undefined;
        resolve(count);
      };
      this.onEmpty = () => finish(0);
    });
  }
}

/** How often a drain says how many are left. */
const COUNT_MS = 1_000;
const DRAIN_SLACK_MS = 5_000;

function rowsOf(connection: FrontConnection, nowMs: number): ConnectionRow[] {
  const { identity, ssh, sessionKey, addr, startMs, lastActivityMs } = connection;
  if (identity === undefined) return [];
  const facts = {
    ...{ sessionKey, identity, addr, lastActivityMs, acceptedMs: startMs },
    ...{ ident: ssh.remoteIdent, bytesIn: ssh.bytesIn, bytesOut: ssh.bytesOut },
    sessions: [...connection.sessions].map((session) => ({
      channel: session.channelId,
      startedMs: session.startMs,
      lastActivityMs,
      bytesIn: session.bytesIn,
      bytesOut: session.bytesOut,
      verb: session.command?.verb,
      access: session.command?.access,
      repository: session.command?.repository,
      backend: session.route?.backend,
    })),
  };
  return connectionRows(facts, nowMs);
}
