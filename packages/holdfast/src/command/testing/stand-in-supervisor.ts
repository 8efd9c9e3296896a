/**
 * For tests of `holdfast up`: a process that says what a supervisor says, and answers each request
 * with the next of the reports it is given: `PID_FILE REPORT…`, each a JSON array of the stages.
 */
import { renameSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { processStart, type UpgradeReport, type UpgradeStatus } from "../up/upgrade-status.ts";

const { values, positionals } = parseArgs({
  options: { "pid-file": { type: "string" }, start: { type: "string" } },
  allowPositionals: true,
});
const pidFile = values["pid-file"]!;
let upgrade: UpgradeReport = { number: 0, kind: "none" };

function write(): void {
  const status: UpgradeStatus = {
    version: 1,
    supervisorPid: process.pid,
    supervisorStart: values.start ?? processStart(process.pid),
    state: "serving",
    readyTimeoutMs: 1_000,
    current: { number: 2, pid: 4242, info: { ops: "http://127.0.0.1:6060\u001b[2J" } },
    draining: [{ number: 1, pid: 4141, info: {} }],
    upgrade,
  };
  writeFileSync(`${pidFile}.draft`, JSON.stringify(status));
  renameSync(`${pidFile}.draft`, `${pidFile}.status`);
}

process.on("SIGUSR2", () => {
  const next = positionals.shift();
  if (next === undefined || next === "end") process.exit(0);
  for (const stage of JSON.parse(next) as UpgradeReport[]) {
    upgrade = stage;
    write();
  }
});
// Something has to keep it: the channel to the test does, and ends it with the test.
process.on("disconnect", () => process.exit(0));
write();
writeFileSync(pidFile, `${process.pid}\n`);
process.send!("ready");
