// What each policy adds to a call, ours beside those of cockatiel and opossum, in one run of one
// process: only ratios of one run mean anything. README.md says what is measured and how.
import { parseArgs } from "node:util";
import { ROWS } from "./policies/rows.ts";
import type { Call, PolicyRow } from "./policies/rows.ts";
import { processorName } from "./run/process-stats.ts";
import { significant, table, thousands } from "./run/report.ts";
import { median } from "./run/samples.ts";

const USAGE = `node bench/policies.ts [options]
  --only TEXT,TEXT   rows whose name has one of these in it (default: all); "bare" always runs
  --calls 30000      calls in one turn of a row
  --repeats 15       turns of each row, A B C … A B C …
  --warmup 3         turns of each row before, unmeasured: the JIT compilers' time
`;

/** What all others are compared with: the first column of the table of ratios. */
const BARE = "bare async call";
const REFERENCES = ["cockatiel breaker", "cockatiel breaker + timeout"];

interface Options {
  only: string[];
  calls: number;
  repeats: number;
  warmup: number;
}

interface Measured {
  row: PolicyRow;
  call: Call;
  /** Nanoseconds per call, one a turn. */
  nanos: number[];
}

await main(process.argv.slice(2));

async function main(args: string[]): Promise<void> {
  const options = readOptions(args);
  const { only, calls, repeats, warmup } = options;
  const wanted = ROWS.filter(
    ({ name }) => name === BARE || only.length === 0 || only.some((word) => name.includes(word)),
  );
  const measured: Measured[] = [];
  // One after the other: some open a breaker by failing calls first.
  for (const row of wanted) measured.push({ row, call: await row.make(), nanos: [] });
  console.log(`${processorName()}, Node ${process.version}, ${thousands(calls)} calls a turn\n`);
  for (let turn = -warmup; turn < repeats; turn++) {
    console.error(turn < 0 ? "warm-up" : `turn ${turn + 1} of ${repeats}`);
    for (const each of measured) {
      const nanos = await nanosPerCall(each.call, calls, each.row.fails === true);
      if (turn >= 0) each.nanos.push(nanos);
    }
  }
  console.log(report(measured).join("\n"));
  // Some peers hold timers.
  process.exit(0);
}

function readOptions(args: string[]): Options {
  try {
    const { values } = parseArgs({
      args,
      options: {
        only: { type: "string", default: "" },
        calls: { type: "string", default: "30000" },
        repeats: { type: "string", default: "15" },
        warmup: { type: "string", default: "3" },
      },
    });
    return {
      only: values.only.split(",").filter((word) => word !== ""),
      calls: within("calls", values.calls, 1_000_000),
      repeats: within("repeats", values.repeats, 1_000),
      warmup: within("warmup", values.warmup, 1_000),
    };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.error(USAGE);
    return process.exit(2);
  }
}

function within(name: string, text: string, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new Error(`--${name} must be 1 to ${max}, not "${text}"`);
}

/** One call after the other; a reply that is not the argument, or an error too few, is a fault. */
async function nanosPerCall(call: Call, calls: number, fails: boolean): Promise<number> {
  let good = 0;
  const start = process.hrtime.bigint();
  if (fails) {
    for (let turn = 0; turn < calls; turn++) {
      try {
        await call(turn);
      } catch {
        good++;
      }
    }
  } else {
    for (let turn = 0; turn < calls; turn++) {
      if ((await call(turn)) === turn) good++;
    }
  }
  const nanos = Number(process.hrtime.bigint() - start) / calls;
  if (good !== calls) throw new Error(`${calls - good} of ${calls} calls ended otherwise`);
  return nanos;
}

function report(measured: readonly Measured[]): string[] {
  const bare = middleOf(measured, BARE);
  const references = REFERENCES.map((name) => middleOf(measured, name) - bare);
  const lines = measured.map(({ row, nanos }) => {
    const middle = median(nanos);
    const spread = `${thousands(Math.min(...nanos))}-${thousands(Math.max(...nanos))}`;
    const added = row.name === BARE ? Number.NaN : middle - bare;
    // What is refused does not make the call: nothing is added to it.
    const ratios = references.map((reference) =>
      row.fails === true ? "-" : significant(added / reference),
    );
    return [
      row.name,
      `${thousands(middle)} (${spread})`,
      row.fails === true ? "-" : thousands(added),
      ...ratios,
    ];
  });
  const titles = ["row", "ns a call, median (min-max)", "added ns"];
  return table([...titles, ...REFERENCES.map((name) => `of ${name}`)], lines);
}

function middleOf(measured: readonly Measured[], name: string): number {
  const found = measured.find(({ row }) => row.name === name);
  return found === undefined ? Number.NaN : median(found.nanos);
}
