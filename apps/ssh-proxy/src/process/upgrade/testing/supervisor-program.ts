/** For tests: a supervisor of the program file it is given, which tells its parent all it knows. */
import { parseArgs } from "node:util";
import { createPinoLogger, SystemClock, systemRandom, type UpgradeStatus } from "holdfast";
import { runSupervisor } from "../run-supervisor.ts";

/** What it tells: where it listens, once, and every change. */
export type SupervisorNews =
  | { readonly kind: "ready"; readonly port: number }
  | { readonly kind: "status"; readonly status: UpgradeStatus };

const { values } = parseArgs({
  options: {
    program: { type: "string" },
    "pid-file": { type: "string" },
    port: { type: "string" },
    options: { type: "string" },
  },
});
const tell = (news: SupervisorNews): void => {
  // The parent may be gone: then this ends.
  if (process.connected) process.send!(news);
};
const clock = new SystemClock();
const onParentGone = (): never => process.exit(1);
process.once("disconnect", onParentGone);
try {
  process.exitCode = await runSupervisor({
    program: { command: process.execPath, args: [values.program!], environment: process.env },
    listen: { echo: { kind: "tcp", host: "127.0.0.1", port: Number(values.port ?? 0) } },
    clock,
    random: systemRandom(),
    logger: createPinoLogger({ clock }),
    options: JSON.parse(values.options ?? "{}") as object,
    process,
    pidFile: values["pid-file"],
    onChange: (status) => tell({ kind: "status", status }),
    onReady: (_first, addresses) => tell({ kind: "ready", port: addresses.get("echo")!.port }),
  });
} catch (error) {
  process.stderr.write(`supervisor: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
process.off("disconnect", onParentGone);
process.disconnect?.();
