// The clients of the client benchmark, one line each. All take PORT CONNECTIONS IN_FLIGHT SECONDS
// WARMUP_SECONDS, call `echo` on the same C server (load/echo-server.c), and print one LoadResult
// with their own CPU as `clientCpuSeconds`.

export interface ClientRow {
  name: string;
  /** The program, to which the five arguments are added. */
  command: string[];
}

const here = import.meta.dirname;
const node = process.execPath;

/** The server that all of them call. */
export const CLIENT_BENCH_SERVER = `${here}/.generated/echo-server`;

export const CLIENTS: readonly ClientRow[] = [
  { name: "holdfast", command: [node, `${here}/holdfast/echo-client.ts`] },
  { name: "npm-thrift", command: [node, `${here}/peers/npm-thrift/client.ts`] },
  { name: "kitex-mux", command: [`${here}/.generated/kitex-client`] },
];
