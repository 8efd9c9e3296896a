/**
 * The start and the end of every call, kept in a ring of fixed size: a log line for each costs more
 * than the call itself, an entry here costs tens of nanoseconds and no allocation. Log lines, the
 * `/calls` page and the dump when something goes wrong are made from it.
 *
 * A call that still runs keeps its slot while others pass it by, for the calls that take long are
 * the ones somebody will ask about; one that ends when the ring has moved on is moved up with it.
 */
import type { RequestIds } from "../context/request-ids.ts";
import { ERROR_CODES } from "../error/service-error.ts";
import type { ErrorCode } from "../error/service-error.ts";
import type { Clock } from "../time/clock.ts";
import { cutText } from "./escape.ts";

/** How a call ended; an outcome is an index into this list. */
export const OUTCOMES: readonly Outcome[] = ["ok", "exception", ...ERROR_CODES];
/** `exception`: the handler threw one that the IDL declares, which is an answer. */
export type Outcome = "ok" | "exception" | ErrorCode;
export const OUTCOME_OK = 0;
export const OUTCOME_EXCEPTION = 1;

const OUTCOME_OF_CODE = new Map(OUTCOMES.map((name, index) => [name, index]));

/** The outcome of a call that failed with `code`. */
export function outcomeOf(code: Outcome): number {
  return OUTCOME_OF_CODE.get(code)!;
}

/** One call, made readable. */
export interface CallRecord {
  readonly requestId: string;
  readonly method: string;
  readonly caller: string;
  readonly peer: string;
  readonly startEpochMs: number;
  /** Undefined while the call runs. */
  readonly durationMs: number | undefined;
  /** Undefined while the call runs. */
  readonly outcome: Outcome | undefined;
}

export interface CallRecordsOptions {
  readonly clock: Clock;
  /** Makes ids that were kept as numbers readable; default: the number itself. */
  readonly requestIds?: RequestIds;
  /**
   * Slots in the ring: a power of two from 2 to 2^20, default 8,192, which is the last 80 ms at
   * 100,000 calls a second. A slot costs about 60 bytes and the strings it refers to.
   */
  readonly capacity?: number;
  /** How many method names are told apart, 1 to 65,535, default 4,096; others show as `other`. */
  readonly methodsMax?: number;
}

export interface CallFilter {
  readonly method?: string;
  /** `running` finds those that have not ended. */
  readonly outcome?: Outcome | "running";
}

const DEFAULT_CAPACITY = 8_192;
const CAPACITY_MAX = 1 << 20;
const DEFAULT_METHODS_MAX = 4_096;
/** Id 0: a method beyond `methodsMax`, or one that is no longer known. */
const METHOD_OTHER = "other";
/** Tickets stay small integers, which V8 does not allocate; they come again after 2^31 calls. */
const TICKET_MASK = 0x7fff_ffff;
/** How many running calls are passed by before one of them loses its slot. */
const PROBES = 16;
/** Texts come from the wire and stay as long as the slot does. */
const TEXT_MAX_LENGTH = 128;

const EMPTY = 254;
const RUNNING = 255;

export class CallRecords {
  readonly capacity: number;
  private readonly clock: Clock;
  private readonly requestIds: RequestIds | undefined;
  private readonly mask: number;
  private readonly tickets: Int32Array;
  private readonly methodIds: Uint16Array;
  private readonly outcomes: Uint8Array;
  private readonly startMs: Float64Array;
  private readonly durationMs: Float64Array;
  private readonly ids: (string | number)[];
  private readonly callers: string[];
  private readonly peers: string[];
  private nextTicket = 0;
  private readonly methodsMax: number;
  private readonly methodNames: string[] = [METHOD_OTHER];
  private readonly methodIdByName = new Map<string, number>();

  constructor(options: CallRecordsOptions) {
    const { capacity = DEFAULT_CAPACITY, methodsMax = DEFAULT_METHODS_MAX } = options;
    const powerOfTwo = Number.isInteger(capacity) && (capacity & (capacity - 1)) === 0;
    if (!powerOfTwo || capacity < 2 || capacity > CAPACITY_MAX) {
      throw new RangeError(`capacity is ${capacity}; it must be a power of two from 2 to 2^20`);
    }
    if (!(Number.isInteger(methodsMax) && methodsMax >= 1 && methodsMax <= 65_535)) {
      throw new RangeError(`methodsMax is ${methodsMax}; it must be from 1 to 65,535`);
    }
    this.capacity = capacity;
    this.clock = options.clock;
    this.requestIds = options.requestIds;
    this.mask = capacity - 1;
    this.methodsMax = methodsMax;
    this.tickets = new Int32Array(capacity).fill(-1);
    this.methodIds = new Uint16Array(capacity);
    this.outcomes = new Uint8Array(capacity).fill(EMPTY);
    this.startMs = new Float64Array(capacity);
    this.durationMs = new Float64Array(capacity);
    this.ids = Array.from({ length: capacity }, () => "");
    this.callers = Array.from({ length: capacity }, () => "");
    this.peers = Array.from({ length: capacity }, () => "");
  }

  /** The id of a method name, the same for the same name. Ask once per method, not per call. */
  methodId(name: string): number {
    const found = this.methodIdByName.get(name);
    if (found !== undefined) return found;
    if (this.methodNames.length > this.methodsMax) return 0;
    const id = this.methodNames.push(cutText(name, TEXT_MAX_LENGTH)) - 1;
    this.methodIdByName.set(name, id);
    return id;
  }

  /** A call has begun, at `startMs` of the clock's `nowMs()`. The ticket is for `end`. */
  begin(
    methodId: number,
    requestId: string | number,
    caller: string,
    peer: string,
    startMs: number,
  ): number {
    const ticket = this.takeSlot();
    const slot = ticket & this.mask;
    this.methodIds[slot] = methodId;
    this.outcomes[slot] = RUNNING;
    this.startMs[slot] = startMs;
    this.ids[slot] =
      typeof requestId === "number" || requestId.length <= TEXT_MAX_LENGTH
        ? requestId
        : cutText(requestId, TEXT_MAX_LENGTH);
    this.callers[slot] =
      caller.length <= TEXT_MAX_LENGTH ? caller : cutText(caller, TEXT_MAX_LENGTH);
    this.peers[slot] = peer.length <= TEXT_MAX_LENGTH ? peer : cutText(peer, TEXT_MAX_LENGTH);
    return ticket;
  }

  /**
   * The call has ended; once per ticket. Returns the ticket under which its record can be read
   * from now on: another one when the ring had moved on meanwhile.
   */
  end(ticket: number, outcome: number, durationMs: number): number {
    const slot = ticket & this.mask;
    if (this.tickets[slot] !== ticket) return this.endUnknown(outcome, durationMs);
    this.outcomes[slot] = outcome;
    this.durationMs[slot] = durationMs;
    const age = (this.nextTicket - ticket) & TICKET_MASK;
    return age > this.capacity >> 1 ? this.moveUp(slot) : ticket;
  }

  /** The record of a ticket; undefined when others have taken its slot since. */
  read(ticket: number): CallRecord | undefined {
    const slot = ticket & this.mask;
    return this.tickets[slot] === ticket ? this.recordAt(slot) : undefined;
  }

  /**
   * At most `limit` records, newest first: by their start, and those that ran for long by their
   * end.
   */
  recent(limit: number, filter: CallFilter = {}): CallRecord[] {
    const ages: { readonly slot: number; readonly age: number }[] = [];
    for (let slot = 0; slot < this.capacity; slot++) {
      if (this.outcomes[slot] === EMPTY || !this.matches(slot, filter)) continue;
      ages.push({ slot, age: (this.nextTicket - this.tickets[slot]!) & TICKET_MASK });
    }
    ages.sort((left, right) => left.age - right.age);
    return ages.slice(0, Math.max(0, limit)).map(({ slot }) => this.recordAt(slot));
  }

  private takeSlot(): number {
    let ticket = this.nextTicket;
    for (let probe = 0; probe < PROBES && this.outcomes[ticket & this.mask] === RUNNING; probe++) {
      ticket = (ticket + 1) & TICKET_MASK;
    }
    this.nextTicket = (ticket + 1) & TICKET_MASK;
    this.tickets[ticket & this.mask] = ticket;
    return ticket;
  }

  /** So many calls were running that this one lost its slot: its end is kept all the same. */
  private endUnknown(outcome: number, durationMs: number): number {
    const ticket = this.begin(0, "", "", "", this.clock.nowMs() - durationMs);
    this.outcomes[ticket & this.mask] = outcome;
    this.durationMs[ticket & this.mask] = durationMs;
    return ticket;
  }

  /** Others would overwrite the record soon: it takes a new slot, as if it had just begun. */
  private moveUp(from: number): number {
    const ticket = this.takeSlot();
    const to = ticket & this.mask;
    if (to === from) return ticket;
    this.methodIds[to] = this.methodIds[from]!;
    this.outcomes[to] = this.outcomes[from]!;
    this.startMs[to] = this.startMs[from]!;
    this.durationMs[to] = this.durationMs[from]!;
    this.ids[to] = this.ids[from]!;
    this.callers[to] = this.callers[from]!;
    this.peers[to] = this.peers[from]!;
    this.outcomes[from] = EMPTY;
    this.tickets[from] = -1;
    return ticket;
  }

  private matches(slot: number, filter: CallFilter): boolean {
    const outcome = this.outcomes[slot]!;
    if (filter.method !== undefined && this.methodAt(slot) !== filter.method) return false;
    if (filter.outcome === undefined) return true;
    return filter.outcome === "running"
      ? outcome === RUNNING
      : filter.outcome === OUTCOMES[outcome];
  }

  private methodAt(slot: number): string {
    return this.methodNames[this.methodIds[slot]!] ?? METHOD_OTHER;
  }

  private recordAt(slot: number): CallRecord {
    const id = this.ids[slot]!;
    const running = this.outcomes[slot] === RUNNING;
    const agoMs = this.clock.nowMs() - this.startMs[slot]!;
    return {
      requestId: typeof id === "number" ? (this.requestIds?.format(id) ?? String(id)) : id,
      method: this.methodAt(slot),
      caller: this.callers[slot]!,
      peer: this.peers[slot]!,
      startEpochMs: Math.round(this.clock.epochMs() - agoMs),
      durationMs: running ? undefined : this.durationMs[slot]!,
      outcome: running ? undefined : OUTCOMES[this.outcomes[slot]!],
    };
  }
}
