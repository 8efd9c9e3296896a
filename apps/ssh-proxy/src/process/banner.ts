/** What a started proxy says of itself: where it is, and what to do next. */
import { join } from "node:path";
import { cloneLine, demoFilesIn } from "../embedded/demo-files.ts";
import { type ProcessOptions, wantsDemo } from "./options.ts";

export interface ReadyProxy {
  /** Such as `127.0.0.1:2222`. */
  readonly ssh: string;
  /** Such as `http://127.0.0.1:6080`. */
  readonly ops: string;
  readonly pid: number;
}

export function banner(options: ProcessOptions, ready: ReadyProxy): string {
  const example = exampleOf(options, ready);
  return [
    `ssh-proxy takes SSH connections on ${ready.ssh}`,
    `  ops    ${ready.ops}  (/connections, /forensics, /metrics)`,
    `  log    ${options.log === "-" ? "standard output" : options.log}`,
    ...(example === undefined ? [] : ["try:", `  ${example}`]),
    ...(options.supervised ? [`  npx holdfast up --pid-file ${options.pidFile}`] : []),
    "Ctrl-C lets running sessions end, and then ends; a second one ends at once.",
  ].join("\n");
}

/** A command that clones the demo, as it stands; undefined without a demo. */
export function exampleOf(options: ProcessOptions, ready: ReadyProxy): string | undefined {
  if (!wantsDemo(options)) return undefined;
  return cloneLine(demoFilesIn(join(options.data, "demo")), ready.ssh);
}
