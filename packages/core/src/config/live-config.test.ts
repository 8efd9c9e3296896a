import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createContext } from "../context/context.ts";
import { ServiceError } from "../error/service-error.ts";
import { MemoryLogger } from "../log/memory-logger.ts";
import { ManualClock } from "../time/manual-clock.ts";
import { StatsRegistry } from "../stats/stats-registry.ts";
import { liveCheck } from "./live-check.ts";
import { LiveConfig, type LiveConfigParts } from "./live-config.ts";
import type { LiveConfigOptions } from "./live-config-options.ts";
import { fixedOptions } from "./live-options.ts";
import { type ConfigDocuments, MemoryConfigSource } from "./memory-source.ts";
import { LIMIT_DEFAULTS, LIMIT_LIVE, PAUSE_DEFAULTS, PAUSE_LIVE } from "./testing/limit-schema.ts";

const KEY = { caller: "feed", callee: "history", method: "Get" };

describe("live options", () => {
  it("are the policy's own until a rule says otherwise, and again when it is gone", async () => {
    const { source, limit } = await rig({});
    assert.equal(limit.of(KEY), LIMIT_DEFAULTS);
    source.replace({ "feed/history/*": { limit: { callsMax: 7 } } });
    assert.deepEqual(limit.of(KEY), { ...LIMIT_DEFAULTS, callsMax: 7 });
    source.replace({});
    assert.equal(limit.of(KEY), LIMIT_DEFAULTS);
  });

  it("are the same object for as long as no value in them changes", async () => {
    const fallback = { items: [1] };
    const documents = { "*/history/*": { limit: { callsMax: 7, fallback } } };
    const { source, limit, config } = await rig(documents);
    const before = limit.of(KEY);
    assert.equal(limit.of(KEY), before);
    const { version } = limit;
    source.replace({ ...documents, "*/other/*": { limit: { callsMax: 1 } } });
    assert.ok(limit.version > version);
    assert.equal(limit.version, config.version);
    assert.equal(limit.of(KEY), before);
    source.replace({ "*/history/*": { limit: { callsMax: 8, fallback } } });
    assert.notEqual(limit.of(KEY), before);
    assert.equal(before.callsMax, 7, "what a call has in its hand does not change");
  });

  it("cannot be changed by who gets them", async () => {
    const { limit } = await rig({ "*/*/*": { limit: { callsMax: 7 } } });
    assert.throws(() => {
      (limit.of(KEY) as { callsMax: number }).callsMax = 8;
    }, TypeError);
  });

  it("keep their version while nothing changes", async () => {
    const documents = { "*/*/*": { limit: { callsMax: 7 } } };
    const { source, config } = await rig(documents);
    const { version } = config;
    source.replace(documents);
    assert.equal(config.version, version);
    assert.equal(config.snapshot().sources[0]!.revision, "2");
  });

  it("are told of by listeners, one that fails included", async () => {
    const { source, config, logger } = await rig({});
    let told = 0;
    config.onChange(() => {
      throw new Error("no luck");
    });
    const takeBack = config.onChange(() => told++);
    source.replace({ "*/*/*": { limit: { dark: true } } });
    takeBack();
    source.replace({});
    assert.equal(told, 1);
    assert.ok(logger.lines.some(({ message }) => message === "config listener failed"));
  });

  it("need the schema that documents were checked against", async () => {
    const { config } = await rig({});
    assert.throws(() => config.options({ ...LIMIT_LIVE }, LIMIT_DEFAULTS), RangeError);
  });

  it("that nobody configures never change", () => {
    const fixed = fixedOptions(LIMIT_DEFAULTS);
    assert.equal(fixed.of(KEY), LIMIT_DEFAULTS);
    assert.equal(fixed.version, 0);
  });
});

describe("a revision", () => {
  it("is refused whole, and the last good one stays", async () => {
    const { source, limit, config, logger } = await rig({ "*/*/*": { limit: { callsMax: 7 } } });
    source.replace({ "*/*/*": { limit: { callsMax: 8 } }, "feed/*/*": { limit: { ratio: 2 } } });
    assert.equal(limit.of(KEY).callsMax, 7);
    const { sources, refused } = config.snapshot();
    assert.deepEqual(
      [sources[0]!.revision, sources[0]!.revisionSeen, sources[0]!.rules],
      ["1", "2", 1],
    );
    assert.equal(refused.length, 1);
    assert.equal(refused[0]!.revisionKept, "1");
    assert.match(refused[0]!.problems[0]!.reason, /^limit\.ratio: is 2; /);
    const line = logger.lines.find(({ message }) => message === "config refused");
    assert.deepEqual([line?.level, line?.fields["revision"]], ["error", "2"]);
    source.replace({ "*/*/*": { limit: { callsMax: 9 } } });
    assert.equal(limit.of(KEY).callsMax, 9);
  });

  it("is refused when it does not suit the policy's own values", async () => {
    const { source, pause, config } = await rig({});
    source.replace({ "feed/history/*": { pause: { pauseMinMs: 200 } } });
    assert.equal(pause.of(KEY).pauseMinMs, 10);
    const [problem] = config.snapshot().refused[0]!.problems;
    assert.deepEqual(problem, {
      path: "feed/history/*",
      reason: "pause: pauseMinMs 200 is above pauseMaxMs 100",
    });
  });

  it("is refused when two of its rules meet badly in a call that was seen", async () => {
    const { source, pause, config } = await rig({});
    pause.of(KEY);
    source.replace({
      "feed/*/*": { pause: { pauseMaxMs: 20 } },
      "*/history/*": { pause: { pauseMinMs: 50 } },
    });
    assert.match(config.snapshot().refused[0]!.problems[0]!.reason, /50 is above pauseMaxMs 20/);
    assert.equal(config.snapshot().refused[0]!.problems[0]!.path, "feed/history/Get");
  });

  it("leaves a call that was never seen its own values when it does not suit it", async () => {
    const { source, pause, logger, config } = await rig({});
    source.replace({
      "feed/*/*": { pause: { pauseMaxMs: 20 } },
      "*/history/*": { pause: { pauseMinMs: 50 } },
    });
    assert.equal(config.snapshot().refused.length, 0);
    assert.equal(pause.of(KEY), PAUSE_DEFAULTS);
    const message = "config does not suit a call, which keeps its own";
    assert.equal(logger.lines.filter((line) => line.message === message).length, 1);
  });

  it("is logged and kept with who, what, old and new revision", async () => {
    const { source, config, logger, clock } = await rig({ "*/*/*": { limit: { callsMax: 7 } } });
    clock.advance(1_000);
    const $change = { by: "ann", why: "slow disk" };
    source.replace({ "*/*/*": { limit: { callsMax: 8 }, $change } });
    const latest = config.snapshot().changes[0]!;
    const fields = [{ field: "limit.callsMax", before: 7, after: 8 }];
    assert.deepEqual(latest, {
      atEpochMs: clock.epochMs(),
      source: "memory",
      revisionBefore: "1",
      revision: "2",
      rules: [{ path: "*/*/*", kind: "changed", fields, change: $change }],
      rulesChanged: 1,
    });
    const lines = logger.lines.filter(({ message }) => message === "config changed");
    const { atEpochMs: _at, ...logged } = latest;
    assert.deepEqual(lines.at(-1)!.fields, logged);
    source.replace({});
    assert.equal(config.snapshot().changes[0]!.rules[0]!.kind, "removed");
  });

  it("is remembered with the last few only", async () => {
    const { source, config } = await rig({}, { changesMax: 3 });
    for (let count = 1; count <= 10; count++) {
      source.replace({ "*/*/*": { limit: { callsMax: count } } });
      source.replace({ "*/*/*": { limit: { callsMax: -count } } });
    }
    const { changes, refused } = config.snapshot();
    assert.deepEqual(
      [changes.map(({ revision }) => revision), refused.map(({ revision }) => revision)],
      [
        ["20", "18", "16"],
        ["21", "19", "17"],
      ],
    );
  });
});

describe("values of several policies", () => {
  const check = liveCheck([LIMIT_LIVE, PAUSE_LIVE], (limit, pause) =>
    pause.pauseMaxMs > limit.callsMax * 10
      ? `pauseMaxMs ${pause.pauseMaxMs} is above ten times callsMax ${limit.callsMax}`
      : undefined,
  );

  it("are refused when they do not go together, whichever of them changed", async () => {
    const { source, config, limit, pause } = await rig({}, {}, { checks: [check] });
    for (const documents of [
      { "*/*/*": { limit: { callsMax: 9 } } },
      { "*/*/*": { pause: { pauseMaxMs: 1_001 } } },
      { "*/history/*": { limit: { callsMax: 50 }, pause: { pauseMaxMs: 501 } } },
    ]) {
      source.replace(documents);
      assert.equal(limit.of(KEY), LIMIT_DEFAULTS);
      assert.equal(pause.of(KEY), PAUSE_DEFAULTS);
    }
    const { refused } = config.snapshot();
    assert.equal(refused.length, 3);
    assert.equal(
      refused[2]!.problems[0]!.reason,
      "limit and pause: pauseMaxMs 100 is above ten times callsMax 9",
    );
    source.replace({ "*/*/*": { limit: { callsMax: 10 } } });
    assert.equal(limit.of(KEY).callsMax, 10);
  });

  it("are compared with those of the same owner, for the calls that are its", async () => {
    const { source, config } = await rig({}, {}, { checks: [check] });
    const owner = { name: "client other", callee: "other" };
    const slow = { ...PAUSE_DEFAULTS, pauseMaxMs: 900 };
    const other = config.options(PAUSE_LIVE, slow, owner);
    config.options(LIMIT_LIVE, LIMIT_DEFAULTS, owner);
    source.replace({ "*/history/*": { limit: { callsMax: 50 } } });
    assert.equal(config.snapshot().refused.length, 0, "it is not for calls of other");
    source.replace({ "*/other/*": { limit: { callsMax: 50 } } });
    assert.match(config.snapshot().refused[0]!.problems[0]!.reason, /pauseMaxMs 900 is above/);
    assert.equal(other.of({ ...KEY, callee: "other" }), slow);
    const owners = (callee: string): string[] =>
      config.explain({ ...KEY, callee }).policies.map(({ policy, owner: of }) => of + policy);
    assert.deepEqual(owners("history"), ["limit", "pause"]);
    assert.deepEqual(owners("other"), ["limit", "pause", "client otherpause", "client otherlimit"]);
  });
});

describe("a source that is lost", () => {
  it("keeps its last good revision, and its age is shown", async () => {
    const { source, config, limit, clock, logger } = await rig({
      "*/*/*": { limit: { callsMax: 7 } },
    });
    clock.advance(5_000);
    assert.equal(config.snapshot().sources[0]!.ageMs, 0);
    source.lose("connection refused");
    clock.advance(60_000);
    assert.equal(limit.of(KEY).callsMax, 7);
    const [lost] = config.snapshot().sources;
    assert.equal(lost!.stale, "connection refused");
    assert.equal(lost!.ageMs, 60_000);
    source.find();
    assert.equal(config.snapshot().sources[0]!.stale, undefined);
    const messages = logger.lines.map(({ message }) => message);
    assert.deepEqual(messages.slice(-2), ["config source lost", "config source found again"]);
  });
});

describe("metrics", () => {
  it("tell how old each source is, and what became of its revisions", async () => {
    const stats = new StatsRegistry();
    const { source, clock } = await rig({ "*/*/*": {} }, {}, { stats });
    const value = (name: string, ...labels: string[]): number => {
      const family = [...stats.families()].find((each) => each.name === name)!;
      const series = [...family].find(({ labelValues }) => labelValues.join() === labels.join())!;
      return (series.metric as { value: number }).value;
    };
    source.replace({ "*/*/*": { limit: { callsMax: 0 } } });
    source.lose("away");
    clock.advance(5_000);
    assert.equal(value("holdfast_config_age_seconds", "memory"), 5);
    assert.equal(value("holdfast_config_stale", "memory"), 1);
    assert.equal(value("holdfast_config_revisions", "memory", "accepted"), 1);
    assert.equal(value("holdfast_config_revisions", "memory", "refused"), 1);
  });
});

describe("the start", () => {
  it("waits for every source, with a line that says so", async () => {
    const clock = new ManualClock();
    const logger = new MemoryLogger();
    const late = new MemoryConfigSource(clock, undefined, "etcd");
    const sources = [new MemoryConfigSource(clock, {}), late];
    const config = new LiveConfig({ sources, schemas: [LIMIT_LIVE], clock, logger });
    let started = false;
    const starting = config.start(createContext({ clock })).then(() => (started = true));
    await clock.advanceAndSettle(1_000);
    assert.equal(started, false);
    assert.deepEqual(logger.lines.at(-1), {
      level: "warn",
      message: "the start waits for config",
      fields: { sources: ["etcd"] },
    });
    assert.equal(config.snapshot().sources[1]!.stale, "it has not answered yet");
    late.replace({});
    await starting;
    assert.equal(clock.scheduledCount, 0);
    config.stop();
  });

  it("fails when its time is over, naming the source", async () => {
    const clock = new ManualClock();
    const logger = new MemoryLogger();
    const sources = [new MemoryConfigSource(clock, undefined, "etcd")];
    const config = new LiveConfig({ sources, schemas: [], clock, logger });
    const starting = config.start(createContext({ clock }).withTimeout(500));
    const failed = assert.rejects(starting, (error) => error instanceof ServiceError);
    await clock.advanceAndSettle(500);
    await failed;
    assert.equal(clock.scheduledCount, 0);
    assert.deepEqual(logger.lines.at(-1)?.fields, { sources: ["etcd"] });
  });

  it("does not begin to wait when its time is over already", async () => {
    const clock = new ManualClock();
    const sources = [new MemoryConfigSource(clock)];
    const config = new LiveConfig({ sources, schemas: [], clock });
    const { context, cancel } = createContext({ clock }).withCancel();
    cancel(new ServiceError("draining", "the start was given up"));
    await assert.rejects(config.start(context), /given up/);
    assert.equal(clock.scheduledCount, 0);
  });

  it("need not wait, if it is told so", async () => {
    const clock = new ManualClock();
    const source = new MemoryConfigSource(clock);
    const config = new LiveConfig(
      { sources: [source], schemas: [LIMIT_LIVE], clock },
      { startWaits: false },
    );
    const limit = config.options(LIMIT_LIVE, LIMIT_DEFAULTS);
    await config.start(createContext({ clock }));
    assert.equal(limit.of(KEY), LIMIT_DEFAULTS);
    source.replace({ "*/*/*": { limit: { dark: true } } });
    assert.equal(limit.of(KEY).dark, true);
    config.stop();
    source.replace({});
    assert.equal(limit.of(KEY).dark, true, "nothing changes after the stop");
  });

  it("goes on with the program's values when the first revision is refused", async () => {
    const { limit, config } = await rig({ "*/*/*": { limit: { callsMax: 0 } } });
    assert.equal(limit.of(KEY), LIMIT_DEFAULTS);
    assert.equal(config.snapshot().sources[0]!.revision, undefined);
  });
});

describe("what is shown", () => {
  it("explains each value by the rule that gave it", async () => {
    const { config } = await rig({
      "*/history/*": { limit: { callsMax: 7, ratio: 0.1 } },
      "feed/history/Get": { limit: { callsMax: 8 } },
    });
    const { policies, paths } = config.explain(KEY);
    const limit = policies.find(({ policy }) => policy === "limit")!;
    assert.deepEqual(limit.values["callsMax"], {
      value: 8,
      own: 100,
      path: "feed/history/Get",
      source: "memory",
    });
    const ratio = { value: 0.1, own: 0.5, path: "*/history/*", source: "memory" };
    assert.deepEqual(limit.values["ratio"], ratio);
    const dark = { value: false, own: false, path: undefined, source: undefined };
    assert.deepEqual(limit.values["dark"], dark);
    assert.deepEqual(paths.findLast(({ sources }) => sources.length > 0)?.path, pathText());
    assert.equal(paths.length, 8);
  });

  it("has the rules, the keys that were asked for and what may be changed", async () => {
    const { config, limit } = await rig({ "*/*/*": { limit: { dark: true } } }, { keysMax: 2 });
    for (const method of ["Get", "Get", "Set", "List"]) limit.of({ ...KEY, method });
    const { rules, keys, schemas } = config.snapshot();
    assert.deepEqual(rules, [
      { source: "memory", path: "*/*/*", values: { limit: { dark: true } }, change: undefined },
    ]);
    assert.deepEqual(keys, ["feed/history/Get", "feed/history/Set"]);
    assert.equal(schemas["limit"]!["callsMax"]!.kind, "number");
  });
});

it("refuses two sources of one name, which nobody could tell apart", () => {
  const clock = new ManualClock();
  const sources = [new MemoryConfigSource(clock), new MemoryConfigSource(clock)];
  assert.throws(() => new LiveConfig({ sources, schemas: [], clock }), /two .* named memory/);
});

it("refuses bounds that make no sense", () => {
  const clock = new ManualClock();
  for (const options of [{ rulesMax: 0 }, { depthMax: 1 }, { keysMax: -1 }, { changesMax: 1.5 }]) {
    assert.throws(() => new LiveConfig({ sources: [], schemas: [], clock }, options), RangeError);
  }
});

function pathText(): string {
  return `${KEY.caller}/${KEY.callee}/${KEY.method}`;
}

async function rig(
  documents: ConfigDocuments,
  options: Partial<LiveConfigOptions> = {},
  parts: Partial<LiveConfigParts> = {},
) {
  const clock = new ManualClock();
  const logger = new MemoryLogger();
  const source = new MemoryConfigSource(clock, documents);
  const schemas = [LIMIT_LIVE, PAUSE_LIVE];
  const config = new LiveConfig({ sources: [source], schemas, clock, logger, ...parts }, options);
  const limit = config.options(LIMIT_LIVE, LIMIT_DEFAULTS);
  const pause = config.options(PAUSE_LIVE, PAUSE_DEFAULTS);
  await config.start(createContext({ clock }));
  return { clock, logger, source, config, limit, pause };
}
