/**
 * What etcd's HTTP gateway says, as values. Its JSON is that of protocol buffers: bytes are base64,
 * 64-bit numbers are texts, and a field that is 0, false or empty is left out.
 */
import { ServiceError } from "@holdfast/core";

export interface KeyValue {
  readonly key: string;
  readonly value: string;
  /** The revision of the store at which it was last written. */
  readonly modRevision: number;
}

export interface RangeReply {
  /** Of the whole store, when it was read. */
  readonly revision: number;
  readonly clusterId: string;
  readonly keyValues: readonly KeyValue[];
  /** How many there are, those above the limit of the request included. */
  readonly count: number;
}

export interface WatchEvent {
  readonly kind: "put" | "delete";
  readonly keyValue: KeyValue;
}

export type WatchMessage =
  | { readonly kind: "created" }
  | { readonly kind: "events"; readonly events: readonly WatchEvent[] }
  /** What was asked for is not there any more; from this revision on everything is. */
  | { readonly kind: "compacted"; readonly revision: number }
  | { readonly kind: "ended"; readonly reason: string };

/** The keys that begin with `prefix`: the first key behind them. */
export function rangeEndOf(prefix: string): string {
  const bytes = Buffer.from(prefix);
  for (let index = bytes.length - 1; index >= 0; index--) {
    const byte = bytes[index];
    if (byte === undefined || byte === 0xff) continue;
    bytes[index] = byte + 1;
    return bytes.subarray(0, index + 1).toString("base64");
  }
  // All keys: there is no byte that could be larger.
  return Buffer.from([0]).toString("base64");
}

export function encodeText(text: string): string {
  return Buffer.from(text).toString("base64");
}

export function readRange(json: unknown): RangeReply {
  const reply = record(json, "a reply");
  const header = record(reply["header"], "header");
  return {
    revision: whole(header["revision"], "revision"),
    clusterId: asText(header["cluster_id"]),
    keyValues: list(reply["kvs"]).map(readKeyValue),
    count: whole(reply["count"], "count"),
  };
}

/** One line of a watch. Throws a ServiceError for what etcd does not say. */
export function readWatchLine(line: string): WatchMessage {
  const message = record(parseJson(line), "a line");
  if (message["error"] !== undefined) {
    const error = record(message["error"], "error");
    return { kind: "ended", reason: asText(error["message"]) || "it failed" };
  }
  const result = record(message["result"], "result");
  if (result["canceled"] === true) {
    const revision = whole(result["compact_revision"], "compact_revision");
    if (revision > 0) return { kind: "compacted", revision };
    return { kind: "ended", reason: asText(result["cancel_reason"]) || "etcd ended the watch" };
  }
  if (result["created"] === true) return { kind: "created" };
  const events = list(result["events"]).map((each): WatchEvent => {
    const event = record(each, "an event");
    const kind = event["type"] === "DELETE" ? "delete" : "put";
    return { kind, keyValue: readKeyValue(event["kv"]) };
  });
  return { kind: "events", events };
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notEtcd("no JSON");
  }
}

export function record(json: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof json === "object" && json !== null && !Array.isArray(json)) {
    return json as Readonly<Record<string, unknown>>;
  }
  throw notEtcd(`${what} is no object`);
}

export function list(json: unknown): readonly unknown[] {
  if (json === undefined) return [];
  if (Array.isArray(json)) return json;
  throw notEtcd("no list where there should be one");
}

export function asText(json: unknown): string {
  return typeof json === "string" ? json : "";
}

/** Revisions grow by one with each write: no store gets to 2^53. */
export function whole(json: unknown, what: string): number {
  const value = json === undefined ? 0 : Number(json);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw notEtcd(`${what} is no number`);
}

function readKeyValue(json: unknown): KeyValue {
  const keyValue = record(json, "kv");
  return {
    key: decodeText(keyValue["key"]),
    value: decodeText(keyValue["value"]),
    modRevision: whole(keyValue["mod_revision"], "mod_revision"),
  };
}

function decodeText(json: unknown): string {
  return Buffer.from(asText(json), "base64").toString();
}

function notEtcd(what: string): ServiceError {
  return new ServiceError("protocol", `this does not answer as etcd does: ${what}`);
}
