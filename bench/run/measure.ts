// The measurements: rows take turns, A B C … A B C, each time as a fresh process, so that what
// slows the machine down for a while slows all of them.
import { CLIENT_BENCH_SERVER } from "../clients.ts";
import type { ClientRow } from "../clients.ts";
import type { ServerRow } from "../servers.ts";
import { formatCell } from "./cell.ts";
import type { Cell } from "./cell.ts";
import { runLoad } from "./load.ts";
import { parseLoadResult } from "./load-result.ts";
import type { LoadResult } from "./load-result.ts";
import type { Options } from "./options.ts";
import { freePort } from "./processes.ts";
import type { Processes } from "./processes.ts";
import type { Samples } from "./samples.ts";

const CLIENT_GRACE_MS = 20_000;

interface Named {
  name: string;
}

/** Every row in every cell, `repeats` times; a failure is noted and the run goes on. */
export async function takeTurns<Row extends Named>(
  rows: readonly Row[],
  cells: readonly Cell[],
  repeats: number,
  measure: (row: Row, cell: Cell) => Promise<LoadResult>,
): Promise<Samples[]> {
  const all: Samples[] = [];
  for (const cell of cells) {
    const ofCell = rows.map((row) => ({
      row,
      samples: {
        cell: formatCell(cell),
        row: row.name,
        results: [],
        failures: [],
      } satisfies Samples as Samples,
    }));
    for (let repeat = 1; repeat <= repeats; repeat++) {
      for (const { row, samples } of ofCell) {
        console.error(`${samples.cell} ${repeat}/${repeats} ${row.name}`);
        try {
          samples.results.push(await measure(row, cell));
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          console.error(`  FAILED: ${reason}`);
          samples.failures.push(reason);
        }
      }
    }
    all.push(...ofCell.map(({ samples }) => samples));
  }
  return all;
}

/** The server's CPU under a native client. */
export async function measureServers(
  processes: Processes,
  rows: readonly ServerRow[],
  options: Options,
): Promise<Samples[]> {
  const all: Samples[] = [];
  for (const cell of options.cells) {
    const able = rows.filter(({ methods }) => methods?.includes(cell.method) ?? true);
    const measured = await takeTurns(able, [cell], options.repeats, async (row) => {
      const port = await freePort();
      const cpu = row.pin === "one" ? options.serverCpu : undefined;
      const server = await processes.start(row.command(port), cpu, row.ready);
      try {
        const { protocol, loadWords } = row;
        const target = { protocol, port, serverPid: server.pid, loadWords };
        return await runLoad(processes, target, cell, options);
      } finally {
        await server.stop();
      }
    });
    all.push(...measured);
  }
  return all;
}

/** The client's CPU against one C server; only `echo` cells. */
export async function measureClients(
  processes: Processes,
  rows: readonly ClientRow[],
  options: Options,
): Promise<Samples[]> {
  const cells = options.cells.filter(({ method }) => method === "echo");
  const limitMs = (options.seconds + options.warmupSeconds) * 1000 + CLIENT_GRACE_MS;
  return takeTurns(rows, cells, options.repeats, async (row, cell) => {
    const port = await freePort();
    const server = await processes.start([CLIENT_BENCH_SERVER, String(port)], options.serverCpu);
    const numbers = [
      port,
      cell.connections,
      cell.inFlight,
      options.seconds,
      options.warmupSeconds,
    ].map(String);
    try {
      const command = [...row.command, ...numbers];
      return parseLoadResult(await processes.run(command, options.clientCpu, limitMs));
    } finally {
      await server.stop();
    }
  });
}
