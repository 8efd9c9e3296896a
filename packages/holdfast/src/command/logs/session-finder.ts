/** Picks the lines of one session out of a log of any length, and remembers who else was there. */

export interface FoundLine {
  /** As it stands in the log. */
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Milliseconds since the Unix epoch: when it happened, which may be before it was written. */
  readonly at: number;
}

export interface Login {
  readonly sessionKey: string;
  readonly account: string;
  /** Such as `2026-01-01T00:00:00.000Z`. */
  readonly at: string;
}

/** A connection that was open for a day with a session each second has as many. */
const LINES_MAX = 500_000;
const LOGINS_MAX = 5;
const LOGIN = Buffer.from('"result":"accepted"');
/** What says how a line was written, not what happened: an event in two files is told once. */
const BOOKKEEPING: ReadonlySet<string> = new Set([
  ...["level", "time", "msg", "pid", "hostname", "name"],
  ...["seq", "previous", "hash"],
]);

export class SessionFinder {
  private readonly sessionKey: string;
  private readonly needle: Buffer;
  private readonly lines: FoundLine[] = [];
  private readonly seen = new Set<string>();
  private leftOut = 0;
  private readonly logins = new Map<string, Login>();

  constructor(sessionKey: string) {
    this.sessionKey = sessionKey;
    this.needle = Buffer.from(sessionKey);
  }

  take(line: Buffer): void {
    // Nearly all lines are of others: they are not even parsed.
    const isLogin = line.includes(LOGIN);
    if (!isLogin && !line.includes(this.needle)) return;
    const text = line.toString("utf8");
    const fields = parseLine(text);
    if (fields === undefined) return;
    if (fields["sessionKey"] === this.sessionKey) this.keep(text, fields);
    else if (isLogin) this.rememberLogin(fields);
  }

  /** In the order in which things happened. */
  found(): { readonly lines: readonly FoundLine[]; readonly leftOutCount: number } {
    return {
      lines: this.lines.toSorted((one, other) => one.at - other.at),
      leftOutCount: this.leftOut,
    };
  }

  /** The last few, the latest last. */
  lastLogins(): Login[] {
    return [...this.logins.values()];
  }

  private keep(text: string, fields: Readonly<Record<string, unknown>>): void {
    const mark = typeof fields["at"] === "number" ? markOf(fields) : text;
    if (this.seen.has(mark)) return;
    if (this.lines.length >= LINES_MAX) {
      this.leftOut++;
      return;
    }
    this.seen.add(mark);
    const at = timeOf(fields);
    // One that says no time happened when the one before it did.
    this.lines.push({ text, fields, at: Number.isNaN(at) ? (this.lines.at(-1)?.at ?? NaN) : at });
  }

  private rememberLogin(fields: Readonly<Record<string, unknown>>): void {
    const { sessionKey, account } = fields as { sessionKey: unknown; account: unknown };
    if (typeof sessionKey !== "string" || typeof account !== "string") return;
    this.logins.delete(sessionKey);
    this.logins.set(sessionKey, { sessionKey, account, at: formatTime(timeOf(fields)) });
    const [oldest] = this.logins.keys();
    if (this.logins.size > LOGINS_MAX && oldest !== undefined) this.logins.delete(oldest);
  }
}

/** Such as `2026-01-01T00:00:00.000Z`. */
export function formatTime(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? "at no known time" : date.toISOString();
}

/** What collects logs may have put something before the JSON. */
function parseLine(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text.slice(text.indexOf("{"))) as unknown;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return value as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function markOf(fields: Readonly<Record<string, unknown>>): string {
  const told = Object.entries(fields).filter(([name]) => !BOOKKEEPING.has(name));
  return JSON.stringify(told.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function timeOf({ at, time }: Readonly<Record<string, unknown>>): number {
  if (typeof at === "number") return at;
  return typeof time === "number" ? time : NaN;
}
