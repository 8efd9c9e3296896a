import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { type LogFields, ManualClock, ServiceError, SystemClock } from "@holdfast/core";
import fc from "fast-check";
import { createPinoLogger, type PinoLoggerOptions } from "./pino-logger.ts";

const run = promisify(execFile);

let directory = "";
let files = 0;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "holdfast-log-"));
});
after(() => rm(directory, { recursive: true }));

type Line = Record<string, unknown>;

/** What `use` makes the logger write, line by line. */
async function linesOf(
  use: (logger: ReturnType<typeof createPinoLogger>) => void,
  options: Partial<PinoLoggerOptions> = {},
): Promise<{ text: string; lines: Line[] }> {
  const file = join(directory, `${++files}.log`);
  const logger = createPinoLogger({ clock: new ManualClock(1_000), file, ...options });
  use(logger);
  await logger.close();
  const text = await readFile(file, "utf8");
  const lines = text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
  return { text, lines };
}

/** Runs a program with a logger on `file`; resolves with its exit code. */
async function runProgram(file: string, program: string): Promise<number> {
  const text = `
    import { SystemClock } from "@holdfast/core";
    import { createPinoLogger } from ${JSON.stringify(import.meta.resolve("./pino-logger.ts"))};
    const logger = createPinoLogger({ clock: new SystemClock(), file: ${JSON.stringify(file)} });
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    ${program}`;
  const options = { timeout: 20_000, cwd: import.meta.dirname };
  try {
    await run(process.execPath, ["--input-type=module", "-e", text], options);
    return 0;
  } catch (error) {
    assert.equal((error as { killed?: boolean }).killed, false, "it had to be killed");
    return (error as { code: number }).code;
  }
}

/** Any text, one UTF-16 unit like another. */
const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));

describe("createPinoLogger", () => {
  it("writes JSON lines with time, level, message and fields", async () => {
    const { lines } = await linesOf(
      (logger) => {
        logger.info("ready", { port: 90 });
        logger.warn("late");
      },
      { fields: { service: "store" } },
    );
    assert.deepEqual(lines, [
      { level: "info", time: 1_000, service: "store", port: 90, msg: "ready" },
      { level: "warn", time: 1_000, service: "store", msg: "late" },
    ]);
  });

  it("puts the fields of a child, such as a request id, on each of its lines", async () => {
    const { lines } = await linesOf((logger) => {
      const child = logger.child({ requestId: "r-1" });
      child.info("first");
      child.child({ shard: 2 }).error("second", { code: "internal" });
    });
    assert.deepEqual(
      lines.map(({ requestId, shard, code }) => [requestId, shard, code]),
      [
        ["r-1", undefined, undefined],
        ["r-1", 2, "internal"],
      ],
    );
  });

  it("leaves out what is below its level, which can change", async () => {
    const { lines } = await linesOf(
      (logger) => {
        logger.info("not this");
        logger.setLevel("debug");
        logger.debug("this");
        assert.equal(logger.level, "debug");
        assert.throws(() => logger.setLevel("loud" as "debug"), /level is loud/);
      },
      { level: "warn" },
    );
    assert.deepEqual(
      lines.map(({ msg }) => msg),
      ["this"],
    );
  });

  it("keeps control characters of any text from outside out of its lines", async () => {
    const value = fc.anything({
      key: fc.string({ unit }),
      values: [fc.string({ unit }), fc.string({ unit }).map(Error)],
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withNullPrototype: true,
    });
    const text = fc.string({ unit });
    await fc.assert(
      fc.asyncProperty(text, value, value, async (message, field, childField) => {
        const { text: written, lines } = await linesOf((logger) => {
          logger.info(message, { field });
          logger.child({ childField }).error(message, field as LogFields);
        });
        assert.doesNotMatch(written.replaceAll("\n", ""), /\p{Cc}|\p{Zl}|\p{Zp}/u);
        assert.equal(lines.length, 2);
        // Not even when the JSON is read and its strings are printed.
        const readBack: string[] = [];
        JSON.stringify(lines, (key, one: unknown) => {
          readBack.push(key, typeof one === "string" ? one : "");
          return one;
        });
        assert.doesNotMatch(readBack.join(""), /\p{Cc}|\p{Zl}|\p{Zp}/u);
      }),
      { numRuns: 25 },
    );
  });

  it("shows errors with code, causes and a stack of lines", async () => {
    const cause = new TypeError("bad\nthing");
    const error = new ServiceError("internal", "no", { cause, workStarted: "yes" });
    const { lines } = await linesOf((logger) => logger.error("failed", { error }));
    const shown = lines[0]!["error"] as Line;
    assert.deepEqual(
      [shown["code"], shown["workStarted"], shown["message"]],
      ["internal", "yes", "no"],
    );
    assert.match((shown["stack"] as string[])[0]!, /^at .*pino-logger\.test\.ts/);
    assert.equal((shown["cause"] as Line)["message"], "bad\\u000athing");
  });

  it("survives fields that nobody can read", async () => {
    const circular: Record<string, unknown> = { big: 2n ** 70n };
    circular["self"] = circular;
    const hostile = {
      get field(): never {
        throw new Error("unreadable");
      },
    };
    const { lines } = await linesOf((logger) => {
      logger.info("circular", circular);
      logger.info("hostile", hostile);
      logger.info("long", {
        text: "x".repeat(1_000_000),
        many: Array.from({ length: 5_000 }, () => 1),
      });
      logger.info("odd", { nan: Number.NaN, bytes: new Uint8Array(3), none: undefined });
    });
    assert.equal(lines[0]!["big"], String(2n ** 70n));
    assert.equal(lines[1]!["fields"], "[unreadable]");
    assert.ok(JSON.stringify(lines[2]).length < 10_000);
    assert.deepEqual([lines[3]!["nan"], lines[3]!["bytes"]], ["NaN", "[3 bytes]"]);
  });

  it("drops and counts lines when too many wait", async () => {
    const file = join(directory, "bounded.log");
    const logger = createPinoLogger({ clock: new ManualClock(), file, pendingMax: 1_000 });
    for (let line = 0; line < 100; line++) logger.info("line", { line });
    assert.ok(logger.droppedCount > 50);
    await logger.flush();
    const written = (await readFile(file, "utf8")).split("\n").length - 1;
    assert.equal(written + logger.droppedCount, 100);
    logger.info("there is room again");
    await logger.close();
    assert.match(await readFile(file, "utf8"), /there is room again/);
  });

  it("does not let everybody read its file, and says why it cannot open one", async () => {
    const file = join(directory, "private.log");
    await createPinoLogger({ clock: new ManualClock(), file }).close();
    assert.equal((await stat(file)).mode & 0o007, 0);
    assert.throws(
      () => createPinoLogger({ clock: new ManualClock(), file: join(directory, "no", "x.log") }),
      /cannot open the log file: ENOENT/,
    );
  });

  it("leaves nothing behind on the process when it is closed", async () => {
    const listeners = process.listenerCount("exit");
    await linesOf((logger) => logger.info("line"));
    assert.equal(process.listenerCount("exit"), listeners);
  });

  it("waits for a pipe whose reader is slow, and loses nothing", async () => {
    const pipe = join(directory, "pipe");
    await run("mkfifo", [pipe]);
    const file = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    const clock = new ManualClock();
    const logger = createPinoLogger({ clock, file });
    for (let line = 0; line < 3_000; line++) logger.info("line", { line });
    let read = "";
    const chunk = Buffer.alloc(65_536);
    const progress = { flushed: false };
    void logger.flush().then(() => {
      progress.flushed = true;
    });
    while (!progress.flushed) {
      await clock.advanceAndSettle(20);
      try {
        read += chunk.toString("utf8", 0, readSync(file, chunk));
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, "EAGAIN");
      }
    }
    await logger.close();
    closeSync(file);
    const numbers = [...read.matchAll(/"line":(\d+)/g)].map((match) => Number(match[1]));
    assert.ok(numbers.length > 2_000);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index),
    );
    assert.equal(logger.droppedCount, 0);
  });

  it("writes what is left at an exit and at a crash, everything once", async () => {
    const write = `for (let line = 0; line < 2_000; line++) {
      logger.info("line", { line });
      if (line % 77 === 0) await turn();
    }`;
    const ends = { exit: "process.exit(3);", crash: 'throw new Error("crash");', end: "" };
    for (const [name, end] of Object.entries(ends)) {
      const file = join(directory, `${name}.log`);
      const code = await runProgram(file, write + end);
      assert.equal(code, { exit: 3, crash: 1, end: 0 }[name]);
      const text = await readFile(file, "utf8");
      const numbers = [...text.matchAll(/"line":(\d+)/g)].map((match) => Number(match[1]));
      numbers.sort((left, right) => left - right);
      assert.deepEqual(
        numbers,
        Array.from({ length: 2_000 }, (_, index) => index),
      );
    }
  });

  it(
    "neither ends the process nor keeps it when the disk is full",
    { skip: process.platform === "linux" ? false : "needs /dev/full" },
    async () => {
      const count = 'if (logger.droppedCount !== 1) throw new Error("not counted");';
      const write = `logger.info("line"); await logger.flush(); ${count} logger.info("line");`;
      assert.equal(await runProgram("/dev/full", `${write} process.exit(3);`), 3);
      assert.equal(await runProgram("/dev/full", write), 0);
    },
  );

  it("tells the time of its clock", async () => {
    const clock = new SystemClock();
    const { lines } = await linesOf((logger) => logger.info("now"), { clock });
    assert.ok(Math.abs((lines[0]!["time"] as number) - clock.epochMs()) < 60_000);
  });
});
