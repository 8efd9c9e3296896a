/** The limits of one SSH connection, on either side. */
import { ServiceError } from "holdfast";

export interface SshConnectionOptions {
  /**
   * Channels open at once, 1 to 1,000, default 10 as OpenSSH and GitLab have it. More lets one
   * login run more commands; each may hold `initialGrantBytes` before its backend is there.
   */
  readonly channelsMax: number;
  /**
   * The first window of a channel that the peer opens, in bytes, 1,024 to 196,608, default 65,536.
   * It bounds what may come before somebody takes it; less delays clients that speak first.
   */
  readonly initialGrantBytes: number;
  /**
   * Keys that did not do until the connection is ended, 1 to 100, default 6 as OpenSSH's
   * MaxAuthTries. An agent with more keys than that never comes to the right one.
   */
  readonly authFailuresMax: number;
  /** Login requests in all, whatever they ask, 1 to 1,000, default 64. */
  readonly authRequestsMax: number;
  /** Global requests a second, keepalives included, 1 to 10,000, default 32. */
  readonly globalRequestsPerSecondMax: number;
  /** Requests on one channel that wait for their answers, 1 to 1,000, default 16. */
  readonly channelRequestsPendingMax: number;
}

export const DEFAULT_SSH_CONNECTION_OPTIONS: SshConnectionOptions = {
  channelsMax: 10,
  initialGrantBytes: 65_536,
  authFailuresMax: 6,
  authRequestsMax: 64,
  globalRequestsPerSecondMax: 32,
  channelRequestsPendingMax: 16,
};

const RANGES: Readonly<Record<keyof SshConnectionOptions, readonly [number, number]>> = {
  channelsMax: [1, 1_000],
  initialGrantBytes: [1_024, 196_608],
  authFailuresMax: [1, 100],
  authRequestsMax: [1, 1_000],
  globalRequestsPerSecondMax: [1, 10_000],
  channelRequestsPendingMax: [1, 1_000],
};

/** Throws a ServiceError `invalid` that names the option, its value and its range. */
export function completeSshConnectionOptions(
  input: Partial<SshConnectionOptions> = {},
): SshConnectionOptions {
  const options = { ...DEFAULT_SSH_CONNECTION_OPTIONS, ...input };
  for (const [name, [min, max]] of Object.entries(RANGES)) {
    const value = options[name as keyof SshConnectionOptions];
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new ServiceError("invalid", `${name} is ${value}: expected ${min} to ${max}`);
    }
  }
  return options;
}
