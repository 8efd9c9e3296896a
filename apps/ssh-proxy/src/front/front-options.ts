/**
 * Options of everything that decides about a connection before anybody has logged in. The numbers
 * are OpenSSH's where it has one (MaxStartups, PerSourceMaxStartups, PerSourcePenalties).
 */
import { AddressList } from "./address-list.ts";
import { checkWhole } from "./check-whole.ts";
import {
  completeProxyProtocolOptions,
  type ProxyProtocolOptions,
  type ProxyProtocolOptionsInput,
} from "./proxy-protocol/options.ts";
import { completeTimeLimits, type TimeLimits } from "./time-limits.ts";

export interface FrontOptions {
  readonly admission: AdmissionOptions;
  readonly penalties: PenaltyOptions;
  readonly proxyProtocol: ProxyProtocolOptions;
  /** Of the client's leg. */
  readonly times: TimeLimits;
}

export interface AdmissionOptions {
  /**
   * Connections in all, logged in or not, 1 to 1,000,000, default 10,000. The one limit that holds
   * for exempt sources too: it is what memory and file descriptors have to suffice for. Lower
   * refuses people; higher needs some 35 KiB each.
   */
  readonly connectionsMax: number;
  /**
   * Connections on which nobody has logged in yet, 1 to `connectionsMax`, default 100. Lower
   * refuses bursts, such as all the build jobs that begin at the full hour; higher gives strangers
   * more of the process.
   */
  readonly unauthenticatedMax: number;
  /**
   * From this part of `unauthenticatedMax` on some connections are dropped at random, 0 to 1,
   * default 0.5; 1 drops none before the limit. Why early, why at random? A flood that fills every
   * place shuts everybody out; a coin leaves whoever tries again a chance all the time.
   */
  readonly earlyDropFromRatio: number;
  /**
   * The probability there, 0 to 1, default 0.3; from there it rises evenly to 1 at the limit. Lower
   * bears bursts better; higher keeps more places free in a flood.
   */
  readonly earlyDropRatio: number;
  /**
   * Connections of one source on which nobody has logged in yet, 1 to `unauthenticatedMax`, default
   * 10. Lower refuses parallel clones, and offices behind one address; higher lets one source take
   * more of the places.
   */
  readonly unauthenticatedPerSourceMax: number;
  /** How much of an IPv4 address is one source, in bits, 1 to 32, default 32: an address. */
  readonly ipv4PrefixBits: number;
  /**
   * The same for IPv6, 1 to 128, default 64: what one subscriber has at least, and can choose its
   * addresses from. Lower counts neighbours as one source.
   */
  readonly ipv6PrefixBits: number;
  /**
   * Who is neither dropped nor penalised, such as the office or a balancer that checks health:
   * addresses, networks and `unix`. Default nobody. They are counted against `connectionsMax` only:
   * were they counted against the places for those who have not logged in, they would take them
   * from everybody else.
   */
  readonly exempt: AddressList;
  /**
   * Key exchanges at once, for each core that computes them, 1 to 1,000, default 8. One costs about
   * a millisecond of computing and one or two round trips of waiting. Lower makes logins wait for
   * slow peers; higher makes running sessions wait for floods of strangers.
   */
  readonly handshakesPerCoreMax: number;
  /**
   * Connections that wait for a key exchange, 0 to 1,000,000, default 200; more are dropped. Lower
   * drops in bursts; higher lets people wait until their time for the login is up.
   */
  readonly handshakesWaitingMax: number;
  /**
   * A key exchange holds its place for at most so long while others wait, in ms, 1 to 60,000,
   * default 1,000; it may go on, without counting. Lower overlooks slow peers; higher lets a few
   * that begin an exchange and fall silent hold up everybody else.
   */
  readonly handshakeSlotMs: number;
}

export interface PenaltyOptions {
  /** `dark` counts whom it would refuse and refuses nobody; default `on`. */
  readonly mode: "on" | "dark" | "off";
  /**
   * What each thing that happened before a login adds to its source's penalty, in ms, 0 to
   * 3,600,000. Higher locks out attackers sooner, and whole offices behind one address as well.
   */
  readonly addMs: Readonly<Record<PenaltyKind, number>>;
  /**
   * Connections are refused once the penalty has reached this, in ms, 0 to `penaltyMaxMs`, default
   * 15,000. Lower punishes mistakes; higher lets more tries pass before it acts.
   */
  readonly enforceFromMs: number;
  /**
   * A penalty never grows beyond this, in ms, 1 to 86,400,000, default 600,000 (10 min). Lower lets
   * attackers come back sooner; higher locks out for longer who shares an address with one.
   */
  readonly penaltyMaxMs: number;
  /**
   * Sources remembered for each of IPv4 and IPv6, 1 to 10,000,000, default 65,536, at some 200
   * bytes each. When there are more, the mildest of the longest quiet ones are forgotten: who is
   * not remembered is not refused. Lower forgets attackers who have many addresses.
   */
  readonly sourcesPerFamilyMax: number;
}

/** What a source is penalised for, once per connection, when it ends. */
export const PENALTY_KINDS = [
  /** It tried to log in, and failed. Default 5,000. */
  "auth-failed",
  /** The time for the login ran out. Default 10,000. */
  "login-timeout",
  /**
   * It left without having tried to log in, or never spoke SSH. Default 1,000: that is what port
   * scans, browsers and health checks do. One check a second never adds up, since a second takes
   * away what a check adds.
   */
  "no-auth",
  /**
   * It spoke SSH and then broke the protocol. Default 10,000. OpenSSH knows no such penalty, and
   * 90 s only for what crashed its process. 90 s would lock out an office for one faulty client; as
   * it is, the second within 5 s does.
   */
  "protocol-error",
  /** What it sent made us fail: a mistake of ours, perhaps found by trying. Default 90,000. */
  "crash",
] as const;
export type PenaltyKind = (typeof PENALTY_KINDS)[number];

export const ADMISSION_DEFAULTS: Omit<AdmissionOptions, "exempt"> = {
  connectionsMax: 10_000,
  unauthenticatedMax: 100,
  earlyDropFromRatio: 0.5,
  earlyDropRatio: 0.3,
  unauthenticatedPerSourceMax: 10,
  ipv4PrefixBits: 32,
  ipv6PrefixBits: 64,
  handshakesPerCoreMax: 8,
  handshakesWaitingMax: 200,
  handshakeSlotMs: 1_000,
};

export const PENALTY_DEFAULTS: PenaltyOptions = {
  mode: "on",
  addMs: {
    "auth-failed": 5_000,
    "login-timeout": 10_000,
    "no-auth": 1_000,
    "protocol-error": 10_000,
    crash: 90_000,
  },
  enforceFromMs: 15_000,
  penaltyMaxMs: 600_000,
  sourcesPerFamilyMax: 65_536,
};

export interface AdmissionOptionsInput extends Partial<Omit<AdmissionOptions, "exempt">> {
  /** Addresses, networks and `unix`. */
  readonly exempt?: readonly string[];
}

export interface PenaltyOptionsInput extends Partial<Omit<PenaltyOptions, "addMs">> {
  readonly addMs?: Partial<Record<PenaltyKind, number>>;
}

export interface FrontOptionsInput {
  readonly admission?: AdmissionOptionsInput;
  readonly penalties?: PenaltyOptionsInput;
  readonly proxyProtocol?: ProxyProtocolOptionsInput;
  readonly times?: Partial<TimeLimits>;
}

/** Throws a RangeError that names the option, or the two that do not go together. */
export function completeFrontOptions(input: FrontOptionsInput = {}): FrontOptions {
  return {
    admission: completeAdmissionOptions(input.admission ?? {}),
    penalties: completePenaltyOptions(input.penalties ?? {}),
    proxyProtocol: completeProxyProtocolOptions(input.proxyProtocol ?? {}),
    times: completeTimeLimits(input.times ?? {}),
  };
}

export function completeAdmissionOptions(input: AdmissionOptionsInput): AdmissionOptions {
  const exempt = new AddressList("admission.exempt", input.exempt ?? []);
  const options = { ...ADMISSION_DEFAULTS, ...input, exempt };
  for (const [name, min, max] of ADMISSION_RANGES) {
    checkWhole(`admission.${name}`, options[name], min, max);
  }
  checkRatio("admission.earlyDropFromRatio", options.earlyDropFromRatio);
  checkRatio("admission.earlyDropRatio", options.earlyDropRatio);
  inOrder(options, "unauthenticatedPerSourceMax", "unauthenticatedMax");
  inOrder(options, "unauthenticatedMax", "connectionsMax");
  return options;
}

export function completePenaltyOptions(input: PenaltyOptionsInput): PenaltyOptions {
  const addMs = { ...PENALTY_DEFAULTS.addMs, ...input.addMs };
  const options = { ...PENALTY_DEFAULTS, ...input, addMs };
  if (!["on", "dark", "off"].includes(options.mode)) {
    throw new RangeError(`penalties.mode is ${options.mode}; it must be on, dark or off`);
  }
  for (const kind of PENALTY_KINDS) {
    checkWhole(`penalties.addMs.${kind}`, addMs[kind], 0, 3_600_000);
  }
  checkWhole("penalties.penaltyMaxMs", options.penaltyMaxMs, 1, 86_400_000);
  checkWhole("penalties.enforceFromMs", options.enforceFromMs, 0, options.penaltyMaxMs);
  checkWhole("penalties.sourcesPerFamilyMax", options.sourcesPerFamilyMax, 1, 10_000_000);
  return options;
}

const ADMISSION_RANGES = [
  ["connectionsMax", 1, 1_000_000],
  ["unauthenticatedMax", 1, 1_000_000],
  ["unauthenticatedPerSourceMax", 1, 1_000_000],
  ["ipv4PrefixBits", 1, 32],
  ["ipv6PrefixBits", 1, 128],
  ["handshakesPerCoreMax", 1, 1_000],
  ["handshakesWaitingMax", 0, 1_000_000],
  ["handshakeSlotMs", 1, 60_000],
] as const;

function checkRatio(option: string, value: number): void {
  if (value >= 0 && value <= 1) return;
  throw new RangeError(`${option} is ${value}; it must be from 0 to 1`);
}

type AdmissionLimit = "connectionsMax" | "unauthenticatedMax" | "unauthenticatedPerSourceMax";

function inOrder(options: AdmissionOptions, low: AdmissionLimit, high: AdmissionLimit): void {
  if (options[low] <= options[high]) return;
  const above = `above admission.${high}, which is ${options[high]}`;
  throw new RangeError(`admission.${low} is ${options[low]}, ${above}`);
}
