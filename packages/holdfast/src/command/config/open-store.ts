/** From the command line to the store that it names, and to the processes to look at. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { completeEtcdConfigOptions, type EtcdConfigOptions } from "@holdfast/adapters/etcd";
import type { Runtime, TlsOptions } from "@holdfast/core";
import { type CommandInput, type OptionValues, textOption, usageError } from "../command.ts";
import type { Terminal } from "../terminal.ts";
import type { ConfigStore } from "./config-store.ts";
import { EtcdStore } from "./etcd-store.ts";
import { FileStore } from "./file-store.ts";
import { OpsProcess } from "./ops-process.ts";

export const STORE_OPTIONS = {
  etcd: { type: "string" },
  file: { type: "string" },
  prefix: { type: "string" },
  user: { type: "string" },
  ca: { type: "string" },
  cert: { type: "string" },
  key: { type: "string" },
} as const;

export function openStore(values: OptionValues, runtime: Runtime, terminal: Terminal): ConfigStore {
  const [etcd, file] = [textOption(values, "etcd"), textOption(values, "file")];
  if (file !== undefined && etcd === undefined) {
    return new FileStore(resolve(terminal.cwd, file), file);
  }
  if (etcd === undefined || file !== undefined) {
    throw usageError(
      etcd === undefined ? "where the configuration is, is missing" : "--etcd and --file are two",
      "add --etcd HOST:PORT or --file FILE",
    );
  }
  try {
    return new EtcdStore(runtime, readEtcdOptions(etcd, values, terminal));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw usageError(error.message, "holdfast help config shows the options");
  }
}

export function openProcesses({ values }: CommandInput, runtime: Runtime): OpsProcess[] {
  const { ops } = values;
  const token = process.env["HOLDFAST_OPS_TOKEN"];
  return (Array.isArray(ops) ? ops.map(String) : []).map((url) => {
    if (/^https?:\/\/[^/]+\/?$/.test(url)) return new OpsProcess(url, token, runtime);
    throw usageError(`--ops is ${url}`, "it must be a URL, such as http://127.0.0.1:6060");
  });
}

function readEtcdOptions(
  endpoints: string,
  values: OptionValues,
  terminal: Terminal,
): EtcdConfigOptions {
  const user = textOption(values, "user") ?? "";
  const prefix = textOption(values, "prefix");
  return completeEtcdConfigOptions({
    endpoints: endpoints.split(","),
    ...(prefix === undefined ? {} : { prefix }),
    user,
    // Not an option: a command line is seen by everybody on the machine.
    password: user === "" ? "" : (process.env["HOLDFAST_ETCD_PASSWORD"] ?? ""),
    tls: readTls(values, terminal),
  });
}

function readTls(values: OptionValues, terminal: Terminal): TlsOptions | undefined {
  const given = (["ca", "cert", "key"] as const).flatMap((name) => {
    const path = textOption(values, name);
    return path === undefined ? [] : [[name, readText(name, resolve(terminal.cwd, path))] as const];
  });
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

function readText(name: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw usageError(`--${name}: ${(error as Error).message}`, "it must be a file in PEM form");
  }
}
