/** The settings file: limits and times of every part, checked as a whole before anything starts. */
import { readFileSync } from "node:fs";
import { ServiceError } from "holdfast";
import { type BackendOptions, completeBackendOptions } from "../backend/backend-options.ts";
import {
  type AdmissionOptions,
  completeAdmissionOptions,
  completePenaltyOptions,
  type PenaltyOptions,
} from "../front/front-options.ts";
import {
  completeProxyProtocolOptions,
  type ProxyProtocolOptions,
} from "../front/proxy-protocol/options.ts";
import { completeTimeLimits, type TimeLimits } from "../front/time-limits.ts";
import {
  completeSshConnectionOptions,
  type SshConnectionOptions,
} from "../ssh/connection/connection-options.ts";
import { completeProxyOptions, type ProxyOptions } from "../proxy-options.ts";

export interface Settings {
  readonly proxy: ProxyOptions;
  readonly admission: AdmissionOptions;
  readonly penalties: PenaltyOptions;
  readonly proxyProtocol: ProxyProtocolOptions;
  readonly times: TimeLimits;
  readonly ssh: SshConnectionOptions;
  readonly backend: BackendOptions;
}

/** Throws a ServiceError `invalid` that names the file, the section and the option. */
export function readSettings(path: string | undefined): Settings {
  return completeSettings(path === undefined ? {} : readJson(path), path ?? "settings");
}

/** What completes each section, and knows its options. */
const SECTIONS = {
  proxy: completeProxyOptions,
  admission: completeAdmissionOptions,
  penalties: completePenaltyOptions,
  proxyProtocol: completeProxyProtocolOptions,
  times: completeTimeLimits,
  ssh: completeSshConnectionOptions,
  backend: completeBackendOptions,
} as const satisfies { [Name in keyof Settings]: (input: object) => Settings[Name] };

/** `where` is the file's name, for messages. */
export function completeSettings(input: unknown, where: string): Settings {
  const sections = objectOf(input, where);
  const unknown = Object.keys(sections).find((name) => !Object.hasOwn(SECTIONS, name));
  if (unknown !== undefined) {
    const names = Object.keys(SECTIONS).join(", ");
    throw invalid(where, `there is no section ${unknown}; there are ${names}`);
  }
  const settings = Object.entries(SECTIONS).map(([name, complete]) => {
    const section = objectOf(
      sections[name] === undefined ? {} : sections[name],
      `${where}: ${name}`,
    );
    return [name, completeSection(`${where}: ${name}`, section, complete)] as const;
  });
  return Object.fromEntries(settings) as unknown as Settings;
}

function completeSection(
  where: string,
  section: Record<string, unknown>,
  complete: (input: object) => object,
): object {
  checkShape(where, section, complete({}) as Record<string, unknown>);
  try {
    return complete(section);
  } catch (error) {
    throw invalid(where, error instanceof Error ? error.message : String(error));
  }
}

/** As the defaults are: a text where a number belongs would pass for one until it is added to. */
function checkShape(
  where: string,
  section: Record<string, unknown>,
  defaults: Record<string, unknown>,
): void {
  for (const [name, value] of Object.entries(section)) {
    if (!Object.hasOwn(defaults, name)) {
      const names = Object.keys(defaults).join(", ");
      throw invalid(where, `there is no option ${name}; there are ${names}`);
    }
    const byDefault = defaults[name];
    if (typeof value !== typeof byDefault || value === null) {
      throw invalid(where, `${name} is ${JSON.stringify(value)}: expected a ${typeof byDefault}`);
    }
    if (isPlain(byDefault)) checkShape(`${where}: ${name}`, objectOf(value, where), byDefault);
  }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return value instanceof Object && Object.getPrototypeOf(value) === Object.prototype;
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
