// The servers of the benchmark, one line each: to add one, add a line. All print "ready" when
// they listen on 127.0.0.1:PORT, and answer idl/echo.thrift or its likeness in their own
// protocol.
import { mkdirSync, rmSync } from "node:fs";
import { HOLDFAST_READY, holdfastCommand, loadHoldfast } from "./history/holdfast.ts";
import type { Method } from "./run/cell.ts";
import type { Options } from "./run/options.ts";
import type { Processes } from "./run/processes.ts";

/** Decides who loads the server: our own C client, h2load (grpc), or moleculer's own client. */
export type Protocol = "framed" | "http" | "grpc" | "moleculer";

export interface ServerRow {
  name: string;
  command(port: number): string[];
  protocol: Protocol;
  /**
   * `one`: the server's core, which it shares with nobody; `all`: no pin, not comparable with
   * the rest.
   */
  pin: "one" | "all";
  /** Cells of other methods are left out; all methods where absent. */
  methods?: readonly Method[];
  /** Makes what the server needs, once before it is measured. */
  prepare?(processes: Processes, options: Options): Promise<void>;
  /** What it prints when it listens; "ready" where absent. */
  ready?: RegExp;
  /** What our load client calls instead of the cell's method. */
  loadWords?: readonly string[];
}

/** The rows that others are given as a share of. */
export const REFERENCES = {
  servers: ["npm-thrift", "kitex"],
  clients: ["npm-thrift", "kitex-mux"],
};

const here = import.meta.dirname;
const node = process.execPath;
const generated = `${here}/.generated`;
const peers = `${here}/peers`;
const store = `${generated}/spliced-store`;
const stored = { users: 1000, itemsPerUser: 100 };

export const SERVERS: readonly ServerRow[] = [
  row("holdfast", "framed", (port) => [node, `${here}/holdfast/echo-server.ts`, port]),
  {
    // `get` of items that are there: read from the store and spliced into the reply.
    ...row("holdfast-store", "framed", (port) => holdfastCommand(store, Number(port))),
    methods: ["get"],
    async prepare(processes, options) {
      rmSync(store, { recursive: true, force: true });
      mkdirSync(store);
      await loadHoldfast(processes, store, stored, options);
    },
    ready: HOLDFAST_READY,
    loadWords:
      `--method history-get --users ${stored.users} --items-per-user ${stored.itemsPerUser}`.split(
        " ",
      ),
  },
  {
    ...row("raw-node", "framed", (port) => [node, `${peers}/raw-node/server.ts`, port]),
    methods: ["echo"],
  },
  row("npm-thrift", "framed", (port) => [node, `${peers}/npm-thrift/server.ts`, port]),
  row("kitex", "framed", (port) => [`${generated}/kitex-server`, port]),
  row("go-thrift", "framed", (port) => [`${generated}/go-server`, port]),
  row("cpp-nonblocking", "framed", (port) => [`${generated}/cpp-server`, port, "nonblocking"]),
  row("cpp-threaded", "framed", (port) => [`${generated}/cpp-server`, port, "threaded"]),
  row("grpc-js", "grpc", (port) => [node, `${peers}/grpc-js/server.ts`, port]),
  row("fastify", "http", (port) => [node, `${peers}/fastify/server.ts`, port]),
  row("moleculer", "moleculer", (port) => [node, `${peers}/moleculer/server.ts`, port]),
];

function row(name: string, protocol: Protocol, command: (port: string) => string[]): ServerRow {
  return { name, protocol, pin: "one", command: (port) => command(String(port)) };
}
