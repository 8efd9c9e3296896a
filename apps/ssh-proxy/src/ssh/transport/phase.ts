/**
 * Which messages a peer may send when (RFC 4253, 7 to 11), by number. One table, asked before
 * anything looks into a message: what came too early has broken servers (CVE-2018-10933).
 */
import { MESSAGE } from "../message-numbers.ts";
import { DISCONNECT, SshError } from "../ssh-error.ts";

/** Where the peer is in its key exchange; ours has the same steps at other moments. */
export const PHASE = {
  /** Its first KEXINIT has not come. */
  firstInit: 0,
  /** Its first KEXINIT has come, its share of the secret has not. */
  firstShare: 1,
  /** Everything but its first NEWKEYS has come. */
  firstNewKeys: 2,
  /** Keys are in force, and it has begun no other exchange. */
  open: 3,
  share: 4,
  newKeys: 5,
} as const;

export type Phase = (typeof PHASE)[keyof typeof PHASE];

export interface Gate {
  readonly role: "server" | "client";
  readonly phase: Phase;
  /** Whether the strict key exchange is in force. */
  readonly strict: boolean;
}

const GENERIC_MAX = MESSAGE.debug;
const EXCHANGE_MIN = 30;
const EXCHANGE_MAX = 49;
const UPPER_MIN = MESSAGE.userauthRequest;

/** Throws an `SshError` when no message of this number may come now. */
export function checkAllowed(number: number, gate: Gate): void {
  if (!isAllowed(number, gate)) {
    const when = WHEN[gate.phase];
    throw new SshError(DISCONNECT.protocolError, `message ${number} ${when}`);
  }
}

const WHEN: Record<Phase, string> = {
  [PHASE.firstInit]: "before the key exchange",
  [PHASE.firstShare]: "during the first key exchange",
  [PHASE.firstNewKeys]: "where the first new keys should be",
  [PHASE.open]: "outside of a key exchange, or from the wrong side",
  [PHASE.share]: "during a key exchange",
  [PHASE.newKeys]: "where new keys should be",
};

function isAllowed(number: number, { role, phase, strict }: Gate): boolean {
  if (number === MESSAGE.disconnect) return true;
  if (number > MESSAGE.disconnect && number <= GENERIC_MAX) {
    return !strict || phase >= PHASE.open;
  }
  switch (phase) {
    case PHASE.firstInit:
      return number === MESSAGE.kexInit;
    case PHASE.firstShare:
    case PHASE.share:
      return number === (role === "server" ? MESSAGE.kexEcdhInit : MESSAGE.kexEcdhReply);
    case PHASE.firstNewKeys:
    case PHASE.newKeys:
      return number === MESSAGE.newKeys;
    case PHASE.open:
      return isAllowedWhenOpen(number, role);
  }
}

/** Numbers that nobody knows pass, and are answered with UNIMPLEMENTED. */
function isAllowedWhenOpen(number: number, role: Gate["role"]): boolean {
  if (number >= UPPER_MIN) return true;
  if (number === MESSAGE.serviceRequest) return role === "server";
  if (number === MESSAGE.serviceAccept) return role === "client";
  const isOfExchange = number === MESSAGE.newKeys || isExchangeShare(number);
  return number !== 0 && !isOfExchange;
}

/** Of the numbers of key exchange methods, 30 to 49, those that we use. */
function isExchangeShare(number: number): boolean {
  return number === MESSAGE.kexEcdhInit || number === MESSAGE.kexEcdhReply;
}

/** Whether a message can be the one sent on a guess (RFC 4253, 7). */
export function isGuess(number: number): boolean {
  return number >= EXCHANGE_MIN && number <= EXCHANGE_MAX;
}
