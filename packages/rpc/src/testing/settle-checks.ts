/**
 * Calls in a simulated world, and what must hold for each whatever happens: it settles once, in its
 * time, with its own reply or an error, and an error that says that no work began is right.
 */
import assert from "node:assert/strict";
import {
  type Context,
  createContext,
  directFilter,
  type Filter,
  type Random,
  ServiceError,
  type Settler,
} from "@holdfast/core";
import type { World } from "@holdfast/sim";
import type { ClientCall } from "../client/client-call.ts";
import type { ProbeClient } from "./gen/probe.ts";

/** Ticks and turns: a call may be over this much after its time. */
const LATE_MAX_MS = 1;

/** How often a call reached a server, and how often that refused it before any work. */
export interface Sighting {
  seen: number;
  refused: number;
}

export interface MadeCall {
  readonly key: string;
  readonly oneway: boolean;
  readonly dueMs: number;
  readonly cancel: (reason: ServiceError) => void;
  settledMs: number;
  value: unknown;
  error: unknown;
}

export class SettleChecks {
  readonly calls: MadeCall[] = [];
  /** By key, filled by the servers. */
  readonly sightings = new Map<string, Sighting>();
  private readonly world: World;
  private readonly random: Random;
  private settledTwice = 0;

  constructor(world: World) {
    this.world = world;
    this.random = world.random.stream("calls");
  }

  /** Stands last in the client's stack, and counts how often each try's call is settled. */
  readonly onceFilter: Filter<ClientCall, unknown> = directFilter(
    (context, call, next, settler) => {
      let count = 0;
      const once = (settle: () => void): void => {
        if (++count > 1) this.settledTwice++;
        settle();
      };
      const counting: Settler<unknown> = {
        succeed: (reply) => once(() => settler.succeed(reply)),
        fail: (error) => once(() => settler.fail(error)),
      };
      next(context, call, counting);
    },
  );

  /** Makes a call with a random deadline; the server answers `hold` with the key and a mark. */
  call(client: ProbeClient, callTimeoutMs: number): void {
    const { clock } = this.world;
    // A key that is part of no other, and of nothing else on the wire.
    const key = `key-${String(this.calls.length).padStart(5, "0")}-`;
    const oneway = this.random.below(10) === 0;
    const timeoutMs = this.random.below(4) === 0 ? 1 + this.random.below(40) : callTimeoutMs * 2;
    const { context, cancel } = createContext({ clock }).withTimeout(timeoutMs).withCancel();
    const dueMs = clock.nowMs() + Math.min(timeoutMs, callTimeoutMs);
    const made: MadeCall = {
      key,
      oneway,
      dueMs,
      cancel,
      settledMs: -1,
      value: undefined,
      error: undefined,
    };
    this.calls.push(made);
    this.start(client, context, made);
    // Some callers change their mind before anything can have left.
    if (this.random.below(20) === 0) cancel(new ServiceError("cancelled", "changed my mind"));
  }

  /** A random one of the calls that are open gives up. */
  cancelOne(): void {
    const open = this.calls.filter(({ settledMs }) => settledMs < 0);
    const reason = new ServiceError("cancelled", "gave up", {
      // Whatever the caller's reason says of itself.
      workStarted: this.random.below(2) === 0 ? "no" : "maybe",
    });
    open[this.random.below(Math.max(1, open.length))]?.cancel(reason);
  }

  sight(key: string): Sighting {
    const sighting = this.sightings.get(key) ?? { seen: 0, refused: 0 };
    this.sightings.set(key, sighting);
    return sighting;
  }

  /** After everything has had its time. Returns how many calls succeeded. */
  check(): number {
    assert.equal(this.settledTwice, 0, "calls settled twice");
    for (const call of this.calls) this.checkOne(call);
    return this.calls.filter(({ error }) => error === undefined).length;
  }

  private checkOne(call: MadeCall): void {
    const { key, settledMs, dueMs, error, value, oneway } = call;
    assert.ok(settledMs >= 0, `${key} never settled`);
    assert.ok(settledMs <= dueMs + LATE_MAX_MS, `${key} settled ${settledMs - dueMs} ms late`);
    if (error === undefined) {
      assert.equal(value, oneway ? undefined : `${key} done`);
      return;
    }
    assert.ok(error instanceof ServiceError, `${key} failed with no ServiceError`);
    const { seen, refused } = this.sightings.get(key) ?? { seen: 0, refused: 0 };
    if (error.workStarted === "no") {
      assert.equal(seen, refused, `${key} said that no work began: ${error.code} ${error.message}`);
    }
  }

  private start(client: ProbeClient, context: Context, made: MadeCall): void {
    const calling: Promise<unknown> = made.oneway
      ? client.tell(context, made.key)
      : client.hold(context, made.key);
    const settle = (): void => {
      made.settledMs = this.world.clock.nowMs();
      const how = made.error instanceof ServiceError ? made.error.code : "fine";
      this.world.note(`${made.key} ${how}`);
    };
    calling.then(
      (value) => {
        made.value = value;
        settle();
      },
      (error: unknown) => {
        made.error = error;
        settle();
      },
    );
  }
}
