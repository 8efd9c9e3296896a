/** The tables of the default filters in ARCHITECTURE.md are the stacks as they are. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import {
  compileIdl,
  createClient,
  createServer,
  dynamicService,
  schemaOf,
  silentLogger,
  systemRuntime,
} from "holdfast";

const PAGE = readFileSync(join(import.meta.dirname, "../../ARCHITECTURE.md"), "utf8");
/** Role, what it does, why it stands there. */
const ROW = /^\| `([\w-]+)` +\|[^|]+\| (.+?) +\|$/gm;

const { program } = compileIdl("probe.thrift", () => "service Probe { void Ping() }");
const definition = dynamicService(schemaOf(program!).services.get("Probe")!);
const runtime = systemRuntime({ logger: silentLogger });

it("shows the server's filters in their order, each with its reason", async () => {
  const server = createServer({ definition, handler: {}, runtime });
  try {
    assert.deepEqual(rowsUnder("### The server's filters"), server.describeStack());
  } finally {
    await server.stop();
  }
});

it("shows the client's filters in their order, each with its reason", () => {
  const address = { kind: "tcp", host: "127.0.0.1", port: 1 } as const;
  const client = createClient({ definition, address, runtime });
  try {
    assert.deepEqual(rowsUnder("### The client's filters"), client.describeStack());
  } finally {
    client.close();
  }
});

function rowsUnder(heading: string): { role: string; why: string }[] {
  const [, section = ""] = PAGE.split(`${heading}\n`);
  const [table = ""] = section.split(/^#/m);
  return Array.from(table.matchAll(ROW), ([, role = "", why = ""]) => ({ role, why }));
}
