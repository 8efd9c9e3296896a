/** The live table of breakers as text in aligned columns. */
import { type BreakerRow, cutText, escapeControl } from "@holdfast/core";
import type { BreakersReply } from "./breakers.ts";
import { formatUptime } from "./info.ts";

/** Names come from outside and may be long; nobody reads more of them in a table. */
const NAME_MAX_LENGTH = 48;

interface Column {
  readonly title: string;
  readonly align: "left" | "right";
  /** `nowEpochMs`: when the table was taken. */
  cell(row: BreakerRow, nowEpochMs: number): string;
}

const COLUMNS: readonly Column[] = [
  left("STATE", ({ state, mode }) => (mode === "on" ? state : `${state} (${mode})`)),
  left("CALLER", ({ caller }) => name(caller)),
  left("CALLEE", ({ callee }) => name(callee)),
  left("METHOD", ({ method }) => name(method)),
  left("INSTANCE", ({ instance }) => name(instance)),
  right("AT WORK", ({ concurrency }) => concurrency),
  right("OK", ({ successes }) => successes),
  right("FAILED", ({ failures }) => failures),
  right("TIMED OUT", ({ timeouts }) => timeouts),
  right("IN A ROW", ({ consecutiveErrors }) => consecutiveErrors),
  right("ERROR RATE", ({ errorRate }) => errorRate.toFixed(4)),
  right("REFUSED", ({ refused }) => refused),
  left("LAST CHANGE", lastChange),
];

export function renderBreakers(reply: BreakersReply, nowEpochMs: number): string {
  const { breakers, counts, failed } = reply;
  const total = counts.open + counts["half-open"] + counts.closed;
  const lines = [
    `${total} circuit breakers: ${counts.open} open, ${counts["half-open"]} half-open, ` +
      `${counts.closed} closed; calls of the last 10 s`,
  ];
  if (breakers.length > 0) lines.push("", ...renderTable(breakers, nowEpochMs));
  if (breakers.length < total) lines.push("", `${breakers.length} of ${total} are shown`);
  for (const part of failed) lines.push("", escapeControl(`${part.name} failed: ${part.error}`));
  return lines.join("\n");
}

/** A column that would be empty for all of them is left out. */
function renderTable(rows: readonly BreakerRow[], nowEpochMs: number): string[] {
  const filled = COLUMNS.map((column) => ({
    column,
    cells: rows.map((row) => column.cell(row, nowEpochMs)),
  })).filter(({ cells }) => cells.some((cell) => cell !== "-"));
  const padded = filled.map(({ column: { title, align }, cells }) => {
    const all = [title, ...cells];
    const width = Math.max(...all.map((cell) => cell.length));
    return all.map((cell) => (align === "left" ? cell.padEnd(width) : cell.padStart(width)));
  });
  return Array.from({ length: rows.length + 1 }, (_, index) =>
    padded
      .map((cells) => cells[index]!)
      .join("  ")
      .trimEnd(),
  );
}

function left(title: string, cell: Column["cell"]): Column {
  return { title, align: "left", cell };
}

function right(title: string, cell: (row: BreakerRow) => string | number): Column {
  return { title, align: "right", cell: (row) => String(cell(row)) };
}

function name(text: string): string {
  return text === "" ? "-" : escapeControl(cutText(text, NAME_MAX_LENGTH));
}

/** Such as `open for 3s, probe in 2s: 19 failures and 1 timeouts in 20 calls`. */
function lastChange(row: BreakerRow, nowEpochMs: number): string {
  const { lastTransition, openUntilEpochMs } = row;
  if (lastTransition === null) return "-";
  const { to, atEpochMs, why } = lastTransition;
  const since = `${to} for ${formatUptime((nowEpochMs - atEpochMs) / 1_000)}`;
  const waitMs = (openUntilEpochMs ?? nowEpochMs) - nowEpochMs;
  const probe = openUntilEpochMs === null ? "" : `, probe ${when(waitMs)}`;
  return escapeControl(`${since}${probe}: ${why}`);
}

function when(waitMs: number): string {
  return waitMs > 0 ? `in ${formatUptime(Math.ceil(waitMs / 1_000))}` : "with the next call";
}
