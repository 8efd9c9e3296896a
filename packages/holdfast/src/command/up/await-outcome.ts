/** Asks a supervisor for an upgrade, and waits until it says how that went. */
import { type Clock, sleep } from "@holdfast/core";
import { CommandError, EXIT } from "../command.ts";
import { type FoundSupervisor, isAlive, readStatus } from "./find-supervisor.ts";
import type { UpgradeReport, UpgradeStatus } from "./upgrade-status.ts";

/** A look costs a read of a few hundred bytes. */
const LOOK_MS = 50;
/** On top of the time of the new version: to end one that failed, on a machine that is busy. */
const GRACE_MS = 15_000;

/**
 * What the upgrade came to that began after the request: if one is under way already, the request
 * is for the one after it. Throws a CommandError when nothing is heard.
 */
export async function upgradeAndWait(
  supervisor: FoundSupervisor,
  clock: Clock,
): Promise<{ report: UpgradeReport; status: UpgradeStatus }> {
  const { pid, statusFile, status } = supervisor;
  const before = status.upgrade.number;
  send(pid);
  // One that is under way comes first.
  const patienceMs = 2 * status.readyTimeoutMs + GRACE_MS;
  const endMs = clock.nowMs() + patienceMs;
  while (clock.nowMs() < endMs) {
    await sleep(clock, LOOK_MS);
    const now = readStatus(statusFile);
    if (now !== undefined && now.upgrade.number > before && now.upgrade.kind !== "starting") {
      return { report: now.upgrade, status: now };
    }
    if (!isAlive(pid)) {
      const message = `the supervisor (pid ${pid}) ended before it said how the upgrade went`;
      throw new CommandError(EXIT.failed, message, "its log says why");
    }
  }
  const message = `the supervisor (pid ${pid}) said nothing for ${patienceMs / 1000} s`;
  throw new CommandError(EXIT.failed, message, `${statusFile} and its log say how it is`);
}

function send(pid: number): void {
  try {
    process.kill(pid, "SIGUSR2");
  } catch (cause) {
    const message = `process ${pid} cannot be asked (${(cause as NodeJS.ErrnoException).code})`;
    throw new CommandError(EXIT.failed, message, "run this as the same user, or as root", cause);
  }
}
