/** Waits for what another process does. */
import { setTimeout as sleep } from "node:timers/promises";

const PATIENCE_MS = 20_000;
const POLL_MS = 20;

/** Resolves when `isSo`; rejects, with what there was instead, when that takes too long. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  { withinMs = PATIENCE_MS, instead = () => "" }: UntilOptions = {},
): Promise<void> {
  const giveUpMs = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > giveUpMs) {
      throw new Error(`no ${what} within ${withinMs} ms ${instead()}`.trimEnd());
    }
    await sleep(POLL_MS);
  }
}

export interface UntilOptions {
  /** Default 20 s. */
  readonly withinMs?: number;
  readonly instead?: () => string;
}
