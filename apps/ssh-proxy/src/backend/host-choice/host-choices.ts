/** The choice of hosts for every pool there is, as pools come and go; checks run from the start. */
import { after, every, type LifecyclePart, type StateRegistry } from "holdfast";
import type { BackendPool, BackendPools } from "../../routing/backend-pools.ts";
import type { HostPicker, PickedHost } from "../backend-connections.ts";
import { HostChoice, type HostChoiceParts } from "./host-choice.ts";
import {
  completeHostChoiceOptions,
  type HostChoiceOptions,
  type HostChoiceOptionsInput,
} from "./options.ts";

export interface HostChoicesParts extends HostChoiceParts {
  readonly pools: BackendPools;
  /** Where it shows as kind `backends`; default nowhere. */
  readonly registry?: StateRegistry;
}

/** How often pools that came or went are looked for, in ms; a pick finds a new one at once. */
const SYNC_MS = 1_000;
const SHOWN_MAX = 100;

export class HostChoices implements HostPicker, LifecyclePart {
  readonly name = "backend hosts";
  readonly options: HostChoiceOptions;
  /** The start waits for lists. */
  readonly limits: { readonly startMs: number };
  private readonly parts: HostChoicesParts;
  private readonly choices = new Map<BackendPool, HostChoice>();
  private readonly unregister: (() => void) | undefined;
  private stopTimer: () => void = () => undefined;
  private stopped = false;

  constructor(parts: HostChoicesParts, options: HostChoiceOptionsInput = {}) {
    this.parts = parts;
    this.options = completeHostChoiceOptions(options);
    this.limits = { startMs: this.options.startWaitMs + 1_000 };
    const part = { name: this.name, kind: "backends", snapshot: () => this.snapshot() };
    this.unregister = parts.registry?.register(part);
  }

  /** Resolves when every pool has had its first list of hosts, or after `startWaitMs`. */
  async start(): Promise<void> {
    const { clock, logger } = this.parts;
    this.sync();
    this.stopTimer = every(clock, SYNC_MS, () => this.sync());
    const waiting = Promise.withResolvers<"late">();
    const stopWaiting = after(clock, this.options.startWaitMs, () => waiting.resolve("late"));
    const lists = Promise.all(Array.from(this.choices.values(), ({ listed }) => listed));
    const first = await Promise.race([lists, waiting.promise]);
    stopWaiting();
    if (first === "late") logger.warn("not every pool has had its first list of hosts", {});
  }

  /**
   * A host of the pool, or undefined when none is left but those to leave out (addresses as
   * `formatAddress` writes them), or the pool has been gone for a while.
   */
  pick(pool: BackendPool, leaveOut: ReadonlySet<string>): PickedHost | undefined {
    if (!this.choices.has(pool)) this.sync();
    return this.choices.get(pool)?.pick(leaveOut);
  }

  stop(): void {
    this.stopped = true;
    this.stopTimer();
    this.unregister?.();
    for (const choice of this.choices.values()) choice.close();
    this.choices.clear();
  }

  snapshot(): unknown {
    return Array.from(this.choices.values(), (choice) => choice.snapshot()).slice(0, SHOWN_MAX);
  }

  private sync(): void {
    if (this.stopped) return;
    const { pools } = this.parts.pools;
    const wanted = new Set(pools);
    // First those that are gone: a pool that was changed has the same name, and hosts, as before.
    for (const [pool, choice] of this.choices) {
      if (wanted.has(pool)) continue;
      choice.close();
      this.choices.delete(pool);
    }
    for (const pool of pools) {
      if (this.choices.has(pool)) continue;
      this.choices.set(pool, new HostChoice(pool, this.parts, this.options));
    }
  }
}
