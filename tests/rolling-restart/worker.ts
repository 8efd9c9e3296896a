/** One of the processes that share a port: `node worker.ts PORT`; says where it answers. */
import { createPinoLogger, sleep, startService, SystemClock, systemRuntime } from "holdfast";
import { Echo } from "./echo-service.ts";

const clock = new SystemClock();
const logger = createPinoLogger({ clock, level: "warn" });
const runtime = systemRuntime({ logger });

/** Milliseconds of work, so that calls are always under way. */
const WORK_MS = 5;

const { address } = await startService({
  definition: Echo,
  handler: {
    echo: async (_context, text) => {
      await sleep(runtime.clock, WORK_MS);
      return text;
    },
  },
  port: Number(process.argv[2]),
  reusePort: true,
  ops: false,
  runtime,
});
console.log(`answers at ${address}`);
