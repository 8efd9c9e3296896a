import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LOG_LEVELS, silentLogger } from "./logger.ts";
import { MemoryLogger } from "./memory-logger.ts";

describe("MemoryLogger", () => {
  it("keeps the lines of its children with the fields of both", () => {
    const logger = new MemoryLogger({ service: "store" });
    logger.child({ requestId: "r1" }).warn("late", { ms: 3 });
    logger.info("fine");
    assert.deepEqual(logger.lines, [
      { level: "warn", message: "late", fields: { service: "store", requestId: "r1", ms: 3 } },
      { level: "info", message: "fine", fields: { service: "store" } },
    ]);
  });

  it("knows every level", () => {
    const logger = new MemoryLogger();
    for (const level of LOG_LEVELS) logger[level]("line");
    assert.deepEqual(
      logger.lines.map(({ level }) => level),
      LOG_LEVELS,
    );
  });
});

describe("silentLogger", () => {
  it("takes everything and says nothing", () => {
    for (const level of LOG_LEVELS) silentLogger.child({ a: 1 })[level]("line", { b: 2 });
  });
});
