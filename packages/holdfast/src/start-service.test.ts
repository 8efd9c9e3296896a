import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import {
  compileIdl,
  createClient,
  createContext,
  dynamicService,
  type DynamicMethods,
  type LifecyclePart,
  parseAddress,
  schemaOf,
  type SignalledProcess,
  silentLogger,
  startService,
  type StartService,
  systemRuntime,
} from "holdfast";

const { program } = compileIdl("probe.thrift", () => "service Probe { i32 Twice(1: i32 value) }");
const definition = dynamicService(schemaOf(program!).services.get("Probe")!);
const handler: DynamicMethods = { twice: async (_context, value) => (value as number) * 2 };

/** A process that is signalled by hand; `exited` resolves with the code it would end with. */
class HeldProcess extends EventEmitter implements SignalledProcess {
  private readonly exit_ = Promise.withResolvers<number>();
  readonly exited = this.exit_.promise;

  exit(code: number): void {
    this.exit_.resolve(code);
  }
}

function input(process: HeldProcess): StartService<DynamicMethods> {
  const runtime = systemRuntime({ logger: silentLogger });
  return { definition, handler, port: 0, ops: { port: 0 }, version: "1.2.3", runtime, process };
}

test("answers calls and operators, and ends in order at the first signal", async () => {
  const held = new HeldProcess();
  const order: string[] = [];
  const store: LifecyclePart = {
    name: "store",
    start: () => void order.push("store starts"),
    stop: () => void order.push("store stops"),
  };
  const service = await startService({ ...input(held), parts: [store] });
  const { runtime } = service;
  const address = parseAddress(service.address)!;
  const client = createClient({ definition, address, runtime });
  const context = createContext({ clock: runtime.clock });
  assert.equal(await client.calls["twice"]!(context, 21), 42);
  client.close();
  const info = (await (await fetch(`${service.opsUrl}/info`)).json()) as { Version: string };
  assert.equal(info.Version, "1.2.3");
  const metrics = await (await fetch(`${service.opsUrl}/metrics`)).text();
  assert.match(metrics, /holdfast_server/);
  held.emit("SIGTERM");
  assert.equal(await held.exited, 0);
  assert.deepEqual(order, ["store starts", "store stops"]);
  assert.equal(service.lifecycle.state.kind, "stopped");
});

test("POST /drain ends it like a signal", async () => {
  const held = new HeldProcess();
  const { opsUrl } = await startService(input(held));
  const reply = await fetch(`${opsUrl}/drain`, { method: "POST" });
  assert.ok(reply.ok);
  assert.equal(await held.exited, 0);
});

test("has no ops port when told so", async () => {
  const held = new HeldProcess();
  const { opsUrl } = await startService({ ...input(held), ops: false });
  assert.equal(opsUrl, undefined);
  held.emit("SIGINT");
  assert.equal(await held.exited, 0);
});

test("a taken port is one line on standard error, and exit code 1", async (t) => {
  const first = new HeldProcess();
  const { address } = await startService(input(first));
  const { port } = parseAddress(address) as { port: number };
  const lines: unknown[] = [];
  const write = t.mock.method(process.stderr, "write", (line: unknown) => lines.push(line) > 0);
  const second = new HeldProcess();
  void startService({ ...input(second), port });
  assert.equal(await second.exited, 1);
  write.mock.restore();
  assert.equal(lines.length, 1);
  assert.match(String(lines[0]), new RegExp(`^Probe cannot start: .*${port}.*\n$`));
  first.emit("SIGTERM");
  assert.equal(await first.exited, 0);
});
