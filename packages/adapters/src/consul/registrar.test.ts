import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import {
  instanceAt,
  type Instance,
  ManualClock,
  MemoryLogger,
  type Registration,
  SeededRandom,
} from "@holdfast/core";
import type { ConsulRegistrarOptions } from "./registrar-options.ts";
import { ConsulRegistrar } from "./registrar.ts";
import { ScriptedTransport } from "./testing/scripted-transport.ts";

const ONE = instanceAt({ kind: "tcp", host: "10.1.1.1", port: 9090 }, { id: "one", zone: "east" });
const REGISTER = "PUT /v1/agent/service/register?replace-existing-checks=true";
const UPDATE = "PUT /v1/agent/check/update/service%3Aweb%40one";
const DEREGISTER = "PUT /v1/agent/service/deregister/web%40one";

describe("a Consul registrar", () => {
  let clock: ManualClock;
  let logger: MemoryLogger;
  let transport: ScriptedTransport;
  let registrar: ConsulRegistrar;

  beforeEach(() => {
    clock = new ManualClock();
    logger = new MemoryLogger();
    transport = new ScriptedTransport();
  });
  afterEach(async () => {
    const closing = registrar.close();
    // Whatever is left ends by its time limits.
    for (let step = 0; step < 70; step++) await clock.advanceAndSettle(100);
    await closing;
    assert.equal(clock.scheduledCount, 0, "no timer is left");
    assert.ok(
      transport.requests.every(({ isOpen }) => !isOpen),
      "no request is left",
    );
  });

  function create(options: Partial<ConsulRegistrarOptions> = {}): void {
    registrar = new ConsulRegistrar({
      runtime: { clock, logger, random: new SeededRandom(7) },
      options: { addresses: ["10.0.0.1:8500"], ...options },
      openTransport: transport.open,
    });
  }

  function register(instance: Instance = ONE, signal = new AbortController().signal) {
    return registrar.register("web", instance, signal);
  }

  async function registered(options: Partial<ConsulRegistrarOptions> = {}): Promise<Registration> {
    create(options);
    const registering = register();
    await answer(200);
    return registering;
  }

  async function answer(status: number, body = ""): Promise<void> {
    transport.next.answer(status, body);
    await clock.advanceAndSettle(0);
  }

  /** Until a request waits; how long that took. */
  async function untilAsked(): Promise<number> {
    const startMs = clock.nowMs();
    while (transport.requests.at(-1)?.isOpen !== true) await clock.advanceAndSettle(1);
    return clock.nowMs() - startMs;
  }

  function asked(): string[] {
    return transport.requests.map(({ method, path }) => `${method} ${path}`);
  }

  function said(): string[] {
    return logger.lines.map(({ level, message }) => `${level}: ${message}`);
  }

  it("registers the whole instance, well from the first moment", async () => {
    create({ token: "secret", meta: { version: "7" } });
    void register({ ...ONE, weight: 5, tags: ["blue"] });
    assert.equal(transport.next.headers["x-consul-token"], "secret");
    assert.deepEqual(JSON.parse(transport.next.body!), {
      ID: "web@one",
      Name: "web",
      Address: "10.1.1.1",
      Port: 9090,
      Tags: ["blue"],
      Meta: { version: "7", zone: "east" },
      Weights: { Passing: 5, Warning: 1 },
      Check: {
        CheckID: "service:web@one",
        Name: "web is well",
        Status: "passing",
        DeregisterCriticalServiceAfter: "600000ms",
        TTL: "15000ms",
      },
    });
    await answer(200);
  });

  it("registers a Unix socket by its path, and an HTTP check that the agent makes", async () => {
    const url = "http://10.1.1.1:6060/readyz";
    create({ check: { kind: "http", url, intervalMs: 2_000, timeoutMs: 500 } });
    void register(instanceAt({ kind: "unix", path: "/run/web.sock" }));
    const body = JSON.parse(transport.next.body!) as Record<string, Record<string, unknown>>;
    assert.equal(body["SocketPath"], "/run/web.sock");
    assert.equal(body["Check"]?.["HTTP"], url);
    assert.equal(body["Check"]?.["Interval"], "2000ms");
    assert.equal(body["Check"]?.["Timeout"], "500ms");
    await answer(200);
  });

  it("says that it is well every third of the TTL, a little early", async () => {
    await registered({ check: { kind: "ttl", ttlMs: 3_000 } });
    for (let times = 0; times < 5; times++) {
      const pauseMs = await untilAsked();
      assert.ok(pauseMs >= 900 && pauseMs <= 1_001, `after ${pauseMs} ms`);
      assert.equal(asked().at(-1), UPDATE);
      assert.equal((JSON.parse(transport.next.body!) as { Status: string }).Status, "passing");
      await answer(200);
    }
  });

  it("asks whether the agent still knows it where the agent makes the check", async () => {
    const url = "http://10.1.1.1:6060/readyz";
    await registered({ check: { kind: "http", url, intervalMs: 2_000, timeoutMs: 500 } });
    await untilAsked();
    assert.equal(asked().at(-1), "GET /v1/agent/service/web%40one");
    await answer(404, "unknown service ID: web@one");
    assert.ok((await untilAsked()) <= 1);
    assert.equal(asked().at(-1), REGISTER);
    await answer(200);
  });

  for (const [status, body] of [
    [404, 'Unknown check ID "service:web@one"'],
    [500, 'CheckID "service:web@one" does not have associated TTL'],
  ] as const) {
    it(`registers at once again when the agent has forgotten it (${status})`, async () => {
      await registered();
      await untilAsked();
      await answer(status, body);
      assert.ok((await untilAsked()) <= 1);
      assert.deepEqual(asked(), [REGISTER, UPDATE, REGISTER]);
      await answer(200);
      assert.ok(said().includes("warn: consul has forgotten this instance; registering again"));
    });
  }

  it("waits for a Consul that is away, with one line in the log", async () => {
    create();
    const registering = register();
    for (let times = 0; times < 5; times++) {
      await untilAsked();
      transport.next.fail("refused");
      await clock.advanceAndSettle(0);
    }
    await untilAsked();
    await answer(200);
    await registering;
    assert.deepEqual(said(), [
      "warn: consul does not take the registration; trying again",
      "info: registered with consul",
      "info: consul answers again",
    ]);
  });

  it("tries again sooner than the TTL runs out, when one sign of life fails", async () => {
    await registered({ check: { kind: "ttl", ttlMs: 3_000 }, backoffMaxMs: 60_000 });
    for (let times = 0; times < 8; times++) {
      assert.ok((await untilAsked()) <= 1_001);
      transport.next.fail("refused");
      await clock.advanceAndSettle(0);
    }
    assert.deepEqual(new Set(asked()), new Set([REGISTER, UPDATE]));
  });

  it("moves to another agent after two failures, and takes itself back from both", async () => {
    const registration = await registered({
      addresses: ["10.0.0.1:8500", "10.0.0.2:8500"],
      deregisterSettleMs: 0,
    });
    for (let times = 0; times < 2; times++) {
      await untilAsked();
      assert.equal(transport.next.address, "10.0.0.1:8500");
      transport.next.fail("refused");
      await clock.advanceAndSettle(0);
    }
    await untilAsked();
    assert.equal(transport.next.address, "10.0.0.2:8500");
    assert.equal(asked().at(-1), REGISTER);
    await answer(200);
    const ended = registration.deregister();
    await clock.advanceAndSettle(0);
    const last = transport.requests.slice(-2);
    assert.deepEqual(asked().slice(-2), [DEREGISTER, DEREGISTER]);
    assert.deepEqual(last.map(({ address }) => address).toSorted(), [
      ...["10.0.0.1:8500", "10.0.0.2:8500"],
    ]);
    last.find(({ address }) => address === "10.0.0.2:8500")?.answer(200, "");
    // The other one is given a second, not the whole time.
    await clock.advanceAndSettle(1_001);
    await ended;
  });

  it("ends when Consul was told and callers had the time to hear", async () => {
    const registration = await registered({ deregisterSettleMs: 500 });
    let ended = false;
    void registration.deregister().then(() => (ended = true));
    await clock.advanceAndSettle(0);
    assert.equal(asked().at(-1), DEREGISTER);
    await answer(200);
    await clock.advanceAndSettle(499);
    assert.equal(ended, false);
    await clock.advanceAndSettle(1);
    assert.equal(ended, true);
    await clock.advanceAndSettle(60_000);
    assert.equal(asked().at(-1), DEREGISTER, "and says no more that it is well");
  });

  it("takes for ended what Consul does not know", async () => {
    const registration = await registered({ deregisterSettleMs: 0 });
    const ended = registration.deregister();
    await clock.advanceAndSettle(0);
    await answer(404, "Unknown service ID");
    await ended;
  });

  it("lets a drain go on when Consul does not answer, and says who will do it", async () => {
    const registration = await registered({ deregisterTimeoutMs: 2_000 });
    const startMs = clock.nowMs();
    let endedMs = 0;
    void registration.deregister().then(() => (endedMs = clock.nowMs()));
    for (let step = 0; step < 30; step++) {
      await clock.advanceAndSettle(100);
      if (transport.requests.at(-1)?.isOpen === true) transport.next.fail("refused");
    }
    assert.ok(endedMs - startMs <= 2_001, `${endedMs - startMs} ms`);
    assert.ok(asked().filter((each) => each === DEREGISTER).length > 2, "it tried");
    assert.ok(
      said().includes("warn: consul did not take the deregistration; its check will, later"),
    );
  });

  it("takes back only after what was on its way, which would undo it", async () => {
    const registration = await registered({ deregisterTimeoutMs: 2_000, deregisterSettleMs: 0 });
    await untilAsked();
    const update = transport.next;
    const ended = registration.deregister();
    await clock.advanceAndSettle(500);
    assert.equal(asked().at(-1), UPDATE);
    update.answer(200, "");
    await clock.advanceAndSettle(0);
    assert.equal(asked().at(-1), DEREGISTER);
    await answer(200);
    await ended;
  });

  it("gives up what never answers in half of its time, and takes back all the same", async () => {
    const registration = await registered({ deregisterTimeoutMs: 2_000, deregisterSettleMs: 0 });
    await untilAsked();
    const ended = registration.deregister();
    await clock.advanceAndSettle(1_001);
    assert.equal(asked().at(-1), DEREGISTER);
    await answer(200);
    await ended;
  });

  it("takes back what may have arrived when its caller gives up", async () => {
    create();
    const giveUp = new AbortController();
    const registering = register(ONE, giveUp.signal);
    giveUp.abort();
    await assert.rejects(registering, { code: "cancelled" });
    await clock.advanceAndSettle(3_000);
    assert.deepEqual(asked(), [REGISTER, DEREGISTER]);
    await answer(200);
  });

  it("refuses what Consul cannot hold, with the number", async () => {
    create();
    await assert.rejects(register({ ...ONE, weight: 0.5 }), {
      message: "the weight of one is 0.5; Consul takes whole numbers from 1 to 65535",
    });
    await assert.rejects(register({ ...ONE, weight: 0 }), RangeError);
    assert.deepEqual(asked(), []);
  });

  it("shows each registration and its agent, without the token", async () => {
    const registration = await registered({ token: "secret", deregisterSettleMs: 0 });
    clock.advance(10);
    const shown = JSON.stringify(registrar.snapshot());
    const kept = '"agent":"http://10.0.0.1:8500","keptAgoMs":10,"state":"kept","again":0';
    assert.ok(shown.includes(`"service":"web","id":"one",${kept}`), shown);
    assert.doesNotMatch(shown, /secret/);
    const ended = registration.deregister();
    await clock.advanceAndSettle(0);
    await answer(200);
    await ended;
    assert.match(JSON.stringify(registrar.snapshot()), /"registrations":\[\]/);
  });
});
