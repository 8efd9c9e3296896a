/** Clients that clone and push without pause, each its own repository, and notice every failure. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Destination, runProgram } from "../clients/client.ts";
import { gitEnvironment, urlOf } from "../clients/git.ts";
import { sshCommandLine } from "../clients/openssh.ts";
import type { World } from "../world.ts";

/** One round: what was pushed last is cloned, and one commit more is pushed. */
const ROUND = `set -e
rm -rf work
git -c protocol.version="$2" clone -q "$1" work
cd work
git rev-parse HEAD
head -c 20000 /dev/urandom >file
git add file
git commit -q -m "$3"
git push -q origin HEAD:main
git rev-parse HEAD
`;
/** Random, so that it is as large on its way: a transfer takes several reads. */
const FIRST_BYTES = 400_000;

/** A client of which every round must succeed. */
export class GitClient {
  readonly at: Destination;
  readonly repository: string;
  readonly sharesConnections: boolean;
  /** Of each round that failed, what it said; those that succeeded said nothing. */
  readonly failures: string[] = [];
  /** What it said though it succeeded. */
  readonly remarks: string[] = [];
  rounds = 0;
  /** The last commit that it pushed. */
  head = "";
  private readonly protocol: number;

  /** `number` from 0; some share a connection between their programs, in the background. */
  constructor(world: World, number: number) {
    this.at = world.destination();
    this.repository = `load/${number}.git`;
    this.protocol = number % 3;
    this.sharesConnections = number % 3 === 2;
    this.head = makeRepository(world, this.repository);
    writeFileSync(join(this.at.home, "round.sh"), ROUND);
  }

  /** Goes on until `isOver`, and then finishes its round. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver() && this.failures.length === 0) await this.round();
  }

  /** Ends the connection that it keeps in the background. */
  async leave(): Promise<void> {
    if (!this.sharesConnections) return;
    const { user, host, port } = this.at;
    const args = ["-F", "none", ...this.sharing(), "-O", "exit", "-p", String(port)];
    // There may be none at the moment.
    await promisify(execFile)("ssh", [...args, `${user}@${host}`]).catch(() => undefined);
  }

  private async round(): Promise<void> {
    const url = urlOf(this.at, this.repository);
    const more = this.sharesConnections ? this.sharing() : [];
    const { stdout, stderr, exitCode } = await runProgram({
      // Behind the proxy, where cores are few: it is the upgrades that are counted.
      program: "nice",
      args: ["-n", "10", "sh", "round.sh", url, String(this.protocol), `change ${this.rounds}`],
      cwd: this.at.home,
      environment: { ...gitEnvironment(this.at), GIT_SSH_COMMAND: sshCommandLine(this.at, more) },
    });
    const [cloned, pushed = ""] = stdout.toString().split("\n");
    const said = stderr.toString();
    if (exitCode !== 0) this.failures.push(`round ${this.rounds}: exit ${exitCode}\n${said}`);
    else if (cloned !== this.head) this.failures.push(`cloned ${cloned}, not ${this.head}`);
    else if (said !== "") this.remarks.push(said);
    this.head = pushed;
    this.rounds++;
  }

  private sharing(): string[] {
    const path = join(this.at.home, "control");
    return ["-o", "ControlMaster=auto", "-o", "ControlPersist=60", "-o", `ControlPath=${path}`];
  }
}

/** A bare repository with one commit; its id. */
function makeRepository(world: World, name: string): string {
  const script = `set -e
git init -q --bare -b main "$1"
git init -q -b main "$1.work"
cd "$1.work"
head -c ${FIRST_BYTES} /dev/urandom >first
git add .
git -c user.name=Ann -c user.email=ann@example.com commit -q -m first
git push -q "../../$1" main
git rev-parse HEAD`;
  return world.run("sh", "-c", script, "sh", name).trim();
}
