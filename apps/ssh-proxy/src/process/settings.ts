/** The settings file: limits and times of every part, checked as a whole before anything starts. */
import { readFileSync } from "node:fs";
import { ServiceError } from "holdfast";
import { type BackendOptions, completeBackendOptions } from "../backend/backend-options.ts";
import { completeFrontOptions, type FrontOptions } from "../front/front-options.ts";
import { completeTimeLimits, type TimeLimits } from "../front/time-limits.ts";
import {
  completeSshConnectionOptions,
  type SshConnectionOptions,
} from "../ssh/connection/connection-options.ts";
import { completeProxyOptions, type ProxyOptions } from "../proxy-options.ts";

export interface Settings {
  readonly proxy: ProxyOptions;
  readonly front: FrontOptions;
  readonly times: TimeLimits;
  readonly ssh: SshConnectionOptions;
  readonly backend: BackendOptions;
}

const SECTIONS = ["proxy", "front", "times", "ssh", "backend"] as const;

/** Throws a ServiceError `invalid` that names the file, the section and the option. */
export function readSettings(path: string | undefined): Settings {
  return completeSettings(path === undefined ? {} : readJson(path), path ?? "settings");
}

/** `where` is the file's name, for messages. */
export function completeSettings(input: unknown, where: string): Settings {
  const sections = objectOf(input, where);
  const known: readonly string[] = SECTIONS;
  const unknown = Object.keys(sections).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw invalid(where, `there is no section ${unknown}; there are ${SECTIONS.join(", ")}`);
  }
  const complete = <Options>(
    name: (typeof SECTIONS)[number],
    defaultsOf: (input: Partial<Options>) => Options,
  ): Options => {
    const section = objectOf(sections[name] ?? {}, `${where}: ${name}`);
    const names = Object.keys(defaultsOf({}) as object);
    const odd = Object.keys(section).find((each) => !names.includes(each));
    if (odd !== undefined) {
      throw invalid(where, `${name} has no option ${odd}; it has ${names.join(", ")}`);
    }
    try {
      return defaultsOf(section as Partial<Options>);
    } catch (error) {
      throw invalid(where, `${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  return {
    proxy: complete("proxy", completeProxyOptions),
    front: complete("front", completeFrontOptions),
    times: complete("times", completeTimeLimits),
    ssh: complete("ssh", completeSshConnectionOptions),
    backend: complete("backend", completeBackendOptions),
  };
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw invalid(path, error instanceof Error ? error.message : String(error));
  }
}

function objectOf(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw invalid(where, "an object is expected");
}

function invalid(where: string, what: string): ServiceError {
  return new ServiceError("invalid", `${where}: ${what}`);
}
