/**
 * What a supervisor says of itself in the file beside its pid file: who serves, who drains, and how
 * the last upgrade went. Supervisors write it whole and rename it into place; `holdfast up` reads.
 */
import { readFileSync } from "node:fs";

export interface UpgradeStatus {
  /** Of this format. Readers refuse another one: nothing is known of it. */
  readonly version: 1;
  readonly supervisorPid: number;
  /** What `processStart` says of it; undefined where the system does not tell. */
  readonly supervisorStart?: string | undefined;
  readonly state: "starting" | "serving" | "draining";
  /** Milliseconds that a new version has to become ready. */
  readonly readyTimeoutMs: number;
  /** Undefined while a worker that crashed is being replaced. */
  readonly current?: GenerationStatus | undefined;
  /** Older ones that still have sessions, oldest first. */
  readonly draining: readonly GenerationStatus[];
  readonly upgrade: UpgradeReport;
}

/** One worker process; every start of one has a number of its own. */
export interface GenerationStatus {
  readonly number: number;
  readonly pid: number;
  /** What the worker said of itself, such as `{"ops": "http://127.0.0.1:40123"}`. */
  readonly info: Readonly<Record<string, string>>;
}

/** The last upgrade. `number` counts them, 0 when there was none, and never goes back. */
export type UpgradeReport = { readonly number: number } & UpgradeOutcome;

export type UpgradeOutcome =
  | { readonly kind: "none" }
  | { readonly kind: "starting"; readonly pid?: number | undefined }
  /** The new one serves. `oldPid` drains; undefined when it had ended before. */
  | {
      readonly kind: "done";
      readonly pid: number;
      readonly readyAfterMs: number;
      readonly oldPid?: number | undefined;
    }
  /** The new one was ended, and the old one goes on; undefined when it had ended meanwhile. */
  | {
      readonly kind: "rolled-back";
      readonly reason: string;
      readonly oldPid?: number | undefined;
    }
  /** Nothing was started. */
  | { readonly kind: "refused"; readonly reason: string };

const KINDS: ReadonlySet<string> = new Set(["none", "starting", "done", "rolled-back", "refused"]);

/** Where the supervisor with this pid file says how it is. */
export function upgradeStatusFile(pidFile: string): string {
  return `${pidFile}.status`;
}

/** Undefined when the text is no status, or not of this version. */
export function parseUpgradeStatus(text: string): UpgradeStatus | undefined {
  try {
    const status = JSON.parse(text) as Partial<UpgradeStatus> | null;
    const { version, supervisorPid, readyTimeoutMs, current, draining, upgrade } = status ?? {};
    const complete =
      version === 1 &&
      Number.isInteger(supervisorPid) &&
      typeof readyTimeoutMs === "number" &&
      (current === undefined || isGeneration(current)) &&
      Array.isArray(draining) &&
      draining.every(isGeneration) &&
      Number.isInteger(upgrade?.number) &&
      KINDS.has(upgrade?.kind ?? "");
    return complete ? (status as UpgradeStatus) : undefined;
  } catch {
    return undefined;
  }
}

function isGeneration(value: unknown): boolean {
  const { pid, info } = (value ?? {}) as Partial<GenerationStatus>;
  return Number.isInteger(pid) && typeof info === "object" && info !== null;
}

/**
 * When a process was started, in a form that only tells it from another one with the same id;
 * undefined where the system does not say (only Linux does), and for a process that has gone.
 */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name, in brackets, may hold blanks and brackets. The start is the 22nd field of proc(5).
    return stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .at(19);
  } catch {
    return undefined;
  }
}
