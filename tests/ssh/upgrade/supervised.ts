/** What a supervisor says of its workers, and `holdfast up`, which asks it for the next one. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseUpgradeStatus, type UpgradeStatus, upgradeStatusFile } from "holdfast";
import { type RanProgram, runProgram } from "../clients/client.ts";
import type { UnderTest } from "../proxy-under-test.ts";
import { type LogLine, logLines } from "./process-log.ts";

const HOLDFAST = join(import.meta.dirname, "../../../packages/holdfast/src/command/main.ts");

export function statusOf({ program }: UnderTest): UpgradeStatus {
  const text = readFileSync(upgradeStatusFile(program!.pidFile), "utf8");
  return parseUpgradeStatus(text) ?? assert.fail(`no status: ${text}`);
}

/** The process id of the worker that serves. */
export function workerOf(underTest: UnderTest): number {
  return statusOf(underTest).current?.pid ?? assert.fail("nobody serves");
}

export async function holdfastUp({ program }: UnderTest): Promise<RanProgram> {
  const args = [HOLDFAST, "up", "--pid-file", program!.pidFile];
  return runProgram({ program: process.execPath, args });
}

/** The same, which must succeed. */
export async function upgrade(underTest: UnderTest): Promise<void> {
  const { exitCode, stdout, stderr } = await holdfastUp(underTest);
  assert.equal(exitCode, 0, `${stdout.toString()}${stderr.toString()}`);
}

/** How each worker that has gone went, oldest first. */
export function goneWorkers({ program }: UnderTest): LogLine[] {
  return logLines(program!.supervisorLog, "worker gone");
}
