// The minimal proxies, in Go and on ssh2: how they are started.
import { join } from "node:path";
import { nodeWords, startProxy } from "./peer.ts";
import type { PeerRun, StartedPeer } from "./peer.ts";

export const GO_PROXY = join(import.meta.dirname, "../../.generated/ssh-go-proxy");
export const SSH2_PROXY = join(import.meta.dirname, "ssh2/server.ts");
/** Without it ssh2 does its ciphers one packet at a time through node:crypto, much slower. */
export const SSH2_ADDON = join(
  import.meta.dirname,
  "../../node_modules/ssh2/lib/protocol/crypto/build/Release/sshcrypto.node",
);

export function startGo(run: PeerRun): Promise<StartedPeer> {
  const threads = `GOMAXPROCS=${run.options.goMaxProcs}`;
  return startProxy(run, (port) => ["env", threads, GO_PROXY, ...minimalWords(run, port)]);
}

export function startSsh2(run: PeerRun, noDelay: boolean): Promise<StartedPeer> {
  const { words, ...probe } = nodeWords(run);
  const delay = noDelay ? "no-delay" : "delay";
  const command = (port: number): string[] => [
    ...[...words, SSH2_PROXY],
    ...[...minimalWords(run, port), delay],
  ];
  return startProxy(run, command, probe);
}

/** Both take the same words. */
function minimalWords({ backends }: PeerRun, port: number): string[] {
  const { keys, backend } = backends;
  const [hostKey] = backend.hostKeys;
  if (hostKey === undefined) throw new Error("the backend has no host key");
  return [
    ...[String(port), keys.proxyHost.file, `${keys.client.file}.pub`],
    ...[String(backend.port), backend.user, keys.proxy.file, `${hostKey.file}.pub`],
  ];
}
