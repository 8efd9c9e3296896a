// The two sshd of a run: one that is asked directly, on the core where otherwise the proxy is, and
// one behind the proxies. Both let in the client's key and the proxies', and run the same work.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeKey } from "../../../tests/servers/openssh/keys.ts";
import type { SshKey } from "../../../tests/servers/openssh/keys.ts";
import { makeBackendFolder, startSshd } from "../../../tests/servers/openssh/sshd.ts";
import type { Sshd } from "../../../tests/servers/openssh/sshd.ts";
import type { ProxyOptions } from "../options.ts";
import { makeRepository } from "./repository.ts";

const PID_LOOK_MS = 10;
const PID_LOOKS_MAX = 500;

export interface Keys {
  /** Of who connects to a proxy, or to sshd directly. */
  readonly client: SshKey;
  /** That a proxy logs in with at the backend. */
  readonly proxy: SshKey;
  /** That a proxy shows to its clients. */
  readonly proxyHost: SshKey;
}

export interface Backends extends AsyncDisposable {
  readonly keys: Keys;
  readonly direct: Sshd;
  readonly backend: Sshd;
  /** Where work that does not end by itself leaves its process id, by its name. */
  readonly pidFolder: string;
}

/** Starts both in a folder that anybody may enter. */
export async function startBackends(folder: string, options: ProxyOptions): Promise<Backends> {
  chmodSync(folder, 0o755);
  const keys: Keys = {
    client: makeKey(folder, "client"),
    proxy: makeKey(folder, "proxy"),
    proxyHost: makeKey(folder, "proxy_host"),
  };
  const work = makeBackendFolder(join(folder, "work"));
  const pidFolder = makeBackendFolder(join(work, "pids"));
  const repository = await makeRepository(options.directory, options.sizes.repositoryMb);
  symlinkSync(repository, join(work, "repository.git"));
  const script = join(work, "forced-command.sh");
  copyFileSync(join(import.meta.dirname, "forced-command.sh"), script);

  const start = async (name: string, cpu: number): Promise<Sshd> => {
    const pidFile = join(folder, name, "pid");
    const sshd = await startSshd({
      folder,
      name,
      authorizedKeys: [keys.client.publicLine, keys.proxy.publicLine],
      forceCommand: `/bin/sh ${script} ${work}`,
      hostKeyTypes: ["ed25519"],
      // What belongs to whom is not what is measured.
      environment: safeDirectory(),
      configuration: [`PidFile ${pidFile}`, "LogLevel INFO", "MaxStartups 5000"],
    });
    execFileSync("taskset", ["-acp", String(cpu), await readPid(pidFile)], { stdio: "ignore" });
    return sshd;
  };
  const direct = await start("direct", options.directCpu);
  const backend = await start("backend", options.backendCpu);
  return {
    keys,
    direct,
    backend,
    pidFolder,
    async [Symbol.asyncDispose]() {
      await Promise.all([direct.stop(), backend.stop()]);
    },
  };
}

/** sshd listens first and then writes its process id. */
async function readPid(file: string): Promise<string> {
  for (let look = 1; ; look++) {
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    if (text.endsWith("\n")) return text.trim();
    if (look === PID_LOOKS_MAX) throw new Error(`sshd has not written ${file}`);
    await delay(PID_LOOK_MS);
  }
}

/** Git serves a repository of another user only when it is told to. */
function safeDirectory(): Record<string, string> {
  return { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "safe.directory", GIT_CONFIG_VALUE_0: "*" };
}
