/**
 * Reads what `/v1/health/service/NAME` answers: each instance with what its checks say together.
 * Any text gives a list or one error that says where it is not what Consul sends.
 */
import { type Address, type Instance, ServiceError } from "@holdfast/core";

export type HealthStatus = "passing" | "warning" | "critical";

export interface HealthEntry {
  readonly instance: Instance;
  /** The worst of its checks, its node's among them. */
  readonly status: HealthStatus;
}

export interface HealthAnswer {
  /** By id, in its order; of several with one id the healthiest. */
  readonly entries: ReadonlyMap<string, HealthEntry>;
  /** How many have no port to call; they are left out. */
  readonly withoutPort: number;
}

export interface ReadHealth {
  readonly service: string;
  /** The key of a service's or else a node's metadata that holds the zone. */
  readonly zoneMetaKey: string;
}

/** The most that `Instance.weight` may be; Consul allows 65,535. */
const WEIGHT_MAX = 1_000;
const ORDER: readonly HealthStatus[] = ["passing", "warning", "critical"];

/** Throws a ServiceError, `protocol`. */
export function readHealth(text: string, how: ReadHealth): HealthAnswer {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ServiceError("protocol", "the list of instances is no JSON", { cause });
  }
  if (!Array.isArray(json)) throw wrong("the list", "an array");
  const entries: HealthEntry[] = [];
  let withoutPort = 0;
  for (const [index, each] of json.entries()) {
    const entry = readEntry(new Part(each, `[${index}]`), how);
    if (entry === undefined) withoutPort++;
    else entries.push(entry);
  }
  entries.sort(byIdThenHealth);
  const byId = new Map<string, HealthEntry>();
  for (const entry of entries) {
    if (!byId.has(entry.instance.id)) byId.set(entry.instance.id, entry);
  }
  return { entries: byId, withoutPort };
}

/** How an instance's id becomes one that is unique on an agent, where services stand together. */
export function serviceIdOf(service: string, instanceId: string): string {
  return `${service}@${instanceId}`;
}

function readEntry(entry: Part, { service, zoneMetaKey }: ReadHealth): HealthEntry | undefined {
  const node = entry.part("Node");
  const body = entry.part("Service");
  const status = worstOf(entry.list("Checks"));
  const address = readAddress(node, body);
  if (address === undefined) return undefined;
  const weights = body.part("Weights");
  const weight = weights.number(status === "warning" ? "Warning" : "Passing") ?? 1;
  const zone = body.part("Meta").text(zoneMetaKey) || node.part("Meta").text(zoneMetaKey);
  return {
    status,
    instance: {
      id: readId(service, node.text("Node"), body.text("ID")),
      address,
      weight: Math.min(Math.max(weight, 0), WEIGHT_MAX),
      zone,
      tags: body.list("Tags").map((tag) => tag.asText()),
    },
  };
}

/** What a registrar of ours made, or for others what is unique in all of Consul. */
function readId(service: string, node: string, id: string): string {
  const ours = serviceIdOf(service, "");
  return id.startsWith(ours) && id.length > ours.length ? id.slice(ours.length) : `${node}/${id}`;
}

function readAddress(node: Part, body: Part): Address | undefined {
  const path = body.text("SocketPath");
  if (path !== "") return { kind: "unix", path };
  const port = body.number("Port") ?? 0;
  const host = body.text("Address") || node.text("Address");
  if (port === 0 || host === "") return undefined;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw wrong(`${body.place}.Port`, "a port");
  }
  return { kind: "tcp", host, port };
}

function worstOf(checks: readonly Part[]): HealthStatus {
  let worst = 0;
  for (const check of checks) {
    const index = ORDER.indexOf(check.text("Status") as HealthStatus);
    // A word that Consul does not have yet vouches for nothing.
    worst = Math.max(worst, index < 0 ? ORDER.length - 1 : index);
  }
  return ORDER[worst]!;
}

function byIdThenHealth(a: HealthEntry, b: HealthEntry): number {
  if (a.instance.id !== b.instance.id) return a.instance.id < b.instance.id ? -1 : 1;
  return ORDER.indexOf(a.status) - ORDER.indexOf(b.status);
}

function wrong(place: string, wanted: string): ServiceError {
  return new ServiceError("protocol", `the list of instances: ${place} is not ${wanted}`);
}

/** A piece of JSON and where it stands. Go writes null for what is empty, or leaves it out. */
class Part {
  readonly place: string;
  private readonly value: unknown;

  constructor(value: unknown, place: string) {
    this.value = value;
    this.place = place;
  }

  part(name: string): Part {
    return new Part(this.field(name), `${this.place}.${name}`);
  }

  text(name: string): string {
    return this.part(name).asText();
  }

  asText(): string {
    const { value } = this;
    if (value === undefined || value === null) return "";
    if (typeof value !== "string") throw wrong(this.place, "a text");
    return value;
  }

  number(name: string): number | undefined {
    const value = this.field(name) ?? undefined;
    if (value !== undefined && typeof value !== "number") {
      throw wrong(`${this.place}.${name}`, "a number");
    }
    return value;
  }

  list(name: string): Part[] {
    const value = this.field(name) ?? [];
    const place = `${this.place}.${name}`;
    if (!Array.isArray(value)) throw wrong(place, "an array");
    return value.map((each, index) => new Part(each, `${place}[${index}]`));
  }

  private field(name: string): unknown {
    const { value } = this;
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "object" || Array.isArray(value)) throw wrong(this.place, "an object");
    return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  }
}
