// The proxy of this repository, as people run it: all defaults are on. What it is told is where its
// keys, its one account and its one route are.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WORK_PREFIX } from "../backend/work.ts";
import { nodeWords, startProxy } from "./peer.ts";
import type { PeerRun, StartedPeer } from "./peer.ts";

export const OURS = join(import.meta.dirname, "../../../apps/ssh-proxy/src/main.ts");
/** What it prints when it takes connections. */
const READY = /^ssh-proxy takes SSH connections/m;

export interface OursVariant {
  /** Whether backend connections outlive the client's and are used again by the same account. */
  readonly keepBackendConnections: boolean;
}

export function startOurs(run: PeerRun, variant: OursVariant): Promise<StartedPeer> {
  const { backends, folder } = run;
  const { keys, backend } = backends;
  const at = (name: string): string => join(folder, name);
  mkdirSync(at("accounts"));
  writeFileSync(at("accounts/bench"), `${keys.client.publicLine}\n`);
  const pool = {
    hosts: [backend.address],
    user: backend.user,
    hostKeys: backend.hostKeys.map(({ fingerprint }) => fingerprint),
  };
  const route = {
    account: "*",
    repository: `${WORK_PREFIX}/*`,
    backend: "bench",
    path: "/{repository}",
  };
  writeFileSync(at("routes"), JSON.stringify({ backends: { bench: pool }, routes: [route] }));
  const settings = variant.keepBackendConnections ? {} : { backend: { keepMs: 0 } };
  writeFileSync(at("settings"), JSON.stringify(settings));
  // As its guide says.
  const { words, ...probe } = nodeWords(run, ["--max-semi-space-size=8"]);
  const command = (port: number): string[] => [
    ...[...words, OURS, "--port", String(port), "--ops-port", "0", "--data", at("data")],
    ...["--accounts", at("accounts"), "--routes", at("routes"), "--settings", at("settings")],
    ...["--host-key", keys.proxyHost.file, "--key", `proxy=${keys.proxy.file}`],
  ];
  return startProxy(run, command, { ready: READY, ...probe });
}
