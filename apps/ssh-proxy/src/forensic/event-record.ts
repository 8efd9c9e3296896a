/** An event as it is written down: the fields that it may have, and nothing else, cut to size. */
import { cutText, escapeControl } from "holdfast";
import type { ForensicEvent } from "./forensic-event.ts";

type EventName = ForensicEvent["event"];
type FieldsOf<Name extends EventName> = Exclude<
  keyof Extract<ForensicEvent, { readonly event: Name }>,
  "event"
>;
type FieldKind = "text" | "number" | "boolean";

/**
 * What is written of each event, in this order. What does not stand here cannot get into the log,
 * whatever an event is made of.
 */
export const EVENT_FIELDS: {
  readonly [Name in EventName]: { readonly [Field in FieldsOf<Name>]-?: FieldKind };
} = {
  accept: { addr: "text", proxiedBy: "text" },
  ident: { ident: "text" },
  kex: {
    kex: "text",
    hostKey: "text",
    cipherIn: "text",
    cipherOut: "text",
    strictKex: "boolean",
    sinceAcceptMs: "number",
  },
  auth: {
    user: "text",
    method: "text",
    fingerprint: "text",
    result: "text",
    why: "text",
    account: "text",
    publicKeyName: "text",
  },
  exec: { channel: "number", command: "text" },
  refuse: { channel: "number", why: "text" },
  route: {
    channel: "number",
    verb: "text",
    access: "text",
    repository: "text",
    backend: "text",
    path: "text",
    durationMs: "number",
  },
  dial: {
    channel: "number",
    backend: "text",
    addr: "text",
    reused: "boolean",
    durationMs: "number",
    error: "text",
  },
  splice: { channel: "number", sinceExecMs: "number" },
  exit: {
    channel: "number",
    status: "number",
    signal: "text",
    reason: "text",
    bytesIn: "number",
    bytesOut: "number",
    durationMs: "number",
    bufferedPeakBytes: "number",
  },
  end: {
    reason: "text",
    text: "text",
    account: "text",
    sessions: "number",
    bytesIn: "number",
    bytesOut: "number",
    durationMs: "number",
  },
};

/** What stands on every line. */
export const COMMON_FIELDS = { sessionKey: "text", event: "text", at: "number" } as const;

/** Plain JSON, bounded in size, without control characters. */
export interface EventRecord {
  readonly sessionKey: string;
  readonly event: EventName;
  /** When it happened, whole milliseconds since the Unix epoch. A line may be written later. */
  readonly at: number;
  readonly [field: string]: string | number | boolean;
}

/** Nobody needs more of a command, a path or a name to find out what happened. */
const TEXT_MAX_LENGTH = 255;
/** With three decimals a number below it is still exact. */
const NUMBER_MAX = Number.MAX_SAFE_INTEGER / 1_000;

const FIELD_LISTS = Object.fromEntries(
  Object.entries(EVENT_FIELDS).map(([name, fields]) => [name, Object.entries(fields)]),
) as unknown as Readonly<Record<EventName, readonly (readonly [field: string, kind: FieldKind])[]>>;

export function recordOf(sessionKey: string, epochMs: number, event: ForensicEvent): EventRecord {
  const record: Record<string, string | number | boolean> = {
    sessionKey,
    event: event.event,
    at: Math.round(epochMs),
  };
  for (const [field, kind] of FIELD_LISTS[event.event]) {
    const value = (event as unknown as Readonly<Record<string, unknown>>)[field];
    if (value === undefined) continue;
    if (kind === "text") record[field] = plainText(value);
    else if (kind === "number") record[field] = plainNumber(value);
    else record[field] = value === true;
  }
  return record as unknown as EventRecord;
}

function plainText(value: unknown): string {
  const text = typeof value === "string" ? value : "";
  const cut = text.length <= TEXT_MAX_LENGTH ? text : `${cutText(text, TEXT_MAX_LENGTH - 1)}…`;
  return escapeControl(cut.toWellFormed());
}

/** Three decimals: a microsecond, where it is milliseconds. */
function plainNumber(value: unknown): number {
  const isPlain = typeof value === "number" && Math.abs(value) < NUMBER_MAX;
  return isPlain ? Math.round(value * 1_000) / 1_000 + 0 : 0;
}
