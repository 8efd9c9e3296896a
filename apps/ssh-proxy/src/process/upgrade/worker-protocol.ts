/**
 * What a supervisor and its workers say to each other. A supervisor is older than most of its
 * workers, so this may only grow: `protocol` counts what a reader must know.
 *
 *   supervisor → worker  one environment variable at the start, SIGTERM to drain, a second SIGTERM
 *                        to end now; the channel that closes says that the supervisor is gone
 *   worker → supervisor  messages on the channel: ready or failed, then perhaps leaving or drain
 */

/** Where a worker finds its `WorkerStart`, as JSON. */
export const SUPERVISED_VARIABLE = "HOLDFAST_SUPERVISED";
export const PROTOCOL = 1;

export interface WorkerStart {
  readonly protocol: number;
  /** Counts the workers of this supervisor, from 1. */
  readonly generation: number;
  /** Name of a listening address → number of the file descriptor. */
  readonly listeners: Readonly<Record<string, number>>;
}

export type WorkerMessage =
  | { readonly kind: "ready"; readonly info: WorkerInfo }
  /** It ends; `reason` is shown to whoever asked for the upgrade. */
  | { readonly kind: "failed"; readonly reason: string }
  /** It drains of its own accord, after an error of its own: somebody else must serve. */
  | { readonly kind: "leaving"; readonly reason: string }
  /** An operator asked it to drain, and means the whole program. */
  | { readonly kind: "drain"; readonly reason: string };

/** What a supervisor says to a worker that another one has taken the place of. */
export const REPLACED = { kind: "replaced" } as const;

/** What a worker says of itself, such as where its ops port is; shown by `holdfast up`. */
export type WorkerInfo = Readonly<Record<string, string>>;

const INFO_MAX = 16;
const TEXT_MAX = 400;

/** Undefined for anything else: a worker may say more to those who understand it. */
export function readWorkerMessage(message: unknown): WorkerMessage | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const { kind, info, reason } = message as Record<string, unknown>;
  if (kind === "ready") return { kind, info: readInfo(info) };
  if (kind !== "failed" && kind !== "leaving" && kind !== "drain") return undefined;
  return { kind, reason: textOf(reason) };
}

function readInfo(info: unknown): WorkerInfo {
  if (typeof info !== "object" || info === null) return {};
  const entries = Object.entries(info).slice(0, INFO_MAX);
  return Object.fromEntries(
    entries.map(([name, value]) => [name.slice(0, TEXT_MAX), textOf(value)]),
  );
}

/** What is no text is shown as JSON: turning it into one any other way would call it. */
function textOf(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.slice(0, TEXT_MAX);
}

/** Undefined when it cannot be read, or is of another protocol. */
export function readWorkerStart(text: string): WorkerStart | undefined {
  try {
    const start = JSON.parse(text) as Partial<WorkerStart> | null;
    const { protocol, generation, listeners } = start ?? {};
    if (protocol !== PROTOCOL || !Number.isInteger(generation)) return undefined;
    const complete =
      typeof listeners === "object" &&
      listeners !== null &&
      Object.values(listeners).every((value) => Number.isInteger(value) && value >= 3);
    return complete ? (start as WorkerStart) : undefined;
  } catch {
    return undefined;
  }
}
