/** A clone that stops in the middle for as long as a test wants, and then goes on. */
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Destination } from "../clients/client.ts";
import { gitEnvironment, urlOf } from "../clients/git.ts";
import { sshCommandLine } from "../clients/openssh.ts";
import { RunningProgram } from "../clients/running-program.ts";

/** What ssh writes in so many pieces passes, and what follows waits until the pipe is opened. */
const GATED_SSH = `{ shift; "$@"; echo "$?" >status; } <&0 | {
  dd bs=65536 count=30 status=none
  cat gate >/dev/null
  cat
}
`;

export class GatedClone implements AsyncDisposable {
  readonly at: Destination;
  readonly folder: string;
  readonly program: RunningProgram;

  /** Of a repository that is larger than all buffers on the way; into `folder`. */
  constructor(at: Destination, repository: string) {
    this.at = at;
    this.folder = join(at.home, "gated");
    execFileSync("mkfifo", [join(at.home, "gate")]);
    const script = join(at.home, "gated-ssh.sh");
    writeFileSync(script, `cd "$1"; ${GATED_SSH}`);
    const environment = {
      ...gitEnvironment(at),
      GIT_SSH_COMMAND: `sh ${script} ${at.home} ${sshCommandLine(at)}`,
      GIT_SSH_VARIANT: "ssh",
    };
    this.program = new RunningProgram(
      "git",
      ["clone", "--progress", urlOf(at, repository), this.folder],
      { cwd: at.home, environment },
    );
  }

  /** Resolves when a part has arrived. */
  async untilHalfWay(): Promise<void> {
    await this.program.untilSays(/Receiving objects: +\d/);
  }

  /** Lets the rest through. Throws when nobody waits for it. */
  open(): void {
    closeSync(openSync(join(this.at.home, "gate"), constants.O_WRONLY | constants.O_NONBLOCK));
  }

  /** How ssh ended: git looks at it only when it misses something. */
  sshStatus(): number {
    return Number(readFileSync(join(this.at.home, "status"), "utf8"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program.kill();
  }
}
