/**
 * Loaded into every test file: fails one whose process does not end by itself. A timer, socket or
 * server that a test left open would otherwise keep the whole run waiting, without a word.
 */
import { after } from "node:test";
import { isMainThread } from "node:worker_threads";

/** How long a process may take to close what it is closing already. */
const GRACE_MS = 3_000;
/** What the runner itself holds. */
const RUNNERS_OWN = new Set(["PipeWrap", "TTYWrap"]);

// What a test starts (workers, forked programs) loads this as well, and is none of our business.
if (isMainThread && /\.(test|fuzz)\.ts$/.test(process.argv[1] ?? "")) after(watch);

function watch(): void {
  const timer = setTimeout(() => {
    const left = process.getActiveResourcesInfo().filter((name) => !RUNNERS_OWN.has(name));
    console.error(`still open ${GRACE_MS / 1000} s after the last test: ${left.join(", ")}`);
    process.exit(1);
  }, GRACE_MS);
  // It must not be what keeps the process up.
  timer.unref();
}
