/**
 * Where the process has its accounts, routes, backends and keys from: files and services that it
 * was told of, or the demo.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type AtAddress,
  type BreakerTable,
  type LifecyclePart,
  type Observers,
  openResolver,
  parseAddress,
  type Runtime,
  ServiceError,
} from "holdfast";
import type { AccountDirectory } from "../accounts/account-directory.ts";
import { openKeyDirectory } from "../accounts/key-directory/key-directory.ts";
import { createThriftAccounts } from "../accounts/thrift-accounts/thrift-accounts.ts";
import { type DemoFiles, openDemoFiles } from "../embedded/demo-files.ts";
import { DemoRoutes } from "../embedded/demo-routes.ts";
import { GitHost } from "../embedded/git-host.ts";
import type { BackendPools } from "../routing/backend-pools.ts";
import { openRouteFile } from "../routing/route-file/route-file.ts";
import type { Router } from "../routing/router.ts";
import { createThriftRouter } from "../routing/thrift-router/thrift-router.ts";
import type { OutputMemory } from "../ssh/connection/output-memory.ts";
import type { PrivateKey } from "../ssh/keys/private-key.ts";
import { createSshTransport } from "../ssh/transport/own-transport.ts";
import { BackendKeys, readHostKeys } from "./key-files.ts";
import { type ProcessOptions, wantsDemo } from "./options.ts";

export interface Sources {
  readonly hostKeys: readonly PrivateKey[];
  readonly keys: BackendKeys;
  readonly accounts: AccountDirectory;
  readonly router: Router;
  readonly pools: BackendPools;
  /** What has to be started, in this order. */
  readonly parts: readonly LifecyclePart[];
  readonly demo: DemoFiles | undefined;
}

export interface SourceParts {
  readonly options: ProcessOptions;
  readonly runtime: Runtime;
  readonly observers: Observers;
  readonly breakers: BreakerTable;
  readonly memory: OutputMemory;
  readonly secrets: { readonly consulToken?: string | undefined };
  /** What the embedded backend's git gets to see of the environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Rejects with a ServiceError that names the file, or the option, that cannot be used. */
export function openSources(parts: SourceParts): Promise<Sources> {
  return wantsDemo(parts.options) ? Promise.resolve(openDemo(parts)) : openGiven(parts);
}

async function openGiven(parts: SourceParts): Promise<Sources> {
  const { options, runtime, observers, breakers, secrets } = parts;
  const { clock, logger } = runtime;
  const registry = observers.state;
  const hostKeys = readHostKeys(options.hostKeys);
  const keys = BackendKeys.read(options.keys, options.keysFolder);
  // Everything that may be wrong by itself comes before what has to be closed again.
  const asked = options.router === undefined ? undefined : thriftPlace("--router", options.router);
  const place = options.accounts!;
  const askedAccounts = place.startsWith("thrift:") ? thriftPlace("--accounts", place) : undefined;
  const file = await openRouteFile({
    ...{ path: options.routes!, clock, logger, registry },
    openResolver: (from, service) => openResolver(from, service, runtime, secrets),
  });
  const service =
    asked === undefined
      ? undefined
      : createThriftRouter({ runtime, observers, breakers, at: asked });
  const accounts =
    askedAccounts === undefined
      ? openKeyDirectory({ path: place, clock, logger, registry })
      : createThriftAccounts({ runtime, observers, breakers, at: askedAccounts });
  const routes: LifecyclePart = {
    name: "routes",
    stop: () => {
      file.close();
      service?.close();
    },
  };
  return {
    ...{ hostKeys, keys, accounts, pools: file, parts: [accounts, routes], demo: undefined },
    router: service ?? file,
  };
}

function openDemo(parts: SourceParts): Sources {
  const { options, runtime, observers, environment, memory } = parts;
  const { clock, network, logger } = runtime;
  mkdirSync(options.data, { recursive: true });
  const demo = openDemoFiles(join(options.data, "demo"));
  const routes = new DemoRoutes(demo.repositories, demo.backendKey.publicKey, clock);
  const host = new GitHost({
    ...{ clock, network, environment, memory, createTransport: createSshTransport },
    root: demo.repositories,
    hostKey: demo.backendKey,
    clientKey: demo.proxyKey.publicKey,
  });
  const accounts = openKeyDirectory({
    ...{ path: demo.accounts, clock, logger, registry: observers.state },
  });
  const backend: LifecyclePart = {
    name: host.name,
    start: async () => {
      await host.start();
      routes.startedAt(host.address);
    },
    stop: () => host.stop(),
  };
  return {
    ...{ hostKeys: demo.hostKeys, accounts, router: routes, pools: routes, demo },
    keys: new BackendKeys(new Map([["proxy", demo.proxyKey]])),
    parts: [accounts, backend],
  };
}

function thriftPlace(option: string, place: string): AtAddress {
  const address = parseAddress(place.slice("thrift:".length));
  if (place.startsWith("thrift:") && address !== undefined) return { address };
  throw new ServiceError("invalid", `${option} is ${place}; it must be thrift:HOST:PORT`);
}
