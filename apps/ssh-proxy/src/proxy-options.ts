/** What the proxy as a whole is told: its name on the wire, its limits for accounts, its drain. */
import { ServiceError } from "holdfast";

export interface ProxyOptions {
  /**
   * What follows `SSH-2.0-` in the line that clients see; default `OpenSSH_Holdfast`. OpenSSH's
   * client tells only a server of this beginning that its reader is gone (`eow@openssh.com`), and
   * so `git … | head` would go on sending to nobody with any other.
   */
  readonly ident: string;
  /** Sessions of one account at once, 1 to 100,000, default 100. */
  readonly sessionsPerAccountMax: number;
  /** Time to find out whose key it is, in ms, 1 to 60,000, default 10,000. */
  readonly accountsMs: number;
  /** Time to find a repository's backend, in ms, 1 to 60,000, default 10,000. */
  readonly routeMs: number;
  /**
   * How long running sessions may take to end once a drain has begun, in ms, 0 to 86,400,000,
   * default 1,800,000 (30 min): what takes longer is disconnected with a text that says why.
   */
  readonly drainMs: number;
  /**
   * Between being not ready and taking no more connections, in ms, 0 to 600,000, default 0: the
   * time that a balancer needs to look at `/readyz`.
   */
  readonly drainDelayMs: number;
}

export const DEFAULT_PROXY_OPTIONS: ProxyOptions = {
  ident: "OpenSSH_Holdfast",
  sessionsPerAccountMax: 100,
  accountsMs: 10_000,
  routeMs: 10_000,
  drainMs: 1_800_000,
  drainDelayMs: 0,
};

const RANGES = {
  sessionsPerAccountMax: [1, 100_000],
  accountsMs: [1, 60_000],
  routeMs: [1, 60_000],
  drainMs: [0, 86_400_000],
  drainDelayMs: [0, 600_000],
} as const;
/** RFC 4253, 4.2: printable, without blanks and minus signs. */
const IDENT = /^[!-,.-~]{1,200}$/;

/** Throws a ServiceError `invalid` that names the option, its value and its range. */
export function completeProxyOptions(input: Partial<ProxyOptions> = {}): ProxyOptions {
  const options = { ...DEFAULT_PROXY_OPTIONS, ...input };
  for (const [name, [min, max]] of Object.entries(RANGES)) {
    const value = options[name as keyof typeof RANGES];
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new ServiceError("invalid", `${name} is ${value}: expected ${min} to ${max}`);
    }
  }
  if (!IDENT.test(options.ident)) {
    const expected = "1 to 200 printable characters without blanks and minus signs";
    throw new ServiceError("invalid", `ident is ${options.ident}: expected ${expected}`);
  }
  return options;
}
