/** The loop of `holdfast top`: reads, draws, waits, until the user wants out. */
import { after, type Clock, type Context, createContext, ServiceError } from "@holdfast/core";
import { CommandError } from "../command.ts";
import type { OpsPort } from "./ops-port.ts";
import type { Screen } from "./screen.ts";

/** How long one look may take, in ms: an ops port answers in a few. */
export const LOOK_TIMEOUT_MS = 5_000;
/** Lines that are no rows of the table: what the process is, the counts, blanks, titles. */
const OTHER_LINES = 7;

export interface WatchParts {
  readonly port: Pick<OpsPort, "read" | "url">;
  readonly screen: Screen;
  readonly clock: Clock;
  readonly intervalMs: number;
}

/** Resolves when the user wants out; a process that does not answer is asked again. */
export async function watchPort({ port, screen, clock, intervalMs }: WatchParts): Promise<void> {
  const { context, cancel } = createContext({ clock }).withCancel();
  screen.onLeave(() => cancel(new ServiceError("cancelled", "the user left")));
  try {
    while (context.cancelled === undefined) {
      // One look after the other.
      // oxlint-disable-next-line no-await-in-loop
      const lines = await look(port, context, Math.max(1, screen.rows - OTHER_LINES));
      if (context.cancelled === undefined) screen.draw(lines);
      // oxlint-disable-next-line no-await-in-loop
      await pause(context, intervalMs);
    }
  } finally {
    screen.close();
  }
}

async function look(
  port: WatchParts["port"],
  context: Context,
  breakersMax: number,
): Promise<string[]> {
  try {
    return await port.read(context.withTimeout(LOOK_TIMEOUT_MS), breakersMax);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return [error.message, ...error.advice.split("\n"), "", "trying again; Ctrl-C ends"];
  }
}

/** Ends early when the context does. */
function pause(context: Context, intervalMs: number): Promise<void> {
  return new Promise((resolve) => {
    const unschedule = after(context.clock, intervalMs, () => {
      takeBack();
      resolve();
    });
    const takeBack = context.onCancel(() => {
      unschedule();
      resolve();
    });
  });
}
