/** A whole service, and a call to it: deadlines, limits, call records and an ops port are on. */
import { createClient, createContext, parseAddress, startService } from "holdfast";
import { Greeter, type GreeterHandler, InvalidName } from "./gen/greeter.ts";

function createHandler(): GreeterHandler {
  let count = 0n;
  return {
    async greet(_context, name) {
      if (name === "") throw new InvalidName({ reason: "the name is empty" });
      count++;
      return { text: `Hello, ${name}!`, count };
    },
  };
}

const { address, opsUrl, runtime } = await startService({
  definition: Greeter,
  handler: createHandler(),
  port: 0, // a free one
  ops: { port: 0 },
});
console.log(`answers calls on ${address}, operators on ${opsUrl}`);

const client = createClient({ definition: Greeter, address: parseAddress(address)!, runtime });
const context = createContext({ clock: runtime.clock }).withTimeout(1_000);
console.log(await client.calls.greet(context, "Ada"));
client.close();
