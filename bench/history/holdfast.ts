// The feed-history service under measurement: how it is started, and how its store is filled.
import { join } from "node:path";
import { freePort } from "../run/processes.ts";
import type { Processes } from "../run/processes.ts";
import { datasetWords } from "./dataset.ts";
import type { Dataset } from "./dataset.ts";
import { LOAD_MAX_MS } from "./store-row.ts";

const here = import.meta.dirname;
const node = process.execPath;
const holdfastMain = join(here, "../../apps/feed-history/src/main.ts");
/** After a load the service may have much to put away. */
const LOADED_STOP_MAX_MS = 120_000;

/** The feed-history service as people run it, with the store in `directory`. */
export function holdfastCommand(directory: string, port: number): string[] {
  const ports = ["--port", String(port), "--ops-port", "0"];
  return [node, holdfastMain, "--data", directory, ...ports, "--demo", "none"];
}

/** What it prints when it answers. */
export const HOLDFAST_READY = /^feed-history answers/m;

/** Fills a new store of the feed history in `directory`, by a service that then ends. */
export async function loadHoldfast(
  processes: Processes,
  directory: string,
  dataset: Dataset,
  cpus: { serverCpu: number; clientCpu: number },
): Promise<void> {
  const port = await freePort();
  const command = holdfastCommand(directory, port);
  const server = await processes.start(command, cpus.serverCpu, HOLDFAST_READY);
  try {
    const loader = [node, join(here, "holdfast-loader.ts"), String(port)];
    await processes.run([...loader, ...datasetWords(dataset)], cpus.clientCpu, LOAD_MAX_MS);
  } finally {
    await server.stop(LOADED_STOP_MAX_MS);
  }
}
