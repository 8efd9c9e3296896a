/** The part of a file of routes that names the pools of backends. */
import { type Address, parseAddress } from "holdfast";
import { pointerTo } from "./json-places.ts";
import type { RouteFileOptions } from "./options.ts";
import type { Problems, TextShape } from "./problems.ts";

/** A pool as the file has it, checked. */
export interface BackendEntry {
  readonly name: string;
  readonly hosts: HostsEntry;
  readonly user: string;
  readonly hostKeys: readonly string[];
  readonly key: string;
}

export type HostsEntry =
  | { readonly kind: "listed"; readonly addresses: readonly Address[] }
  /** `from` is for `openResolver`. */
  | { readonly kind: "service"; readonly service: string; readonly from: string };

export type BackendLimits = Pick<RouteFileOptions, "backendsMax" | "hostsMax">;

const FIELDS = ["hosts", "service", "from", "user", "hostKeys", "key"];
const HOST_KEYS_MAX = 64;
const NAME: TextShape = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  expected: "1 to 64 of the characters A-Z a-z 0-9 . _ - (not one of the last three first)",
};
const USER: TextShape = {
  pattern: /^[A-Za-z_][A-Za-z0-9._-]{0,63}$/,
  expected: 'the name of a user, such as "git"',
};
const SERVICE: TextShape = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
  expected: "the name of a service, as Consul knows it",
};
const FROM: TextShape = {
  pattern: /^consul:[^\s:]+:\d{1,5}(?:,[^\s:]+:\d{1,5})*$/,
  expected: '"consul:HOST:PORT"',
};
/** Which key of the proxy's it is, or the one that is the account's. */
const LOGIN_KEY: TextShape = {
  pattern: /^(?:\{account\}|[A-Za-z0-9][A-Za-z0-9._-]{0,63})$/,
  expected: 'the name of a key, or "{account}" for one of each account',
};
const KEY_TYPE = /^(?:ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)|ssh-rsa)$/;

/** Reads `backends`; what is wrong goes to `problems`. */
export function readBackends(
  problems: Problems,
  value: unknown,
  limits: BackendLimits,
): ReadonlyMap<string, BackendEntry> {
  const pointer = "/backends";
  const entries = Object.entries(problems.readObject(pointer, value));
  if (entries.length > limits.backendsMax) {
    problems.add(pointer, `has ${entries.length} pools; at most ${limits.backendsMax} are taken`);
    return new Map();
  }
  const backends = new Map<string, BackendEntry>();
  for (const [name, each] of entries) {
    const place = pointerTo(pointer, name);
    if (!NAME.pattern.test(name)) problems.add(place, `its name must be ${NAME.expected}`);
    backends.set(name, readBackend(problems, place, name, each, limits));
  }
  return backends;
}

function readBackend(
  problems: Problems,
  place: string,
  name: string,
  value: unknown,
  limits: BackendLimits,
): BackendEntry {
  const fields = problems.readObject(place, value, FIELDS);
  const at = (field: string): string => pointerTo(place, field);
  const { hosts, service, from, user, hostKeys, key } = fields;
  const hasService = service !== undefined || from !== undefined;
  if (hasService === (hosts !== undefined)) {
    problems.add(place, 'must have either "hosts", or "service" and "from"');
  }
  const found: HostsEntry = hasService
    ? {
        kind: "service",
        service: problems.readText(at("service"), service, SERVICE),
        from: problems.readText(at("from"), from, FROM),
      }
    : { kind: "listed", addresses: readHosts(problems, at("hosts"), hosts, limits) };
  return {
    name,
    hosts: found,
    user: problems.readText(at("user"), user, USER, "git"),
    hostKeys: readHostKeys(problems, at("hostKeys"), hostKeys),
    key: problems.readText(at("key"), key, LOGIN_KEY, "proxy"),
  };
}

function readHosts(
  problems: Problems,
  place: string,
  value: unknown,
  { hostsMax }: BackendLimits,
): Address[] {
  if (value === undefined) return [];
  const addresses: Address[] = [];
  const seen = new Set<unknown>();
  for (const [index, each] of problems.readList(place, value, 1, hostsMax).entries()) {
    const at = pointerTo(place, index);
    const address = typeof each === "string" ? parseAddress(each) : undefined;
    if (address === undefined || (address.kind === "tcp" && address.port === 0)) {
      problems.expected(at, '"HOST:PORT" or "[V6]:PORT"', each);
    } else if (seen.has(each)) problems.add(at, "stands in the list twice");
    else addresses.push(address);
    seen.add(each);
  }
  return addresses;
}

function readHostKeys(problems: Problems, place: string, value: unknown): string[] {
  const keys: string[] = [];
  const given = problems.readList(place, value, 1, HOST_KEYS_MAX);
  for (const [index, each] of given.entries()) {
    const key = typeof each === "string" ? hostKeyOf(each) : undefined;
    const expected = '"SHA256:…" as ssh-keygen -l shows it, or "ssh-ed25519 AAAA…"';
    if (key === undefined) problems.expected(pointerTo(place, index), expected, each);
    else keys.push(key);
  }
  return keys;
}

/** Without a comment; undefined when it is neither a fingerprint nor a key. */
function hostKeyOf(text: string): string | undefined {
  if (/^SHA256:[A-Za-z0-9+/]{43}$/.test(text)) return text;
  const [type = "", base64 = ""] = text.split(" ");
  if (!KEY_TYPE.test(type) || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const blob = Buffer.from(base64, "base64");
  // A key begins with the length of its type, and the type once more.
  if (blob.length < 4 + type.length + 4 || blob.readUInt32BE(0) !== type.length) return undefined;
  const named = blob.toString("latin1", 4, 4 + type.length) === type;
  return named ? `${type} ${base64}` : undefined;
}
