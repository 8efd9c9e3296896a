import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { describe, it, type TestContext } from "node:test";
import { StatsRegistry } from "@holdfast/core";
import fc from "fast-check";
import { registerProcessStats } from "./process-stats.ts";
import { type MetricsFormat, renderMetrics } from "./render-metrics.ts";

function newStats(labelValues: readonly string[] = ["get"]): StatsRegistry {
  const stats = new StatsRegistry();
  const labels = ["method"];
  const calls = stats.counter({ name: "rpc_server_calls", help: "Calls that ended", labels });
  const durations = stats.histogram({
    name: "rpc_server_duration_seconds",
    help: 'How long a call took, in "seconds" \\ from decode to encode',
    unit: "seconds",
    labels,
    recordedPerUnit: 1_000,
  });
  for (const value of labelValues) {
    calls.of(value).add(3);
    for (const durationMs of [0.1, 0.128, 0.5, 100, 1e6]) durations.of(value).record(durationMs);
  }
  stats.gauge({ name: "rpc_server_calls_in_flight", help: "Calls in flight" }).of().set(2);
  stats.gauge({ name: "never_set", help: "Nobody looked", labels });
  stats.reading(
    "gauge",
    { name: "temperature_celsius", help: "x", unit: "celsius" },
    () => -Infinity,
  );
  stats.reading("gauge", { name: "broken", help: "x" }, () => {
    throw new Error("not now");
  });
  registerProcessStats({ stats, version: '1.2.3-"x"\\', startEpochMs: 1_000 });
  return stats;
}

/** Runs a referee on a text; undefined when it is not installed. */
function referee(
  command: string,
  commandArguments: readonly string[],
  input: string,
): Promise<{ code: number | null; output: string } | undefined> {
  return new Promise((resolve) => {
    const child = spawn(command, commandArguments, { stdio: ["pipe", "pipe", "pipe"] });
    let output = "";
    child.on("error", () => resolve(undefined));
    child.stdout.on("data", (data) => (output += String(data)));
    child.stderr.on("data", (data) => (output += String(data)));
    child.on("close", (code) => resolve({ code, output }));
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

function skipLoudly(test: TestContext, what: string): void {
  const message = `${what} is not installed: this promise was NOT checked`;
  console.error(`\n*** ${message} ***\n`);
  test.skip(message);
}

const PYTHON = `
import sys
try:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families
except ImportError:
    sys.exit(77)
count = sum(len(family.samples) for family in text_string_to_metric_families(sys.stdin.read()))
print(count)
`;

const hostile = [
  "",
  "a\nb",
  'a"b',
  "a\\b",
  "a\\nb",
  "\u001b[2J",
  "\ud800",
  "{}",
  "한국어",
  'x="1"',
];

/** Any text, one UTF-16 unit like another. */
const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));

describe("renderMetrics", () => {
  it("writes what promtool accepts", async (test) => {
    const result = await referee(
      "promtool",
      ["check", "metrics"],
      renderMetrics(newStats(hostile), "prometheus"),
    );
    if (result === undefined) {
      assert.notEqual(process.env["CI"], "true", "promtool must be there in CI");
      skipLoudly(test, "promtool (Debian package prometheus)");
    } else assert.deepEqual(result, { code: 0, output: "" });
  });

  it("writes OpenMetrics that the reference parser accepts, every sample of it", async (test) => {
    const text = renderMetrics(newStats(hostile), "openmetrics");
    const result = await referee("python3", ["-c", PYTHON], text);
    if (result === undefined || result.code === 77) {
      skipLoudly(test, "prometheus_client (Debian package python3-prometheus-client)");
      return;
    }
    const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    assert.deepEqual(result, { code: 0, output: `${samples.length}\n` });
  });

  it("puts help, type and unit before the samples, and _total where the format wants it", () => {
    const stats = new StatsRegistry();
    const description = { name: "process_cpu_seconds", help: 'CPU "time"', unit: "seconds" };
    stats.counter(description).of().add(1.5);
    assert.equal(
      renderMetrics(stats, "openmetrics"),
      [
        '# HELP process_cpu_seconds CPU \\"time\\"',
        "# TYPE process_cpu_seconds counter",
        "# UNIT process_cpu_seconds seconds",
        "process_cpu_seconds_total 1.5",
        "# EOF\n",
      ].join("\n"),
    );
    assert.equal(
      renderMetrics(stats, "prometheus"),
      [
        '# HELP process_cpu_seconds_total CPU "time"',
        "# TYPE process_cpu_seconds_total counter",
        "process_cpu_seconds_total 1.5\n",
      ].join("\n"),
    );
  });

  it("shows what was recorded in milliseconds in seconds, in buckets that add up", () => {
    const lines = renderMetrics(newStats(), "prometheus").split("\n");
    const value = (start: string): number =>
      Number(
        lines
          .find((line) => line.startsWith(start))
          ?.split(" ")
          .at(-1),
      );
    const name = "rpc_server_duration_seconds";
    assert.equal(value(`${name}_bucket{method="get",le="0.000128"}`), 1);
    assert.equal(value(`${name}_bucket{method="get",le="0.000256"}`), 2);
    assert.equal(value(`${name}_bucket{method="get",le="0.131072"}`), 4);
    assert.equal(value(`${name}_bucket{method="get",le="67.108864"}`), 4);
    assert.equal(value(`${name}_bucket{method="get",le="+Inf"}`), 5);
    assert.equal(value(`${name}_count{method="get"}`), 5);
    assert.ok(Math.abs(value(`${name}_sum{method="get"}`) - 1_000.100728) < 1e-9);
  });

  it("leaves out what has no value, and a value that cannot be had", () => {
    for (const format of ["prometheus", "openmetrics"] satisfies MetricsFormat[]) {
      const text = renderMetrics(newStats(), format);
      assert.doesNotMatch(text, /never_set|broken/);
      assert.match(text, /^temperature_celsius -Inf$/m);
    }
  });

  it("writes every label value so that a line stays a line", () => {
    fc.assert(
      fc.property(fc.string({ unit }), (value) => {
        const stats = new StatsRegistry();
        const family = stats.counter({ name: "calls", help: "x", labels: ["method"] });
        family.of(value).add();
        const lines = renderMetrics(stats, "prometheus").split("\n");
        assert.equal(lines.length, 4);
        assert.match(lines[2]!, /^calls_total\{method="(?:[^"\\\n]|\\["\\n])*"\} 1$/);
      }),
    );
  });
});
