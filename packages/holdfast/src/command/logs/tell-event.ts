/** Each event of a session in plain words. */
import { END_REASON_TEXTS } from "./end-reasons.ts";

type Fields = Readonly<Record<string, unknown>>;

/** By the log's `event`; without the channel. */
export const EVENT_WORDS: Readonly<Record<string, (fields: Fields) => string>> = {
  accept: (of) => `connected from ${text(of["addr"])}${given(of["proxiedBy"], " by way of ")}`,
  ident: (of) => `calls itself ${text(of["ident"])}`,
  kex: (of) =>
    `keys exchanged: ${text(of["kex"])}, host key ${text(of["hostKey"])}, ${ciphers(of)}, ` +
    (of["strictKex"] === true ? "strict" : "not strict"),
  auth: tellAuth,
  exec: (of) => `asks for: ${text(of["command"])}`,
  refuse: (of) => `refused: ${text(of["why"])}`,
  route: (of) =>
    `${text(of["repository"])} is at ${text(of["backend"])}, ${text(of["path"])}; ` +
    `to ${text(of["access"])} with ${text(of["verb"])} (${duration(of["durationMs"])})`,
  dial: tellDial,
  splice: (of) => `both sides connected, ${duration(of["sinceExecMs"])} after the command`,
  exit: (of) =>
    `command ended with ${describeExit(of)} (${text(of["reason"])}): ${traffic(of)}, ` +
    `${bytes(of["bufferedPeakBytes"])} buffered`,
  end: (of) =>
    `connection ended (${text(of["reason"])}${given(of["text"], ": ")}): ` +
    `${sessions(of["sessions"])}, ${traffic(of)}`,
};

/** What a line that is no event says; such lines may stand between the events. */
export function tellEvent(fields: Fields): string {
  const tell = EVENT_WORDS[String(fields["event"])];
  const words = tell === undefined ? tellOther(fields) : tell(fields);
  const { channel } = fields;
  return typeof channel === "number" ? `[${channel}] ${words}` : words;
}

/** The sentence for a reason; one that is not known here speaks for itself. */
export function sentenceOf(reason: string): string {
  return END_REASON_TEXTS[reason]?.sentence ?? `It ended for this reason: ${reason}.`;
}

/** Such as `status 128`. */
export function describeExit(of: Fields): string {
  if (of["signal"] !== undefined) return `signal ${text(of["signal"])}`;
  return of["status"] === undefined ? "no status" : `status ${text(of["status"])}`;
}

/** Such as `8.2 kB`. */
export function bytes(value: unknown): string {
  if (typeof value !== "number") return "?";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let [size, unit] = [value, 0];
  for (; size >= 1_000 && unit < units.length - 1; unit++) size /= 1_000;
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]!}`;
}

/** Such as `12 ms`, `5.2 s`, `25m4s`. */
export function duration(value: unknown): string {
  if (typeof value !== "number") return "?";
  if (value < 1_000) return `${Number(value.toPrecision(3))} ms`;
  if (value < 60_000) return `${(value / 1_000).toFixed(1)} s`;
  const seconds = Math.floor(value / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}h` : ""}${minutes}m${seconds % 60}s`;
}

function tellAuth(of: Fields): string {
  const key = of["fingerprint"] === undefined ? "" : ` with the key ${text(of["fingerprint"])}`;
  const how = `as ${text(of["user"])} by ${text(of["method"])}${key}`;
  const why = given(of["why"], ": ");
  switch (of["result"]) {
    case "accepted":
      return `logs in ${how}: ${text(of["account"])}${given(of["publicKeyName"], ", key ")}`;
    case "offered":
      return `asks whether it could log in ${how}${why}`;
    case "partial":
      return `proves one key, and needs another, ${how}${why}`;
    case "unavailable":
      return `cannot be told whether it may log in ${how}${why}`;
    default:
      return `may not log in ${how}${why}`;
  }
}

function tellDial(of: Fields): string {
  const took = duration(of["durationMs"]);
  const address = text(of["addr"]) === "" ? "" : `${text(of["addr"])} of `;
  const host = `${address}${text(of["backend"])}`;
  if (of["error"] !== undefined) return `no connection to ${host} (${took}): ${text(of["error"])}`;
  if (of["reused"] === true) return `uses the connection to ${host} that is there already`;
  return `connects to ${host} (${took})`;
}

function tellOther(fields: Fields): string {
  const { level: _level, time: _time, at: _at, sessionKey: _key, msg, event, ...rest } = fields;
  const { pid: _pid, hostname: _hostname, channel: _channel, ...shown } = rest;
  const what = text(msg ?? event ?? "");
  return Object.keys(shown).length === 0 ? what : `${what} ${JSON.stringify(shown)}`;
}

function traffic(of: Fields): string {
  const [received, sent] = [bytes(of["bytesIn"]), bytes(of["bytesOut"])];
  return `${received} in, ${sent} out in ${duration(of["durationMs"])}`;
}

function sessions(count: unknown): string {
  return count === 1 ? "1 session" : `${text(count)} sessions`;
}

function ciphers(of: Fields): string {
  const [received, sent] = [text(of["cipherIn"]), text(of["cipherOut"])];
  return received === sent ? received : `${received} in, ${sent} out`;
}

function given(value: unknown, before: string): string {
  return value === undefined || value === "" ? "" : `${before}${text(value)}`;
}

function text(value: unknown): string {
  if (value === undefined) return "?";
  return typeof value === "string" ? value : JSON.stringify(value);
}
