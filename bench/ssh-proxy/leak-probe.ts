// What a Node process still holds, asked from outside. `node --import leak-probe.ts` loads it into
// a proxy under measurement, where it does nothing until somebody connects to its Unix socket: then
// it collects garbage and answers with one line of JSON.
import { createConnection, createServer } from "node:net";

/** What one process holds after a garbage collection; sizes in bytes. */
export interface Held {
  heapUsedBytes: number;
  externalBytes: number;
  /** How many resources keep its event loop alive, timers too, by kind. */
  resources: Record<string, number>;
}

/** Only when it was loaded by `probeWords`. */
const socketPath = new URL(import.meta.url).searchParams.get("socket");
if (socketPath !== null) listen(socketPath);

/** Node's words that load the probe, which then answers at the Unix socket `path`. */
export function probeWords(path: string): string[] {
  const url = new URL(import.meta.url);
  url.searchParams.set("socket", path);
  return ["--expose-gc", "--import", url.href];
}

/** Asks the probe at `path`. */
export async function askProbe(path: string): Promise<Held> {
  const socket = createConnection(path);
  let text = "";
  for await (const piece of socket) text += String(piece);
  return JSON.parse(text) as Held;
}

function listen(path: string): void {
  const server = createServer((socket) => {
    // Twice: what the first finalizes, the second frees.
    globalThis.gc?.();
    setImmediate(() => {
      globalThis.gc?.();
      socket.end(JSON.stringify(held()));
    });
  });
  // A child of the proxy that was started with the same words finds the place taken.
  server.once("error", () => server.close());
  server.listen(path);
  server.unref();
}

function held(): Held {
  const { heapUsed, external } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    resources[kind] = (resources[kind] ?? 0) + 1;
  }
  return { heapUsedBytes: heapUsed, externalBytes: external, resources };
}
