/**
 * Lists of instances as people write them, in JSON: by service, each instance a text or an object.
 *
 *   { "FeedHistory": ["10.0.0.7:9090",
 *                     { "address": "10.0.0.8:9090", "weight": 2, "zone": "b", "tags": ["new"] }] }
 */
import { type Instance, instanceAt, parseAddress } from "@holdfast/core";

export type InstanceLists = ReadonlyMap<string, readonly Instance[]>;

/** Of one service; a file is read whole into memory. */
const INSTANCES_MAX = 100_000;
const WEIGHT_MAX = 1_000;

/** Throws an Error that says which value is wrong, and what it must be. */
export function parseInstanceLists(text: string): InstanceLists {
  const root = asObject("the file", parseJson(text));
  const lists = new Map<string, readonly Instance[]>();
  for (const [service, list] of Object.entries(root)) {
    if (!Array.isArray(list)) throw new Error(`${service} must be a list of instances`);
    if (list.length > INSTANCES_MAX) throw new Error(`${service} has more than ${INSTANCES_MAX}`);
    const instances = list.map((each: unknown, at) => readInstance(`${service}[${at}]`, each));
    const ids = new Set<string>();
    for (const { id } of instances) {
      if (ids.has(id)) throw new Error(`${service} has ${id} twice`);
      ids.add(id);
    }
    lists.set(service, instances);
  }
  return lists;
}

const FIELDS = new Set(["id", "address", "weight", "zone", "tags"]);

function readInstance(path: string, value: unknown): Instance {
  const given = typeof value === "string" ? { address: value } : asObject(path, value);
  for (const name of Object.keys(given)) {
    if (!FIELDS.has(name)) throw new Error(`${path}.${name} is no field of an instance`);
  }
  const { id, address: place, weight = 1, zone = "", tags = [] } = given as Fields;
  const address = typeof place === "string" ? parseAddress(place) : undefined;
  if (address === undefined) {
    throw new Error(`${path}.address must be host:port, [v6]:port or unix:path`);
  }
  if (typeof weight !== "number" || !(weight >= 0 && weight <= WEIGHT_MAX)) {
    throw new Error(`${path}.weight must be a number from 0 to ${WEIGHT_MAX}`);
  }
  if (typeof zone !== "string") throw new Error(`${path}.zone must be a text`);
  if (!isTexts(tags)) throw new Error(`${path}.tags must be a list of texts`);
  if (id === undefined) return instanceAt(address, { weight, zone, tags });
  if (typeof id !== "string" || id === "") throw new Error(`${path}.id must be a text`);
  return instanceAt(address, { id, weight, zone, tags });
}

type Fields = Partial<Record<keyof Instance, unknown>>;

function asObject(path: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new Error(`${path} must be an object`);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`it is no JSON: ${(error as Error).message}`, { cause: error });
  }
}
