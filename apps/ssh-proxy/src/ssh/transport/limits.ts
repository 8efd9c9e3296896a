/** The limits of one transport. */

export interface TransportLimits {
  /**
   * New keys after so many bytes in one direction. From 64 KiB to 64 GiB; default 1 GiB, as
   * RFC 4253, 9 says. Less costs handshakes, more leaves more for one key to protect.
   */
  readonly rekeyBytes: number;
  /**
   * New keys after so many packets in one direction. From 100 to 2^30; default 2^28. Far enough
   * from 2^32, where sequence numbers come again (RFC 4344, 3.1), for a peer slow to answer.
   */
  readonly rekeyPackets: number;
  /**
   * What waits inside while keys are exchanged, in bytes, with 128 for each message. From 64 KiB to
   * 64 MiB; default 1 MiB. Above it the connection ends: a peer that never finishes its exchange
   * holds that much. Less ends connections whose owner does not heed `exchangingKeys`.
   */
  readonly pendingMaxBytes: number;
  /**
   * Key exchanges that a peer may begin at once, once its user has logged in; it gets one back for
   * every 512 KiB, so that clients with `RekeyLimit 1M` and those with one every few minutes go on
   * for ever. From 1 to 100,000; default 128. More is work that one peer can make us do.
   */
  readonly peerExchangesMax: number;
  /**
   * Server: after so many bytes in one direction, an OpenSSH client that asked for CTR though it
   * has GCM is given new keys with GCM, once its user has logged in. From 0 to 2^53 - 1 (never);
   * default 1 MiB. Until version 10 they ask for CTR first, and the MAC that CTR needs is a second
   * pass over every byte; one more key exchange is a fraction of a millisecond. Less changes keys
   * for short sessions, which gain nothing.
   */
  readonly cipherChangeBytes: number;
}

const KIB = 1_024;
const MIB = 1_024 * KIB;
const GIB = 1_024 * MIB;

/** What a message that waits costs besides its bytes. */
export const PENDING_MESSAGE_BYTES = 128;
export const PENDING_MAX_BYTES = MIB;

/** Before the login nobody has a reason to change keys: this many in all. */
export const EARLY_PEER_EXCHANGES_MAX = 4;
/** Traffic, both ways, that earns a peer one more exchange. */
export const BYTES_PER_PEER_EXCHANGE = 512 * KIB;

/** EXT_INFO comes after the first keys, and once more before the login (RFC 8308, 2.4). */
export const EXT_INFO_MAX = 4;
/** Each costs an answer; no peer in its senses sends more than a few. */
export const UNKNOWN_MESSAGES_MAX = 64;

const RANGES: Record<keyof TransportLimits, { min: number; max: number; default: number }> = {
  rekeyBytes: { min: 64 * KIB, max: 64 * GIB, default: GIB },
  rekeyPackets: { min: 100, max: 2 ** 30, default: 2 ** 28 },
  pendingMaxBytes: { min: 64 * KIB, max: 64 * MIB, default: PENDING_MAX_BYTES },
  peerExchangesMax: { min: 1, max: 100_000, default: 128 },
  cipherChangeBytes: { min: 0, max: Number.MAX_SAFE_INTEGER, default: MIB },
};

const DEFAULTS = completed({});

/** Throws a RangeError that names the option and its range. */
export function completeTransportLimits(limits: Partial<TransportLimits> = {}): TransportLimits {
  return Object.keys(limits).length === 0 ? DEFAULTS : completed(limits);
}

function completed(limits: Partial<TransportLimits>): TransportLimits {
  const complete = (name: keyof TransportLimits): number => {
    const { min, max, default: byDefault } = RANGES[name];
    const value = limits[name] ?? byDefault;
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new RangeError(`limits.${name} is ${value}: a whole number from ${min} to ${max}`);
  };
  return {
    rekeyBytes: complete("rekeyBytes"),
    rekeyPackets: complete("rekeyPackets"),
    pendingMaxBytes: complete("pendingMaxBytes"),
    peerExchangesMax: complete("peerExchangesMax"),
    cipherChangeBytes: complete("cipherChangeBytes"),
  };
}
