/**
 * npm `thrift` (Apache's for Node), as a client of ours and as a server for ours.
 *
 *   peer.ts server SERVICE TRANSPORT PROTOCOL
 *       prints "ready PORT", and "oneway N" for each call of testOneway; ends with its stdin.
 *   peer.ts client SERVICE TRANSPORT PROTOCOL PORT
 *       prints "ok NAME" or "failed NAME: why" for each check.
 *
 * SERVICE is `test` or `second`, TRANSPORT `framed` or `buffered`, PROTOCOL `binary` or `compact`.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { checksOfSecond, checksOfTest } from "./checks.ts";
import { secondHandler, testHandler } from "./handlers.ts";
import { type Client, SecondService, thrift, ThriftTest } from "./thrift.ts";

const [role, service, transportName, protocolName, port] = process.argv.slice(2);
const options = {
  transport: transportName === "framed" ? thrift.TFramedTransport : thrift.TBufferedTransport,
  protocol: protocolName === "compact" ? thrift.TCompactProtocol : thrift.TBinaryProtocol,
};

function serve(): void {
  const server =
    service === "test"
      ? thrift.createServer(ThriftTest, testHandler, options)
      : thrift.createServer(SecondService, secondHandler, options);
  // A peer that is gone is none of its business.
  server.on("error", () => undefined);
  server.listen({ port: 0, host: "127.0.0.1" }, () =>
    console.log(`ready ${(server.address() as AddressInfo).port}`),
  );
  process.stdin.on("end", () => process.exit(0)).resume();
}

async function call(): Promise<void> {
  const connection = thrift.createConnection("127.0.0.1", Number(port), options);
  await once(connection, "connect");
  const checks =
    service === "test"
      ? checksOfTest(clientOf(ThriftTest), () => clientOf(SecondService))
      : checksOfSecond(clientOf(SecondService));
  for (const [name, check] of checks) {
    try {
      await check();
      console.log(`ok ${name}`);
    } catch (error) {
      console.log(`failed ${name}: ${String(error).slice(0, 300)}`);
    }
  }
  connection.end();

  function clientOf(module: object): Client {
    return thrift.createClient(module, connection);
  }
}

if (role === "server") serve();
else await call();
