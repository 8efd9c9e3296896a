/** A service with live configuration, registered, and changed from outside: as operators do it. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  compileIdl,
  dynamicService,
  type DynamicMethods,
  type Instance,
  openConfig,
  openResolver,
  type Registrar,
  schemaOf,
  type SignalledProcess,
  silentLogger,
  startService,
  systemRuntime,
} from "holdfast";
import { HOLDFAST, runProgram } from "./command/testing/run-program.ts";

const { program } = compileIdl("probe.thrift", () => "service Probe { i32 Twice(1: i32 value) }");
const definition = dynamicService(schemaOf(program!).services.get("Probe")!);
const handler: DynamicMethods = { twice: async (_context, value) => (value as number) * 2 };

class HeldProcess extends EventEmitter implements SignalledProcess {
  private readonly ended = Promise.withResolvers<number>();
  readonly exited = this.ended.promise;

  exit(code: number): void {
    this.ended.resolve(code);
  }
}

test("takes what `holdfast config set` writes, and is waited for", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "config.json");
  writeFileSync(file, "{}");
  const held = new HeldProcess();
  context.after(() => held.emit("SIGTERM"));
  const runtime = systemRuntime({ logger: silentLogger });
  const service = await startService({
    ...{ definition, handler, runtime, process: held, version: "1" },
    ...{ port: 0, ops: { port: 0 }, config: openConfig(file, runtime) },
  });
  const change = ["*/Probe/*", "concurrencyLimit.callsMax=7"];
  const set = ["config", "set", ...change, "--file", file, "--ops", service.opsUrl!];
  const run = await runProgram(HOLDFAST, set, { cwd: folder, timeoutMs: 30_000 });
  const { code, stdout, stderr } = run;
  assert.equal(code, 0, stderr);
  assert.match(stdout, /concurrencyLimit\.callsMax {2}\(none\) → 7/);
  const [policies] = service.observers.state.snapshots("policies");
  const { state } = policies as { state: Policies };
  assert.equal(state.concurrency.callsMax, 7);
  held.emit("SIGTERM");
  assert.equal(await held.exited, 0);
});

interface Policies {
  readonly concurrency: { readonly callsMax: number };
}

test("is registered once it answers, and taken back before it drains", async () => {
  const events: string[] = [];
  let instance: Instance | undefined;
  const registrar: Registrar = {
    name: "a registrar that the test holds",
    register: (service, registered) => {
      events.push(`register ${service}`);
      instance = registered;
      return Promise.resolve({
        deregister: () => Promise.resolve(void events.push("deregister")),
      });
    },
  };
  const held = new HeldProcess();
  const runtime = systemRuntime({ logger: silentLogger });
  const last = { name: "last", drain: () => void events.push("drain of what is below") };
  const service = await startService({
    ...{ definition, handler, runtime, process: held, version: "1", port: 0, ops: false },
    ...{ register: { registrar, zone: "east" }, parts: [last] },
  });
  assert.equal(instance?.id, service.address);
  assert.equal(instance?.zone, "east");
  held.emit("SIGTERM");
  await held.exited;
  assert.deepEqual(events, ["register Probe", "deregister", "drain of what is below"]);
});

test("opens what a word names, and says what it expected", () => {
  const runtime = systemRuntime({ logger: silentLogger });
  assert.match(openResolver("at:127.0.0.1:9090,127.0.0.1:9091", "Probe", runtime).name, /static/);
  assert.match(openResolver("consul:127.0.0.1:8500", "Probe", runtime).name, /consul/);
  assert.match(openResolver("instances.json", "Probe", runtime).name, /file instances\.json/);
  assert.throws(() => openResolver("at:nowhere", "Probe", runtime), { code: "invalid" });
});
