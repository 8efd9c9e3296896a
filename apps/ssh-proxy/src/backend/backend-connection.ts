/** One connection to a host behind the proxy, with its clocks: dialled, logged in, kept, closed. */
import { type Address, type Clock, formatAddress, type Network, ServiceError } from "holdfast";
import { ConnectionTimes } from "../front/connection-times.ts";
import { TIME_LIMITS_DEFAULTS } from "../front/time-limits.ts";
import type { BackendPool } from "../routing/backend-pools.ts";
import { type LoginSsh, loginSsh } from "../ssh/connection/client-connection.ts";
import type { SshConnectionOptions } from "../ssh/connection/connection-options.ts";
import type { OutputMemory } from "../ssh/connection/output-memory.ts";
import type { ConnectionEnd, SshClientConnection } from "../ssh/connection/ssh-connection.ts";
import type { PrivateKey } from "../ssh/keys/private-key.ts";
import type { PublicKey } from "../ssh/keys/public-key.ts";
import type { CreateTransport } from "../ssh/transport/ssh-transport.ts";
import type { BackendOptions } from "./backend-options.ts";

export interface DialParts {
  readonly clock: Clock;
  readonly network: Network;
  readonly createTransport: CreateTransport;
  readonly memory: OutputMemory;
  readonly ident: string;
  readonly algorithms?: LoginSsh["algorithms"];
  readonly options: BackendOptions;
  readonly sshOptions: SshConnectionOptions;
}

export interface DialTarget {
  readonly pool: BackendPool;
  readonly address: Address;
  readonly keys: readonly PrivateKey[];
  /** A host that shows another key than it should; the session is refused. */
  readonly onWrongHostKey: (key: PublicKey) => void;
}

export class BackendConnection {
  readonly pool: BackendPool;
  /** Such as `10.0.0.7:22`. */
  readonly address: string;
  readonly ssh: SshClientConnection;
  readonly ended: Promise<ConnectionEnd>;
  /** False once it has ended: no session can be opened on it any more. */
  alive = true;
  private readonly times: ConnectionTimes;

  private constructor(
    target: DialTarget,
    ssh: SshClientConnection,
    times: (owner: BackendConnection) => ConnectionTimes,
  ) {
    this.pool = target.pool;
    this.address = formatAddress(target.address);
    this.ssh = ssh;
    this.times = times(this);
    this.times.identified();
    this.times.authenticated();
    this.ended = ssh.ended.then((end) => {
      this.alive = false;
      this.times.close();
      return end;
    });
  }

  /** Rejects with a ServiceError `unavailable` that says what the host did or did not do. */
  static async dial(parts: DialParts, target: DialTarget): Promise<BackendConnection> {
    const { clock, network, options, createTransport, ident } = parts;
    const where = formatAddress(target.address);
    const socket = await network.connect(target.address, { timeoutMs: options.dialMs });
    let times: ConnectionTimes | undefined;
    const login = loginSsh({
      ...{ socket, clock, createTransport, ident, keys: target.keys, memory: parts.memory },
      ...(parts.algorithms !== undefined && { algorithms: parts.algorithms }),
      user: target.pool.user,
      options: parts.sshOptions,
      acceptHostKey: (key) => acceptHostKey(target, key),
      onReceived: () => times?.received(),
    });
    const limit = new ConnectionTimes({
      clock,
      limits: { ...UNLIMITED, identMs: options.loginMs, loginMs: options.loginMs },
      onExpire: () => login.abort(`it did not let the proxy in within ${options.loginMs} ms`),
      sendKeepalive: () => undefined,
    });
    try {
      const ssh = await login.connection;
      return new BackendConnection(target, ssh, (owner) => {
        times = new ConnectionTimes({
          clock,
          limits: { ...UNLIMITED, keepaliveMs: options.keepaliveMs },
          onExpire: () => ssh.destroy(),
          sendKeepalive: () => {
            // What waits unread may be the very answer.
            if (owner.ssh.readingPaused) times?.received();
            else ssh.sendKeepalive();
          },
        });
        return times;
      });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ServiceError("unavailable", `${where}: ${why}`, { cause: error });
    } finally {
      limit.close();
    }
  }

  /** Ends it in order. */
  close(text: string): void {
    this.alive = false;
    this.ssh.disconnect(11, text);
  }
}

const UNLIMITED = {
  ...TIME_LIMITS_DEFAULTS,
  identMs: Infinity,
  loginMs: Infinity,
  inactivityMs: Infinity,
  totalMs: Infinity,
};

/** Strict: a key that is not listed is none. */
function acceptHostKey({ pool, onWrongHostKey }: DialTarget, key: PublicKey): boolean {
  const line = `${key.type} ${key.blob.toString("base64")}`;
  const known = pool.hostKeys.some((each) => each === key.fingerprint || each === line);
  if (!known) onWrongHostKey(key);
  return known;
}
