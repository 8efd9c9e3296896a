/**
 * The registry of live state: every part says how to take its picture, and whoever shows a process
 * (ops) takes all of them without knowing the parts.
 */
import { cutText, escapeControl } from "../log/escape.ts";

export type { BreakerRow, BreakerRowTransition } from "./breaker-row.ts";

/** The kinds that have an endpoint of their own; any other kind shows on `/state` only. */
export const STATE_KIND = {
  /** The circuit breakers: an array of `BreakerRow`, one for each. */
  breakers: "breakers",
  /** The connections that are open: an array, one element each. */
  connections: "connections",
  /** The filters around a server or a client: what `describeStack` says. */
  stack: "stack",
  /** The options in effect, completed; no secrets. */
  options: "options",
  /** Numbers that are no metric: totals, sizes, ages. */
  stats: "stats",
} as const;

export interface StatePart {
  /** Such as `rpc server 0.0.0.0:9090`; several parts may have the same. */
  readonly name: string;
  /** One of `STATE_KIND`, or a kind of its own. */
  readonly kind: string;
  /** Plain values only (numbers, strings, bigints, arrays, objects). Cheap, and bounded in size. */
  snapshot(): unknown;
}

export type StateSnapshot =
  | { readonly name: string; readonly kind: string; readonly state: unknown }
  | { readonly name: string; readonly kind: string; readonly error: string };

export interface StateRegistryOptions {
  /** How many parts may stand here at once, 1 or more, default 1,000. More are only counted. */
  readonly partsMax?: number;
}

const DEFAULT_PARTS_MAX = 1_000;
const ERROR_MAX_LENGTH = 500;

export class StateRegistry {
  private readonly partsMax: number;
  private readonly parts = new Set<StatePart>();
  private refused = 0;

  constructor(options: StateRegistryOptions = {}) {
    this.partsMax = options.partsMax ?? DEFAULT_PARTS_MAX;
  }

  /** How many parts were refused because there were too many. */
  get refusedCount(): number {
    return this.refused;
  }

  /** The returned function takes the part away again; parts that come and go must call it. */
  register(part: StatePart): () => void {
    if (this.parts.size >= this.partsMax) {
      this.refused++;
      return () => undefined;
    }
    // An object of its own: the same part registered twice is taken away one at a time.
    const entry: StatePart = {
      name: part.name,
      kind: part.kind,
      snapshot: () => part.snapshot(),
    };
    this.parts.add(entry);
    return () => this.parts.delete(entry);
  }

  /** In the order of registration; only those of `kind` when it is given. Never throws. */
  snapshots(kind?: string): StateSnapshot[] {
    const found: StateSnapshot[] = [];
    for (const part of this.parts) {
      if (kind === undefined || part.kind === kind) found.push(takeSnapshot(part));
    }
    return found;
  }
}

function takeSnapshot(part: StatePart): StateSnapshot {
  const { name, kind } = part;
  try {
    return { name, kind, state: part.snapshot() };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { name, kind, error: escapeControl(cutText(message, ERROR_MAX_LENGTH)) };
  }
}
