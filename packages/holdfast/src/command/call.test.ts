import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  type Context,
  createServer,
  DynamicException,
  type DynamicMethods,
  dynamicService,
  type ErrorCode,
  compileIdlFile,
  formatAddress,
  schemaOf,
  ServiceError,
  silentLogger,
  systemRuntime,
} from "holdfast";
import { runHoldfast } from "./run.ts";
import { RecordedTerminal } from "./testing/recorded-terminal.ts";

const IDL = join(import.meta.dirname, "testing", "probe.thrift");
const program = schemaOf(compileIdlFile(IDL).program!);
const schema = program.services.get("Probe")!;
const notes: string[] = [];
const noted = Promise.withResolvers<void>();
const seen: Context[] = [];

const handler: DynamicMethods = {
  async echo(context, request) {
    seen.push(context);
    const { id } = request as { id: bigint };
    if (id >= 0n) return request;
    throw new DynamicException(program.structs.get("Refused")!, { reason: "negative", limit: 0n });
  },
  async fail(_context, code) {
    throw code === "" ? new Error("secret") : new ServiceError(code as ErrorCode, "no luck");
  },
  add: async (_context, one, other) => (one as bigint) + (other as bigint),
  nothing: async () => undefined,
  async note(_context, text) {
    notes.push(text as string);
    noted.resolve();
  },
  never: () => new Promise(() => undefined),
};

const runtime = systemRuntime({ logger: silentLogger });
const server = createServer({ definition: dynamicService(schema), handler, runtime });
const ADDRESS = formatAddress(await server.listen({ kind: "tcp", host: "127.0.0.1", port: 0 }));
after(() => server.stop());

interface Called {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function call(method: string, json: string, ...more: readonly string[]): Promise<Called> {
  return holdfastCall(ADDRESS, method, json, "--idl", IDL, ...more);
}

async function holdfastCall(...args: readonly string[]): Promise<Called> {
  const terminal = new RecordedTerminal();
  const code = await runHoldfast(["call", ...args], terminal);
  assert.doesNotMatch(terminal.stderr, /^\s+at /m);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

test("prints the reply as JSON, in every framing and protocol", async () => {
  const request = {
    id: "9007199254740993",
    bytes: "AAH/",
    colour: "GREEN",
    numbers: [1, -2],
    counts: { a: "1" },
    ratio: 0.5,
  };
  for (const framing of ["ttheader", "framed", "buffered"]) {
    for (const protocol of ["binary", "compact"]) {
      const options = ["--framing", framing, "--protocol", protocol];
      const { code, stdout, stderr } = await call("Probe.Echo", toText({ request }), ...options);
      assert.equal(stderr, "");
      assert.equal(code, 0);
      assert.deepEqual(JSON.parse(stdout), request);
    }
  }
});

test("takes the one struct of a method without its name", async () => {
  const { stdout } = await call("Probe.Echo", '{"id": 7}');
  assert.deepEqual(JSON.parse(stdout), { id: "7" });
});

test("rounds no number that was written out", async () => {
  const { stdout } = await call("Probe.Echo", '{"id": 9007199254740993}');
  assert.deepEqual(JSON.parse(stdout), { id: "9007199254740993" });
});

test("an argument with a default may be left out, others may not", async () => {
  assert.equal((await call("Probe.Add", '{"one": 41}')).stdout, '"42"\n');
  const { code, stderr } = await call("Probe.Add", '{"other": 1}');
  assert.equal(code, 2);
  assert.match(stderr, /one: the argument is missing\n {2}Probe\.Add takes {"one": i64,/);
});

test("a method without a result says null; a oneway one says that it was sent", async () => {
  assert.deepEqual(await call("Probe.Nothing", "{}"), { code: 0, stdout: "null\n", stderr: "" });
  const { code, stdout, stderr } = await call("Probe.Note", '{"text": "hello"}');
  assert.deepEqual([code, stdout], [0, ""]);
  assert.match(stderr, /sent/);
  await noted.promise;
  assert.deepEqual(notes, ["hello"]);
});

test("tells the service who calls, the request id and the time it has", async () => {
  const options = ["--caller", "me", "--request-id", "abc-1", "--deadline", "2000"];
  await call("Probe.Echo", '{"id": 1}', ...options);
  const context = seen.at(-1)!;
  assert.equal(context.caller, "me");
  assert.equal(context.requestId, "abc-1");
  assert.ok(context.remainingMs() <= 2_000);
});

test("a declared exception is JSON on standard error, with exit code 3", async () => {
  const { code, stdout, stderr } = await call("Probe.Echo", '{"id": -1}');
  assert.deepEqual([code, stdout], [3, ""]);
  assert.deepEqual(JSON.parse(stderr), { exception: "Refused", reason: "negative", limit: "0" });
});

test("a failed call names its code and what to do, with exit code 4", async () => {
  for (const code of ["overloaded", "not-found", "invalid", "degraded", "draining"]) {
    const { code: exit, stdout, stderr } = await call("Probe.Fail", toText({ code }));
    assert.deepEqual([exit, stdout], [4, ""]);
    assert.match(stderr, new RegExp(`^holdfast call: ${code}: no luck\n {2}\\S`));
  }
  const { code, stderr } = await call("Probe.Fail", '{"code": ""}');
  assert.equal(code, 4);
  assert.match(stderr, /internal: Fail failed; its request id in the log is/);
  assert.doesNotMatch(stderr, /secret/);
});

test("a call that takes too long fails at its deadline", async () => {
  const { code, stderr } = await call("Probe.Never", "{}", "--deadline", "50");
  assert.equal(code, 4);
  assert.match(stderr, /deadline-exceeded: .*\n {2}allow more time with --deadline/);
});

test("nobody at the address is exit code 5", async () => {
  const other = createServer({ definition: dynamicService(schema), handler, runtime });
  const free = formatAddress(await other.listen({ kind: "tcp", host: "127.0.0.1", port: 0 }));
  await other.stop();
  const { code, stderr } = await holdfastCall(free, "Probe.Nothing", "{}", "--idl", IDL);
  assert.equal(code, 5);
  assert.match(stderr, new RegExp(`cannot connect to ${free}: .*\n {2}check that the service`));
});

test("wrong JSON is refused with the path of what is wrong, before anything is sent", async () => {
  for (const [json, message] of [
    ['{"request": {"id": "x"}}', /request\.id: expected an i64/],
    ['{"request": {"id": 1, "numbers": [1, "a"]}}', /request\.numbers\[1\]: expected a whole/],
    ['{"request": {"id": 1, "counts": {"a": 1.5}}}', /request\.counts\["a"\]: expected an i64/],
    ['{"request": {"id": 1, "colour": "BLUE"}}', /request\.colour: .* RED, GREEN/],
    ['{"request": {"id": 1, "bytes": "?"}}', /request\.bytes: .*base64/],
    ['{"request": {"idd": 1}}', /request\.idd: Everything has no such field/],
    ["{}", /request\.id: is required and missing/],
    ["[1]", /expected an object/],
    ["null", /expected an object/],
    ["{id: 1}", /no JSON: .*line 1 column 2/],
  ] as const) {
    const { code, stdout, stderr } = await call("Probe.Echo", json);
    assert.deepEqual([code, stdout], [2, ""], stderr);
    assert.match(stderr, message);
  }
});

test("wrong names are answered with what there is", async () => {
  for (const [method, message] of [
    ["Probe.Ecko", /service Probe has no method Ecko\n {2}did you mean Probe\.Echo\?/],
    ["Prob.Echo", /the IDL has no service Prob\n {2}did you mean Probe\.Echo\?/],
    ["Echo", /has no dot; it must be Service\.Method/],
    ["Empty.Echo", /service Empty has no method Echo/],
  ] as const) {
    const { code, stderr } = await call(method, "{}");
    assert.equal(code, 2);
    assert.match(stderr, message);
    assert.match(stderr, /the IDL has Probe\.Echo, Probe\.Fail/);
  }
});

test("wrong options are answered with what is allowed", async () => {
  for (const [args, message] of [
    [[], /the address is missing/],
    [["nowhere"], /nowhere is no address\n {2}it must be HOST:PORT/],
    [[ADDRESS, "Probe.Nothing"], /--idl is missing/],
    [[ADDRESS, "--idl", IDL], /the method is missing\n {2}the IDL has Probe\.Echo/],
    [[ADDRESS, "Probe.Nothing", "{}", "x"], /one word too many/],
    [[ADDRESS, "Probe.Nothing", "--idl", IDL, "--deadline", "0"], /from 1 to 86400000/],
    [[ADDRESS, "Probe.Nothing", "--idl", IDL, "--framing", "http"], /ttheader, framed, buffered/],
    [[ADDRESS, "Probe.Nothing", "--idl", IDL, "--protocol", "json"], /binary, compact/],
    [[ADDRESS, "Probe.Nothing", "--idl", "none.thrift"], /the IDL has problems[^]*none\.thrift/],
  ] as const) {
    const { code, stderr } = await holdfastCall(...args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
});

test("an IDL with problems is shown with their places", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-call-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const idl = join(folder, "bad.thrift");
  writeFileSync(idl, "service Bad {\n  Unknown Get()\n}\n");
  const { code, stderr } = await holdfastCall(ADDRESS, "Bad.Get", "{}", "--idl", idl);
  assert.equal(code, 2);
  assert.match(stderr, /bad\.thrift:2:3: error: /);
});

function toText(value: unknown): string {
  return JSON.stringify(value);
}
