/**
 * From one word of a command line or an environment to where instances and live configuration come
 * from: a file for one machine, Consul and etcd for many.
 */
import { existsSync } from "node:fs";
import { FileConfigSource } from "@holdfast/adapters/config-file";
import { ConsulRegistrar, ConsulResolver } from "@holdfast/adapters/consul";
import { EtcdConfigSource } from "@holdfast/adapters/etcd";
import {
  instanceAt,
  LiveConfig,
  parseAddress,
  type Registrar,
  type Resolver,
  type Runtime,
  ServiceError,
  StaticResolver,
} from "@holdfast/core";
import { FileResolver, type Observers } from "@holdfast/rpc";
import { LIVE_CHECKS, LIVE_SCHEMAS } from "./live-schemas.ts";

export interface SourceSecrets {
  /** Consul's ACL token, as its own tools take it from CONSUL_HTTP_TOKEN; default none. */
  readonly consulToken?: string | undefined;
}

/**
 * `consul:HOST:PORT`, `at:HOST:PORT,HOST:PORT`, or a file of instances, which is watched. Throws a
 * ServiceError that says what was expected.
 */
export function openResolver(
  source: string,
  service: string,
  runtime: Runtime,
  secrets: SourceSecrets = {},
): Resolver {
  const { clock, logger } = runtime;
  const { kind, place } = partsOf(source);
  if (kind === "consul")
    return new ConsulResolver({ runtime, options: consulOptions(place, secrets) });
  if (kind === "at") {
    return new StaticResolver(clock, { [service]: place.split(",").map(instanceOf) });
  }
  return new FileResolver({ path: source, clock, logger });
}

/** `consul:HOST:PORT`. */
export function openRegistrar(
  source: string,
  runtime: Runtime,
  secrets: SourceSecrets = {},
): Registrar {
  const { kind, place } = partsOf(source);
  if (kind === "consul")
    return new ConsulRegistrar({ runtime, options: consulOptions(place, secrets) });
  throw wrong(source, "consul:HOST:PORT");
}

/**
 * `etcd:HOST:PORT,HOST:PORT` (prefix `/holdfast/config/`), or a file, which is watched. With
 * `observers` its age and its revisions show in the metrics. Throws a ServiceError when there is no
 * such file.
 */
export function openConfig(
  source: string,
  runtime: Runtime,
  observers?: Pick<Observers, "stats">,
): LiveConfig {
  const { clock, logger, random } = runtime;
  const { kind, place } = partsOf(source);
  if (kind !== "etcd" && !existsSync(source)) {
    const hint = "make it, with {} in it, or leave the option out";
    throw new ServiceError("invalid", `no configuration: there is no file ${source}; ${hint}`);
  }
  const followed =
    kind === "etcd"
      ? new EtcdConfigSource({ clock, logger, random }, { endpoints: place.split(",") })
      : new FileConfigSource({ path: source, clock, logger });
  return new LiveConfig({
    ...{ sources: [followed], schemas: LIVE_SCHEMAS, checks: LIVE_CHECKS, clock, logger },
    ...(observers !== undefined && { stats: observers.stats }),
  });
}

function partsOf(source: string): { kind: string; place: string } {
  const [, kind = "", place = ""] = /^(consul|etcd|at):(.+)$/.exec(source) ?? [];
  return { kind, place };
}

function consulOptions(
  place: string,
  { consulToken: token = "" }: SourceSecrets,
): { addresses: string[]; token: string } {
  return { addresses: place.split(","), token };
}

function instanceOf(place: string): ReturnType<typeof instanceAt> {
  const address = parseAddress(place);
  if (address === undefined) throw wrong(place, "HOST:PORT or the path of a socket");
  return instanceAt(address);
}

function wrong(source: string, expected: string): ServiceError {
  return new ServiceError("invalid", `"${source}" is not ${expected}`);
}
