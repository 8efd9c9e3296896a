/**
 * Which instances are called after each answer of Consul: those that it vouches for, and for a
 * while some that it no longer does.
 *
 * Why not simply what it says? A check is a promise kept alive by somebody: after Consul has been
 * away, or frozen, for longer than the checks last, its first answer calls every instance critical
 * although all of them work. A new or restored Consul has not even heard of them yet. Whoever
 * empties the list then turns an outage of Consul into one of everything. An instance that is
 * really gone costs a failed connection for that while, which retries and breakers are there for.
 */
import type { Instance } from "@holdfast/core";
import type { HealthAnswer } from "./health.ts";

export interface InstanceViewOptions {
  readonly acceptWarning: boolean;
  readonly doubtMs: number;
}

export interface Judgement {
  /** By id, in its order. */
  readonly instances: readonly Instance[];
  /** How many of them Consul does not vouch for. */
  readonly doubted: number;
  /** When to ask again because of those, on the clock's scale; Infinity when there are none. */
  readonly untilMs: number;
}

/** One instance that Consul vouches for, or did. */
interface Known {
  readonly instance: Instance;
  /** When it stopped; undefined while it does. */
  readonly lostMs: number | undefined;
}

/** More than this share of those known lost within `doubtMs` says more about Consul than them. */
const DOUBT_SHARE = 0.5;

export class InstanceView {
  private readonly options: InstanceViewOptions;
  private known: ReadonlyMap<string, Known> = new Map();
  /** Until when Consul counts as just returned, and as restored. */
  private returnedUntilMs = -Infinity;
  private restoredUntilMs = -Infinity;

  constructor(options: InstanceViewOptions) {
    this.options = options;
  }

  /** Consul was away until now. */
  returned(nowMs: number): void {
    this.returnedUntilMs = nowMs + this.options.doubtMs;
  }

  /** Its index went back: it lost what it knew, or is another one. */
  restored(nowMs: number): void {
    this.restoredUntilMs = nowMs + this.options.doubtMs;
  }

  judge(answer: HealthAnswer, nowMs: number): Judgement {
    this.known = this.update(answer, nowMs);
    const all = [...this.known.values()];
    const lost = all.filter(({ lostMs }) => lostMs !== undefined).length;
    const doubtful =
      nowMs < Math.max(this.returnedUntilMs, this.restoredUntilMs) ||
      lost > all.length * DOUBT_SHARE;
    const served = doubtful ? all : all.filter(({ lostMs }) => lostMs === undefined);
    const instances = served.map(({ instance }) => instance).sort(byId);
    if (!doubtful || lost === 0) return { instances, doubted: 0, untilMs: Infinity };
    const firstLostMs = Math.min(...served.map(({ lostMs }) => lostMs ?? Infinity));
    return { instances, doubted: lost, untilMs: firstLostMs + this.options.doubtMs };
  }

  /** Those vouched for now, and those lost within `doubtMs`. */
  private update({ entries }: HealthAnswer, nowMs: number): ReadonlyMap<string, Known> {
    const next = new Map<string, Known>();
    for (const { instance, status } of entries.values()) {
      const accepted = status === "passing" || (status === "warning" && this.options.acceptWarning);
      if (accepted) next.set(instance.id, { instance, lostMs: undefined });
    }
    for (const [id, { instance, lostMs = nowMs }] of this.known) {
      if (next.has(id) || nowMs - lostMs >= this.options.doubtMs) continue;
      // What is not on the list was taken off it, unless all of the list was lost.
      if (!entries.has(id) && nowMs >= this.restoredUntilMs) continue;
      next.set(id, { instance, lostMs });
    }
    return next;
  }
}

function byId(a: Instance, b: Instance): number {
  return a.id < b.id ? -1 : 1;
}
