/** Our server and our client through the door, with every default filter, for one test. */
import {
  type ClientHandle,
  type ClientOptions,
  createClient,
  createContext,
  createServer,
  type Runtime,
  type ServiceDefinition,
  silentLogger,
  systemRuntime,
} from "holdfast";
import { SecondService, ThriftTest } from "./gen/thrift_test.ts";
import type { ServiceName } from "./peer.ts";
import { secondServiceHandler, Seen, thriftTestHandler } from "./thrift-test-handler.ts";

const HOST = "127.0.0.1";
/** The peers' first calls load their code, on machines with other work to do. */
const CALL_TIMEOUT_MS = 60_000;

/** A server of ours at `port`, 0 for any that is free; others may listen there too. */
export async function startOurServer(
  service: ServiceName,
  seen: Seen,
  port = 0,
): Promise<OurServer> {
  const runtime = systemRuntime({ logger: silentLogger });
  const options = { callTimeoutMs: CALL_TIMEOUT_MS };
  const server =
    service === "test"
      ? createServer({ definition: ThriftTest, handler: thriftTestHandler(seen), runtime, options })
      : createServer({
          definition: SecondService,
          handler: secondServiceHandler,
          runtime,
          options,
        });
  const address = await server.listen({ kind: "tcp", host: HOST, port }, { reusePort: true });
  if (address.kind !== "tcp") throw new Error("not the address that was asked for");
  return {
    port: address.port,
    async drain() {
      await server.drain(createContext({ clock: runtime.clock }).withTimeout(CALL_TIMEOUT_MS));
      await server.stop();
    },
    stop: () => server.stop(),
  };
}

export interface OurServer {
  readonly port: number;
  drain(): Promise<void>;
  stop(): Promise<void>;
}

/** Serves while `body` runs, which is given the port and what was seen. */
export async function withOurServer(
  service: ServiceName,
  body: (port: number, seen: Seen) => Promise<void>,
): Promise<void> {
  const seen = new Seen();
  const server = await startOurServer(service, seen);
  try {
    await body(server.port, seen);
  } finally {
    await server.stop();
  }
}

/** A client of the peer at `port` while `body` runs. One connection carries all its calls. */
export async function withOurClient<Client>(
  definition: ServiceDefinition<never, Client>,
  port: number,
  options: Partial<ClientOptions>,
  body: (client: ClientHandle<Client>, runtime: Runtime) => Promise<void>,
): Promise<void> {
  const runtime = systemRuntime({ logger: silentLogger });
  const client = createClient({
    definition,
    address: { kind: "tcp", host: HOST, port },
    runtime,
    options: {
      name: "holdfast-interop",
      callTimeoutMs: CALL_TIMEOUT_MS,
      connectionsMax: 1,
      ...options,
    },
  });
  try {
    await body(client, runtime);
  } finally {
    client.close();
  }
}
