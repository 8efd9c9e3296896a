/**
 * Calls that wait for a slot: bounded, each gives up alone when its context is over. No timer: what
 * is due is done when a slot is freed or another call comes.
 *
 * Whose turn is it? In a burst, the one who waited longest. Under overload that is the worst of all
 * choices: the queue only grows until everybody in it waits as long as their deadlines allow, and
 * the slots then work for callers that are about to give up. So a queue that has been standing for
 * a while serves the newest of the most important, who has all its time left, and refuses those who
 * waited longer than half the time that work takes, who may then ask another instance while it
 * still matters. The last one stays whatever it waited, or slots would idle while it wants them.
 *
 * After "adaptive LIFO" and "controlled delay" of Maurer, "Fail at Scale", ACM Queue 13(8), 2015,
 * and CoDel, RFC 8289. Those know a queue by two fixed times; here patience is a part of the time
 * that work takes, which shows in how often slots are freed while somebody waits, so that services
 * of 10 ms and of 1 s are treated alike. docs/guides/overload.md has the figures.
 */
import { type Clock, type Context, PRIORITY, priorityKey } from "@holdfast/core";
import { waitedTooLong } from "./error.ts";
import type { WaitingQueueOptions } from "./options.ts";
import { Waiter, WaiterList } from "./waiter-list.ts";

/** Each slot is freed this often before a queue counts as standing; until then it is a burst. */
const TURNS_UNTIL_STANDING = 2;
/** Within so many times `queueStandingMs` of a standing queue, the next one counts sooner: */
const AFTERMATH = 5;
/** after so many turns, whatever the time. Or overload would come as one burst after another. */
const TURNS_AGAIN = 1;
/** A queue that is filled again within so many patiences was not empty for long enough to count. */
const EMPTY_PATIENCES = 2;
/** Patience as a part of the time that work takes. */
const PATIENCE_RATIO = 0.5;
/** Freed slots over which the time that work takes is averaged, at least. */
const FREED_KEPT = 64;

export class WaitingQueue {
  /** How many wait. Read it freely. */
  length = 0;
  private options: WaitingQueueOptions;
  private clock: Clock | undefined = undefined;
  /** One for each priority, the least important first. */
  private readonly lists = Object.values(PRIORITY).map(() => new WaiterList());
  private standing = false;
  /** When the queue last stopped standing. */
  private stoodMs = -Infinity;
  /** When the queue became empty, and since when it was not empty for long. */
  private emptiedMs = -Infinity;
  private bornMs = 0;
  /** When the queue was last empty, and the slots freed since then. */
  private filledMs = 0;
  private freed = 0;
  /** The same two, with the past counting less and less. */
  private measuredFromMs = 0;
  private measuredFreed = 0;
  /** How long work takes; known once the queue was standing. */
  private workMs = 0;
  private timedOut = 0;

  constructor(options: WaitingQueueOptions) {
    this.options = options;
  }

  /** How many were refused because they waited too long. */
  get refusedLate(): number {
    return this.timedOut;
  }

  get isStanding(): boolean {
    return this.standing;
  }

  setOptions(options: WaitingQueueOptions): void {
    this.options = options;
  }

  /** How long the queue has not been empty for longer than a moment, in ms; 0 when it is. */
  ageMs(): number {
    if (this.clock === undefined) return 0;
    const nowMs = this.clock.nowMs();
    return this.length === 0 && !this.isMoment(nowMs - this.emptiedMs) ? 0 : nowMs - this.bornMs;
  }

  /** Resolves when a slot is there; undefined when there is no place. */
  wait(context: Context): Promise<void> | undefined {
    const { scope, clock } = context;
    const nowMs = clock.nowMs();
    if (this.length === 0) this.begin(clock, nowMs);
    else if (this.standing) this.refuseLate(nowMs);
    if (this.length >= this.options.queueMax) return undefined;
    // Priorities come from elsewhere; one that nobody knows is a normal one.
    const list = this.lists[context.get(priorityKey)] ?? this.lists[PRIORITY.normal]!;
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(list, scope, nowMs, resolve, (reason) => {
        this.remove(waiter);
        reject(reason);
      });
      list.append(waiter);
      this.length++;
      scope.listen(waiter);
    });
  }

  /** One of `slots` is free: it goes to one who waits; there must be one. */
  admit(slots: number): void {
    const nowMs = this.clock!.nowMs();
    this.countFreed(nowMs, slots);
    const waiter = this.standing ? this.newestOfMostImportant() : this.oldest();
    this.remove(waiter);
    waiter.admit();
    if (this.standing) this.refuseLate(nowMs);
  }

  private get patienceMs(): number {
    return Math.max(this.options.queuePatienceMs, PATIENCE_RATIO * this.workMs);
  }

  private begin(clock: Clock, nowMs: number): void {
    this.clock = clock;
    this.filledMs = nowMs;
    this.measuredFromMs = nowMs;
    this.freed = 0;
    this.measuredFreed = 0;
    if (!this.isMoment(nowMs - this.emptiedMs)) this.bornMs = nowMs;
    // A queue that serves the newest is empty at times under any overload.
    const canStand = this.options.queueStandingMs < Infinity;
    this.standing = canStand && this.isMoment(nowMs - this.stoodMs);
  }

  /** Whether a queue that was empty for so long is still the same queue. */
  private isMoment(emptyMs: number): boolean {
    return emptyMs <= EMPTY_PATIENCES * this.patienceMs;
  }

  private end(): void {
    this.emptiedMs = this.clock!.nowMs();
    if (this.standing) this.stoodMs = this.emptiedMs;
    this.standing = false;
  }

  private countFreed(nowMs: number, slots: number): void {
    this.freed++;
    this.measuredFreed++;
    if (this.measuredFreed >= 2 * Math.max(FREED_KEPT, slots)) {
      this.measuredFreed /= 2;
      this.measuredFromMs = (this.measuredFromMs + nowMs) / 2;
    }
    const isAgain = nowMs - this.stoodMs < AFTERMATH * this.options.queueStandingMs;
    if (this.freed < (isAgain ? TURNS_AGAIN : TURNS_UNTIL_STANDING) * slots) return;
    // While all slots are busy, each is freed once in the time that work takes.
    this.workMs = (slots * (nowMs - this.measuredFromMs)) / this.measuredFreed;
    const { queueStandingMs } = this.options;
    if (isAgain || nowMs - this.filledMs >= queueStandingMs) this.standing = true;
  }

  private oldest(): Waiter {
    let oldest: Waiter | undefined;
    for (const { first } of this.lists) {
      if (first === undefined) continue;
      if (oldest === undefined || first.sinceMs <= oldest.sinceMs) oldest = first;
    }
    return oldest!;
  }

  private newestOfMostImportant(): Waiter {
    return this.lists.findLast(({ last }) => last !== undefined)!.last!;
  }

  /** The least important first, so that the one who stays is of the most important. */
  private refuseLate(nowMs: number): void {
    const { patienceMs } = this;
    for (const list of this.lists) {
      while (list.first !== undefined && this.length > 1) {
        const waitedMs = nowMs - list.first.sinceMs;
        if (waitedMs <= patienceMs) break;
        this.timedOut++;
        list.first.refuse(waitedTooLong(waitedMs, patienceMs));
      }
    }
  }

  private remove(waiter: Waiter): void {
    waiter.list.remove(waiter);
    if (--this.length === 0) this.end();
  }
}
