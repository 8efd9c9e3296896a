/** Processes that share a port are replaced one by one under load, and no call notices. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import {
  type Address,
  createClient,
  createContext,
  parseAddress,
  silentLogger,
  systemRuntime,
} from "holdfast";
import { Echo } from "./rolling-restart/echo-service.ts";

const WORKER = fileURLToPath(new URL("rolling-restart/worker.ts", import.meta.url));
const RESTARTS = 20;
const CLIENTS = 5;
const CALLERS_PER_CLIENT = 8;
/** The machine may be busy with something else; what is tested is that nothing fails. */
const PATIENCE_MS = 20_000;

describe("20 rolling restarts of two processes under load", () => {
  it("fail no call, and each process ends with 0", { timeout: 200_000 }, async () => {
    const workers: Worker[] = [];
    try {
      const first = await startWorker(0);
      workers.push(first, await startWorker(first.address.port));
      const load = startLoad(first.address);
      for (let restart = 0; restart < RESTARTS; restart++) {
        // One after the other: that is what rolling means.
        // oxlint-disable-next-line no-await-in-loop
        workers.push(await startWorker(first.address.port));
        // oxlint-disable-next-line no-await-in-loop
        assert.equal(await endWorker(workers.shift()!), 0);
      }
      const { answered, failed } = await load.stop();
      assert.deepEqual(failed, []);
      assert.ok(answered > 1_000, `${answered} calls were answered`);
    } finally {
      await Promise.all(workers.map(endWorker));
    }
  });
});

interface Worker {
  readonly process: ChildProcess;
  readonly address: Address & { readonly kind: "tcp" };
}

/** Resolves when the process answers. */
async function startWorker(port: number): Promise<Worker> {
  const child = spawn(process.execPath, [WORKER, String(port)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const address = parseAddress(line.replace("answers at ", ""));
    if (address?.kind === "tcp") return { process: child, address };
    console.log(line);
  }
  throw new Error("the worker ended before it answered");
}

/** Ends it as an operator does; its exit code. */
async function endWorker({ process: child }: Worker): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const exited = once(child, "exit") as Promise<[number | null]>;
  child.kill("SIGTERM");
  const [code] = await exited;
  return code;
}

interface Tally {
  answered: number;
  readonly failed: string[];
}

function startLoad(address: Address): { readonly stop: () => Promise<Tally> } {
  const runtime = systemRuntime({ logger: silentLogger });
  const tally: Tally = { answered: 0, failed: [] };
  let calling = true;
  const clients = Array.from({ length: CLIENTS }, () =>
    createClient({
      definition: Echo,
      address,
      runtime,
      options: { callTimeoutMs: PATIENCE_MS, dialTimeoutMs: PATIENCE_MS },
    }),
  );
  const callers = clients.flatMap((client) =>
    Array.from({ length: CALLERS_PER_CLIENT }, async (_, caller) => {
      for (let count = 0; calling; count++) {
        const text = `${caller}.${count}`;
        // oxlint-disable-next-line no-await-in-loop
        await client.calls.echo(createContext({ clock: runtime.clock }), text).then(
          (reply) => (reply === text ? tally.answered++ : tally.failed.push(`got ${reply}`)),
          (error: unknown) => tally.failed.push(String(error)),
        );
      }
    }),
  );
  return {
    stop: async () => {
      calling = false;
      await Promise.all(callers);
      for (const client of clients) client.close();
      return tally;
    },
  };
}
