/**
 * How `node --test` reports here: one line for each file, what a failed one printed, every failure
 * in full, and Node's own count at the very end, where a reader looks first.
 */
import { relative } from "node:path";
import type { TestEvent } from "node:test/reporters";
import { inspect } from "node:util";

type DataOf<Type extends TestEvent["type"]> = Extract<TestEvent, { type: Type }>["data"];

/** A test that hangs is ended by its time limit, which cannot end a loop: that is silent. */
const SILENCE_MAX_MS = 360_000;

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const run = new TestRun();
  const silence = setTimeout(() => giveUp(run.running), SILENCE_MAX_MS).unref();
  for await (const event of source) {
    silence.refresh();
    yield run.take(event);
  }
  yield run.failures.join("");
  yield `\non Node ${process.version}\n`;
  yield run.closing.join("");
}

/** What Node puts around what a test threw. */
interface TestFailure extends Error {
  readonly failureType?: string;
}

class TestRun {
  /** Each in full. */
  readonly failures: string[] = [];
  /** The lines with which Node ends its run. */
  readonly closing: string[] = [];
  /** Files that have begun and not ended. */
  readonly running = new Set<string>();
  /** What a file's tests printed; shown when it fails. */
  private readonly printed = new Map<string, string[]>();

  /** What is to be shown at once. */
  take(event: TestEvent): string {
    switch (event.type) {
      case "test:stdout":
      case "test:stderr":
        this.keep(event.data.file ?? "", event.data.message);
        return "";
      case "test:dequeue":
        if (isOfFile(event.data)) this.running.add(event.data.name);
        return "";
      case "test:complete":
        if (isOfFile(event.data)) this.running.delete(event.data.name);
        return "";
      case "test:fail":
        return this.fail(event.data);
      case "test:diagnostic":
        // With a file it is a word of a test.
        if (event.data.file === undefined) this.closing.push(`ℹ ${event.data.message}\n`);
        return "";
      case "test:summary":
        return event.data.file === undefined ? "" : this.endFile(event.data.file, event.data);
      default:
        return "";
    }
  }

  private fail(data: DataOf<"test:fail">): string {
    const error: TestFailure = data.details.error;
    // A suite fails with its tests, and those are told themselves.
    if (error.failureType === "subtestsFailed") return "";
    const file = nameOf(data.file ?? data.name);
    const place = data.line === undefined ? file : `${file}:${data.line}`;
    this.failures.push(`\n✖ ${data.name}\n  ${place}\n${indent(textOf(error.cause ?? error))}\n`);
    // A file that does not even load has no summary of its own.
    return data.name === data.file || data.nesting > 0 ? "" : this.printedBy(data.name);
  }

  private endFile(path: string, data: DataOf<"test:summary">): string {
    const { counts, success } = data;
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
    const said = `${counts.tests}${skipped}  ${(data.duration_ms / 1000).toFixed(1)} s`;
    const line = `${success ? "✔" : "✖"} ${nameOf(path)}  ${said}\n`;
    return success ? line : line + this.printedBy(path);
  }

  private keep(path: string, message: string): void {
    const lines = this.printed.get(nameOf(path));
    if (lines === undefined) this.printed.set(nameOf(path), [message]);
    else lines.push(message);
  }

  private printedBy(path: string): string {
    return indent((this.printed.get(nameOf(path)) ?? []).join(""));
  }
}

/** The message and where it was thrown; what else an error has only repeats them. */
function textOf(thrown: unknown): string {
  if (!(thrown instanceof Error) || thrown.stack === undefined) return inspect(thrown);
  const stack = thrown.stack.split("\n").filter((line) => !/^ +at .*\(?node:/.test(line));
  const cause = thrown.cause === undefined ? "" : `\n[cause] ${textOf(thrown.cause)}`;
  return stack.join("\n") + cause;
}

/** A file is a test of its own to Node's runner, and has its path for a name. */
function isOfFile({ name, file, nesting }: DataOf<"test:dequeue" | "test:complete">): boolean {
  return nesting === 0 && file?.endsWith(name) === true;
}

/** Node's runner ends its test processes on a SIGTERM. */
function giveUp(running: Iterable<string>): void {
  console.error(
    `no test ended for ${SILENCE_MAX_MS / 1000} s; in a loop: ${[...running].join(", ")}`,
  );
  process.kill(process.pid, "SIGTERM");
}

/** Node names a file by its path or as it was given. */
function nameOf(path: string): string {
  return path.startsWith("/") ? relative(process.cwd(), path) : path;
}

function indent(text: string): string {
  return text === "" ? "" : text.replace(/^(?=.)/gm, "    ").trimEnd() + "\n";
}
