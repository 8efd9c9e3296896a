// The proxy of this repository, as people run it: all defaults are on. What must be said is where
// its files are and that its one account may have as many sessions as a figure asks for.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WORK_PREFIX } from "../backend/work.ts";
import { nodeWords, startProxy } from "./peer.ts";
import type { PeerRun, StartedPeer } from "./peer.ts";

export const OURS = join(import.meta.dirname, "../../../apps/ssh-proxy/src/main.ts");
/** What it prints when it takes connections. */
const READY = /^ssh-proxy answers/m;

export interface OursVariant {
  /** Whether backend connections outlive the client's and are shared by an account's sessions. */
  readonly keepBackendConnections: boolean;
}

export async function startOurs(run: PeerRun, variant: OursVariant): Promise<StartedPeer> {
  const { backends, folder } = run;
  const { keys, backend } = backends;
  const at = (name: string): string => join(folder, name);
  mkdirSync(at("keys"));
  writeFileSync(at("keys/bench"), `${keys.client.publicLine}\n`);
  const routes = [{ pattern: `${WORK_PREFIX}/**`, backend: "bench", path: `/${WORK_PREFIX}/**` }];
  const pool = {
    name: "bench",
    hosts: [backend.address],
    user: backend.user,
    hostKeys: backend.hostKeys.map(({ publicLine }) => publicLine),
    key: "proxy",
  };
  writeFileSync(at("routes.json"), JSON.stringify({ routes, backends: [pool] }));
  const { words, ...probe } = nodeWords(run);
  const command = (port: number): string[] => [
    ...[...words, OURS],
    ...["--port", String(port), "--ops-port", "0", "--accounts", at("keys")],
    ...["--routes", at("routes.json"), "--host-key", keys.proxyHost.file],
    ...["--key", keys.proxy.file],
    ...(variant.keepBackendConnections ? [] : ["--keep-backend-connections", "no"]),
  ];
  return startProxy(run, command, { ready: READY, ...probe });
}
