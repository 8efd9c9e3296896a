/**
 * A real sshd on the loopback for a test, with its own configuration, host keys and user database.
 * It never runs as root: it serves one user, `git`, whom only it knows (libnss-wrapper). So it
 * needs no folder, no user and no file of the machine, and what it runs can do no harm.
 */
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePorts } from "../free-ports.ts";
import { KeptProcess } from "../kept-process.ts";
import { type KeyType, makeKey, type SshKey } from "./keys.ts";
import { type ProcessEntry, processesBelow } from "./process-tree.ts";
import { findProgram, skipWithout } from "./programs.ts";

/** The user that everybody logs in as. */
export const SSHD_USER = "git";
const PATIENCE_MS = 20_000;
const POLL_MS = 10;
const STARTS_MAX = 3;
/** Nobody's, on every Linux; only when the tests run as root, otherwise whoever runs them. */
const NOBODY = 65_534;
const WRAPPERS = ["x86_64-linux-gnu", "aarch64-linux-gnu", "arm-linux-gnueabihf", ""].map((place) =>
  join("/usr/lib", place, "libnss_wrapper.so"),
);

export interface StartSshd {
  /** A folder that is there and that `backendOwner` may read; it gets one of its own in it. */
  readonly folder: string;
  /** Name of that folder; default `sshd`. */
  readonly name?: string;
  /** Public keys of those who may log in, as lines. */
  readonly authorizedKeys: readonly string[];
  /** What is run instead of every command, which stands in SSH_ORIGINAL_COMMAND; default none. */
  readonly forceCommand?: string;
  /** Default 1,000: what is tested is the proxy's limit. */
  readonly sessionsMax?: number;
  /** Default all three. */
  readonly hostKeyTypes?: readonly KeyType[];
  /** Environment of what it runs, beside the usual. */
  readonly environment?: Readonly<Record<string, string>>;
  /** More lines of its configuration; they stand first, and the first of a kind counts. */
  readonly configuration?: readonly string[];
}

/** Why tests on a real sshd (and with these programs) are skipped, or false. */
export function skipSshd(...names: readonly string[]): string | false {
  const missing = skipWithout("sshd", "ssh", "ssh-keygen", "setpriv", ...names);
  if (missing !== false || WRAPPERS.some(existsSync)) return missing;
  const said = "libnss-wrapper not installed: run sh tools/setup.sh";
  if (process.env["CI"] === "true") throw new Error(said);
  console.error(said);
  return said;
}

/** Who runs what a backend runs, for `spawn`: nobody when the tests run as root. */
export function backendOwner(): { readonly uid: number; readonly gid: number } {
  const [uid, gid] = [process.getuid!(), process.getgid!()];
  return uid === 0 ? { uid: NOBODY, gid: NOBODY } : { uid, gid };
}

/** Makes a folder that belongs to `backendOwner`. */
export function makeBackendFolder(path: string): string {
  mkdirSync(path, { recursive: true });
  const { uid, gid } = backendOwner();
  chownSync(path, uid, gid);
  return path;
}

/** Resolves when it takes connections. */
export async function startSshd(input: StartSshd): Promise<Sshd> {
  const folder = makeBackendFolder(join(input.folder, input.name ?? "sshd"));
  const { hostKeyTypes = ["ed25519", "rsa", "ecdsa"] } = input;
  const hostKeys = hostKeyTypes.map((type) => makeKey(folder, `host_${type}`, { type }));
  for (const { file } of hostKeys) own(file);
  writeFileSync(join(folder, "authorized_keys"), `${input.authorizedKeys.join("\n")}\n`);
  for (let start = 1; ; start++) {
    const [port = 0] = await findFreePorts(1);
    const sshd = new Sshd(folder, port, hostKeys, input);
    try {
      await sshd.start();
      return sshd;
    } catch (error) {
      await sshd.stop();
      // Somebody else may have taken the port meanwhile.
      if (start === STARTS_MAX || !/in use/.test(String(error))) throw error;
    }
  }
}

export class Sshd implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly user = SSHD_USER;
  readonly port: number;
  readonly hostKeys: readonly SshKey[];
  readonly logFile: string;
  private readonly folder: string;
  private readonly input: StartSshd;
  private process: KeptProcess | undefined = undefined;

  constructor(folder: string, port: number, hostKeys: readonly SshKey[], input: StartSshd) {
    this.folder = folder;
    this.port = port;
    this.hostKeys = hostKeys;
    this.input = input;
    this.logFile = join(folder, "sshd.log");
  }

  /** `host:port`. */
  get address(): string {
    return `${this.host}:${this.port}`;
  }

  /** Of the process that listens. */
  get pid(): number {
    if (this.process === undefined) throw new Error("sshd does not run");
    return this.process.pid;
  }

  /** Starts it, also again after `stop`, on the same port. */
  async start(): Promise<void> {
    const program = this.layOut();
    const seen = this.log().length;
    const { uid, gid } = backendOwner();
    const become = process.getuid!() === 0;
    const drop = ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
    this.process = await KeptProcess.start({
      name: "sshd",
      // -D: no daemon; -e: its log is its stderr.
      command: [
        ...(["env", ...this.wrapperEnvironment()] as const),
        ...(become ? drop : []),
        ...[program, "-D", "-e", "-f", join(this.folder, "sshd_config")],
      ],
      logFile: this.logFile,
    });
    await this.listening(seen);
  }

  /** All that it has written. */
  log(): string {
    return existsSync(this.logFile) ? readFileSync(this.logFile, "utf8") : "";
  }

  /** What it runs now: its own processes for each connection, and the commands below them. */
  processes(): ProcessEntry[] {
    return this.process === undefined ? [] : processesBelow(this.process.pid);
  }

  /** It and all that it runs stay, with their connections, and do nothing. */
  freeze(): void {
    this.process?.freeze();
    this.signalBelow("SIGSTOP");
  }

  thaw(): void {
    this.signalBelow("SIGCONT");
    this.process?.thaw();
  }

  /** Ends what it runs, by pid, but not itself: connections end without a word. */
  killSessions(): void {
    this.signalBelow("SIGKILL");
  }

  /** Ends it with all that it runs, by pid. */
  async stop(): Promise<void> {
    // Frozen first, so that it starts nothing while its children are counted.
    this.process?.freeze();
    this.signalBelow("SIGKILL");
    await this.process?.kill();
    this.process = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private signalBelow(signal: NodeJS.Signals): void {
    for (const { pid } of this.processes()) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended by itself.
      }
    }
  }

  /** Writes its files; the program's path. */
  private layOut(): string {
    const { uid, gid } = backendOwner();
    const at = (name: string): string => join(this.folder, name);
    // The checkout may be in a folder that nobody but its owner may enter.
    const source = dirname(findProgram("sshd")!);
    for (const name of ["sshd", "sshd-session", "sshd-auth"]) {
      const found = [join(source, name), join("/usr/lib/openssh", name)].find(existsSync);
      if (found !== undefined && !existsSync(at(name))) copyFileSync(found, at(name));
    }
    writeFileSync(at("passwd"), `${SSHD_USER}:x:${uid}:${gid}::${this.folder}:/bin/sh\n`);
    writeFileSync(at("group"), `${SSHD_USER}:x:${gid}:\n`);
    writeFileSync(at("sshd_config"), `${this.configurationLines().join("\n")}\n`);
    return at("sshd");
  }

  private configurationLines(): string[] {
    const { configuration = [], environment = {}, forceCommand, sessionsMax = 1_000 } = this.input;
    const at = (name: string): string => join(this.folder, name);
    const variables = Object.entries(environment).map(([name, value]) => `"${name}=${value}"`);
    return [
      ...configuration,
      `Port ${this.port}`,
      `ListenAddress ${this.host}`,
      ...this.hostKeys.map(({ file }) => `HostKey ${file}`),
      ...(existsSync(at("sshd-session")) ? [`SshdSessionPath ${at("sshd-session")}`] : []),
      ...(existsSync(at("sshd-auth")) ? [`SshdAuthPath ${at("sshd-auth")}`] : []),
      `AuthorizedKeysFile ${at("authorized_keys")}`,
      "AuthenticationMethods publickey",
      "StrictModes no",
      "UsePAM no",
      "PidFile none",
      "LogLevel VERBOSE",
      "AcceptEnv GIT_PROTOCOL",
      "Subsystem sftp internal-sftp",
      `MaxSessions ${sessionsMax}`,
      "MaxStartups 1000:30:2000",
      ...(variables.length > 0 ? [`SetEnv ${variables.join(" ")}`] : []),
      // exec: otherwise a shell stands between, and a signal becomes an exit status.
      ...(forceCommand === undefined ? [] : [`ForceCommand exec ${forceCommand}`]),
    ];
  }

  private wrapperEnvironment(): string[] {
    return [
      `LD_PRELOAD=${WRAPPERS.find(existsSync)!}`,
      `NSS_WRAPPER_PASSWD=${join(this.folder, "passwd")}`,
      `NSS_WRAPPER_GROUP=${join(this.folder, "group")}`,
    ];
  }

  private async listening(seenBytes: number): Promise<void> {
    const giveUpMs = performance.now() + PATIENCE_MS;
    while (!this.log().slice(seenBytes).includes("Server listening on")) {
      if (this.process?.isRunning !== true || performance.now() > giveUpMs) {
        throw new Error(`sshd does not listen:\n${this.process?.lastWords() ?? ""}`);
      }
      await sleep(POLL_MS);
    }
  }
}

function own(file: string): void {
  const { uid, gid } = backendOwner();
  chownSync(file, uid, gid);
}
