/**
 * Loaded into every test file: property tests search from a fixed seed, so that a run says of a
 * change what the run before said of the same. The `*.fuzz.ts` search from another seed each time.
 */
import { isMainThread } from "node:worker_threads";

const SEED = 20_150_707;

// What a test starts (workers, forked programs) loads this as well, and is none of our business.
if (isMainThread && (process.argv[1] ?? "").endsWith(".test.ts")) {
  const { configureGlobal } = await import("fast-check");
  configureGlobal({ seed: SEED });
}
