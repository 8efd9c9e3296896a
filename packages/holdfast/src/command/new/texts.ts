/** The texts of a new service, with its names put in. */

export interface ServiceWords {
  /** Such as `feed-counter`: the package, the folder, the IDL. */
  readonly name: string;
  /** Such as `FeedCounter`: the service in the IDL. */
  readonly service: string;
}

export const GITIGNORE = "node_modules/\n*.log\n";

export function idlText({ service }: ServiceWords): string {
  return `/** What the service answers. After a change: npm run gen */

struct GreetReply {
  1: required string text
  /** How many greetings were given since the start, this one included. */
  2: required i64 count
}

exception InvalidName {
  1: required string reason
}

service ${service} {
  GreetReply Greet(1: string name) throws (1: InvalidName invalid)
}
`;
}

export function handlerText({ name, service }: ServiceWords): string {
  return `\
/** What the service does. Methods get the call's context first: its deadline, its caller. */
import { InvalidName, type ${service}Handler } from "./gen/${name}.ts";

export function createHandler(): ${service}Handler {
  let count = 0n;
  return {
    async greet(_context, name) {
      if (name.trim() === "") throw new InvalidName({ reason: "the name is empty" });
      count++;
      return { text: \`Hello, \${name}!\`, count };
    },
  };
}
`;
}

export function mainText({ name, service }: ServiceWords): string {
  return `\
/** Starts the service. PORT takes calls, OPS_PORT is for the operator; 0 picks a free one. */
import { startService } from "holdfast";
import { ${service} } from "./gen/${name}.ts";
import { createHandler } from "./handler.ts";

const service = await startService({
  definition: ${service},
  handler: createHandler(),
  port: Number(process.env["PORT"] ?? 9090),
  ops: { port: Number(process.env["OPS_PORT"] ?? 6060) },
});
console.log(\`${name} answers calls on \${service.address}, operators on \${service.opsUrl}\`);
`;
}

export function testText({ name, service }: ServiceWords): string {
  return `/** Calls the handler as callers do: through a client, over a socket. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createClient, createContext, createServer, silentLogger, systemRuntime } from "holdfast";
import { InvalidName, ${service} } from "../src/gen/${name}.ts";
import { createHandler } from "../src/handler.ts";

const runtime = systemRuntime({ logger: silentLogger });
const server = createServer({ definition: ${service}, handler: createHandler(), runtime });
const address = await server.listen({ kind: "tcp", host: "127.0.0.1", port: 0 });
const client = createClient({ definition: ${service}, address, runtime });
const context = createContext({ clock: runtime.clock });

after(async () => {
  client.close();
  await server.stop();
});

test("greets by name and counts", async () => {
  const reply = await client.calls.greet(context, "Ada");
  assert.deepEqual(reply, { text: "Hello, Ada!", count: 1n });
});

test("refuses an empty name", async () => {
  await assert.rejects(client.calls.greet(context, " "), InvalidName);
});
`;
}

export function readmeText({ name, service }: ServiceWords): string {
  return `# ${name}

A Thrift service on [Holdfast](https://www.npmjs.com/package/holdfast), for Node 24.12 or later.

    npm install
    npm test
    npm start

Then, in another terminal:

    npx holdfast call 127.0.0.1:9090 ${service}.Greet '{"name": "Ada"}' --idl idl/${name}.thrift
    curl -s http://127.0.0.1:6060/info

\`PORT=0 OPS_PORT=0 npm start\` takes free ports. Ctrl-C finishes the calls at work, then ends.

| file | what it is |
| --- | --- |
| \`idl/${name}.thrift\` | what the service answers; after a change: \`npm run gen\` |
| \`src/gen/\` | written by \`npm run gen\`: do not edit |
| \`src/handler.ts\` | what the service does |
| \`src/main.ts\` | starts it: server, ops port, signals |
| \`test/${name}.test.ts\` | calls it through a real client |

Callers in any language use the same IDL: Apache Thrift (framed or buffered, Binary or Compact) and
Kitex (TTHeader) all speak to the one port.
`;
}
