/**
 * The connections to the backends: a session borrows one and gives it back. It has it for itself
 * meanwhile, so that no session waits for another's slow reader. One that is given back is kept
 * for a while for the next session of the same account, which saves that a handshake.
 */
import {
  type Address,
  after,
  type Clock,
  formatAddress,
  type Logger,
  ServiceError,
} from "holdfast";
import type { BackendPool } from "../routing/backend-pools.ts";
import type { ConnectionEnd } from "../ssh/connection/ssh-connection.ts";
import type { PrivateKey } from "../ssh/keys/private-key.ts";
import type { PublicKey } from "../ssh/keys/public-key.ts";
import { BackendConnection, type DialParts } from "./backend-connection.ts";

/** Chooses among the hosts of a pool. */
export interface HostPicker {
  /** Undefined: there is none but those to leave out. */
  pick(pool: BackendPool, leaveOut: ReadonlySet<string>): PickedHost | undefined;
}

export interface PickedHost {
  readonly address: Address;
  /** How the dial went; then, for one that went well, `released` when its connection is idle. */
  dialled(outcome: "ok" | "failed"): void;
  /** The host's share of the work is over. */
  released(): void;
}

export interface BackendConnectionsParts extends DialParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly hosts: HostPicker;
  /** The key to log in with; rejects with a ServiceError when there is none. */
  readonly keyFor: (pool: BackendPool, account: string) => Promise<PrivateKey>;
  /** Every dial, for statistics. */
  readonly onDial?: (result: "ok" | "failed" | "reused", durationMs: number) => void;
}

export interface Borrowed {
  readonly connection: BackendConnection;
  /** Whether it had been used before. */
  readonly reused: boolean;
  /** Gives it back; `reusable` false closes it. Once. */
  release(reusable: boolean): void;
}

interface Kept {
  readonly connection: BackendConnection;
  readonly host: PickedHost;
  readonly stopWaiting: () => void;
}

export class BackendConnections {
  private readonly parts: BackendConnectionsParts;
  private readonly kept = new Map<string, Kept[]>();
  private keptCount = 0;
  private borrowedCount = 0;
  private closed = false;

  constructor(parts: BackendConnectionsParts) {
    this.parts = parts;
  }

  get counts(): { readonly kept: number; readonly borrowed: number } {
    return { kept: this.keptCount, borrowed: this.borrowedCount };
  }

  /**
   * A connection for a session of the account. With `fresh` a kept one will not do. Rejects with a
   * ServiceError `unavailable` that says what each host that was tried did.
   */
  async borrow(pool: BackendPool, account: string, fresh = false): Promise<Borrowed> {
    const place = `${pool.name} ${account}`;
    const kept = fresh ? undefined : this.takeKept(place, pool);
    if (kept !== undefined) {
      this.parts.onDial?.("reused", 0);
      return this.lend(place, kept.connection, kept.host, true);
    }
    const key = await this.parts.keyFor(pool, account);
    const { connection, host } = await this.dialOneOf(pool, key);
    // Once for each connection, however often it is kept.
    void connection.ended.then((end) => this.onEnded(place, connection, end));
    return this.lend(place, connection, host, false);
  }

  /** Closes what is kept; what is borrowed is closed when it is given back. */
  close(): void {
    this.closed = true;
    for (const place of [...this.kept.keys()]) {
      for (const kept of this.kept.get(place) ?? []) this.drop(kept);
      this.kept.delete(place);
    }
    this.keptCount = 0;
  }

  private async dialOneOf(
    pool: BackendPool,
    key: PrivateKey,
  ): Promise<{ connection: BackendConnection; host: PickedHost }> {
    const { clock, hosts, options, onDial } = this.parts;
    const tried = new Set<string>();
    const failures: string[] = [];
    while (tried.size < options.hostsTriedMax) {
      const host = hosts.pick(pool, tried);
      if (host === undefined) break;
      tried.add(formatAddress(host.address));
      const startMs = clock.nowMs();
      try {
        const connection = await this.dial(pool, host, key);
        host.dialled("ok");
        onDial?.("ok", clock.nowMs() - startMs);
        return { connection, host };
      } catch (error) {
        host.dialled("failed");
        onDial?.("failed", clock.nowMs() - startMs);
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
    const what = failures.length === 0 ? "it has no hosts now" : failures.join("; ");
    throw new ServiceError("unavailable", `backend ${pool.name}: ${what}`);
  }

  private dial(pool: BackendPool, host: PickedHost, key: PrivateKey): Promise<BackendConnection> {
    const { address } = host;
    return BackendConnection.dial(this.parts, {
      ...{ pool, address },
      keys: [key],
      onWrongHostKey: (shown) => this.warnOfKey(pool, address, shown),
    });
  }

  /** Somebody else may be answering there: worth waking somebody for. */
  private warnOfKey(pool: BackendPool, address: Address, key: PublicKey): void {
    this.parts.logger.error("a backend shows a host key that is not pinned", {
      backend: pool.name,
      addr: formatAddress(address),
      fingerprint: key.fingerprint,
      expected: pool.hostKeys.join(", "),
    });
  }

  private lend(
    place: string,
    connection: BackendConnection,
    host: PickedHost,
    reused: boolean,
  ): Borrowed {
    this.borrowedCount++;
    let given = false;
    const release = (reusable: boolean): void => {
      if (given) return;
      given = true;
      this.borrowedCount--;
      this.takeBack(place, connection, host, reusable);
    };
    return { connection, reused, release };
  }

  private takeBack(
    place: string,
    connection: BackendConnection,
    host: PickedHost,
    reusable: boolean,
  ): void {
    const { options, clock } = this.parts;
    const places = this.kept.get(place) ?? [];
    const room = places.length < options.keptPerAccountMax && this.keptCount < options.keptMax;
    const useful = reusable && connection.alive && connection.ssh.channelCount === 0;
    if (this.closed || !useful || !room || options.keepMs === 0) {
      host.released();
      if (connection.alive) connection.close("the session has ended");
      return;
    }
    places.push({
      ...{ connection, host },
      stopWaiting: after(clock, options.keepMs, () => this.forget(place, connection)),
    });
    this.kept.set(place, places);
    this.keptCount++;
  }

  private takeKept(place: string, pool: BackendPool): Kept | undefined {
    const places = this.kept.get(place);
    // The last one given back: the others come to their end sooner.
    const kept = places?.pop();
    if (kept === undefined) return undefined;
    if (places!.length === 0) this.kept.delete(place);
    this.keptCount--;
    kept.stopWaiting();
    // A pool that was changed meanwhile may want another user, key or host.
    if (kept.connection.alive && kept.connection.pool === pool) return kept;
    this.drop(kept);
    return this.takeKept(place, pool);
  }

  private onEnded(place: string, connection: BackendConnection, end: ConnectionEnd): void {
    this.forget(place, connection);
    if (end.kind !== "internal") return;
    const { address } = connection;
    const error = end.cause;
    this.parts.logger.error("a backend's connection ended by a mistake of ours", {
      address,
      error,
    });
  }

  private forget(place: string, connection: BackendConnection): void {
    const places = this.kept.get(place) ?? [];
    const at = places.findIndex((kept) => kept.connection === connection);
    if (at === -1) return;
    const [kept] = places.splice(at, 1);
    if (places.length === 0) this.kept.delete(place);
    this.keptCount--;
    this.drop(kept!);
  }

  private drop({ connection, host, stopWaiting }: Kept): void {
    stopWaiting();
    host.released();
    if (connection.alive) connection.close("not needed any more");
  }
}
