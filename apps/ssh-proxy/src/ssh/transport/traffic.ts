/** How much went under the keys that are in force, and what follows: when new ones are due. */
import { DISCONNECT, SshError } from "../ssh-error.ts";
import {
  BYTES_PER_PEER_EXCHANGE,
  EARLY_PEER_EXCHANGES_MAX,
  type TransportLimits,
} from "./limits.ts";

/** A peer that goes on sending, but leaves our KEXINIT unanswered, is cut off here. */
const OVERDUE_FACTOR = 2;

/** One direction, from NEWKEYS to NEWKEYS. */
export class TrafficMeter {
  private readonly bytesMax: number;
  private readonly packetsMax: number;
  /** Where new keys are due: `bytesMax`, or sooner this once. */
  private dueBytes: number;
  bytes = 0;
  private packets = 0;

  constructor(limits: TransportLimits) {
    this.bytesMax = limits.rekeyBytes;
    this.packetsMax = limits.rekeyPackets;
    this.dueBytes = this.bytesMax;
  }

  /** Until the next reset new keys are due after so many bytes, if that is sooner. */
  dueAfter(bytes: number): void {
    this.dueBytes = Math.min(this.bytesMax, bytes);
  }

  count(bytes: number): void {
    this.bytes += bytes;
    this.packets++;
  }

  reset(): void {
    this.bytes = 0;
    this.packets = 0;
    this.dueBytes = this.bytesMax;
  }

  get rekeyDue(): boolean {
    return this.bytes >= this.dueBytes || this.packets >= this.packetsMax;
  }

  /** Throws an `SshError` when new keys were due long ago. */
  checkOverdue(): void {
    const { bytes, packets, bytesMax, packetsMax } = this;
    if (bytes < bytesMax * OVERDUE_FACTOR && packets < packetsMax * OVERDUE_FACTOR) return;
    throw new SshError(DISCONNECT.keyExchangeFailed, "the peer does not exchange keys");
  }
}

/** How often a peer may begin a key exchange: so many at once, and more as traffic goes by. */
export class PeerExchangeBudget {
  private readonly max: number;
  private left: number;
  private unlocked = false;

  constructor(limits: TransportLimits) {
    this.max = limits.peerExchangesMax;
    this.left = Math.min(EARLY_PEER_EXCHANGES_MAX, this.max);
  }

  /** The user has logged in: now all of it. */
  unlock(): void {
    if (!this.unlocked) this.left = this.max;
    this.unlocked = true;
  }

  /** Throws an `SshError` when nothing is left. `bytes`: the traffic since the last exchange. */
  take(bytes: number): void {
    const earned = this.unlocked ? bytes / BYTES_PER_PEER_EXCHANGE : 0;
    this.left = Math.min(this.max, this.left + earned) - 1;
    if (this.left < 0) {
      throw new SshError(DISCONNECT.protocolError, "the peer exchanges keys over and over");
    }
  }
}
