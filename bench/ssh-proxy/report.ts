// Turns and tables: each row does a cell in turn, A B C … A B C, and a table shows the medians.
import { oneLine, significant, table } from "../run/report.ts";
import { median } from "../run/samples.ts";
import { messageOf } from "./world.ts";

/** What one turn measured, by name; NaN for what does not apply to the row. */
export type Sample = Readonly<Record<string, number>>;

export interface RowSamples {
  readonly row: string;
  readonly samples: Sample[];
  /** What went wrong, once a failed turn. */
  readonly failures: string[];
  /** What was noticed of the row and is no number. */
  readonly note?: string;
}

/** All that was measured in a cell of a figure. */
export interface CellRows {
  readonly cell: string;
  readonly rows: readonly RowSamples[];
}

export interface Column {
  readonly title: string;
  readonly read: (sample: Sample) => number;
  /** Shown as a share of this row's median, and without its spread. */
  readonly of?: string;
}

/** Every row in turn, `repeats` times; a failure is noted and the run goes on. */
export async function takeTurns<Row extends { readonly name: string }>(
  cell: string,
  rows: readonly Row[],
  repeats: number,
  measure: (row: Row) => Promise<Sample>,
): Promise<RowSamples[]> {
  const all = rows.map((row) => ({
    row,
    result: { row: row.name, samples: [], failures: [] } as RowSamples,
  }));
  for (let repeat = 1; repeat <= repeats; repeat++) {
    for (const { row, result } of all) {
      console.error(`${cell} ${repeat}/${repeats} ${row.name}`);
      try {
        result.samples.push(await measure(row));
      } catch (error) {
        console.error(`  FAILED: ${messageOf(error)}`);
        result.failures.push(messageOf(error));
      }
    }
  }
  return all.map(({ result }) => result);
}

/** The table of a cell: a column of medians with (min-max), or of shares of another row's. */
export function formatRows({ cell, rows }: CellRows, columns: readonly Column[]): string {
  const middle = ({ samples }: RowSamples, { read }: Column): number => median(samples.map(read));
  const value = (row: RowSamples, column: Column): string => {
    if (column.of !== undefined) {
      const reference = rows.find((other) => other.row === column.of);
      const base = reference === undefined ? Number.NaN : middle(reference, column);
      return significant(middle(row, column) / base);
    }
    const values = row.samples.map(column.read);
    const text = significant(middle(row, column));
    if (values.length < 2 || text === "-") return text;
    return `${text} (${significant(Math.min(...values))}-${significant(Math.max(...values))})`;
  };
  const lines = rows.map((row) => {
    const failed = row.failures.length > 0 ? `${row.failures.length} FAILED` : "";
    if (row.samples.length === 0) return [row.row, `FAILED: ${oneLine(row.failures[0] ?? "?")}`];
    const notes = [row.note ?? "", failed].filter((note) => note !== "").join("; ");
    return [row.row, ...columns.map((column) => value(row, column)), notes];
  });
  const titles = ["row", ...columns.map(({ title }) => title), "notes"];
  return [`### ${cell}`, "", ...table(titles, lines), ""].join("\n");
}
