/** What a started proxy says of itself: where it is, and what to do next. */
import { join } from "node:path";
import { cloneLine, type DemoFiles, demoFilesIn } from "../embedded/demo-files.ts";
import { type ProcessOptions, wantsDemo } from "./options.ts";

export interface ReadyProxy {
  /** Such as `127.0.0.1:2222`. */
  readonly ssh: string;
  /** Such as `http://127.0.0.1:6080`. */
  readonly ops: string;
  readonly pid: number;
}

export function banner(
  options: ProcessOptions,
  ready: ReadyProxy,
  demo: Pick<DemoFiles, "userKey" | "knownHosts"> | undefined,
): string {
  const files = demo ?? (wantsDemo(options) ? demoFilesIn(join(options.data, "demo")) : undefined);
  return [
    `ssh-proxy takes SSH connections on ${ready.ssh}`,
    `  ops    ${ready.ops}  (/connections, /forensics, /metrics)`,
    `  log    ${options.log === "-" ? "standard output" : options.log}`,
    ...(files === undefined ? [] : ["try:", `  ${cloneLine(files, ready.ssh)}`]),
    ...(options.supervised ? [`  npx holdfast up --pid-file ${options.pidFile}`] : []),
    "Ctrl-C lets running sessions end, and then ends; a second one ends at once.",
  ].join("\n");
}
