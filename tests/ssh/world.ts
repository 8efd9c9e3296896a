/**
 * The world that the tests of the SSH proxy take place in: a folder with repositories, a real sshd
 * that serves them, a line to it that can be slow or cut, and what is under test in front.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "./until.ts";
import {
  type KeyType,
  knownHostsOf,
  makeKey,
  type MakeKey,
  type SshKey,
} from "../servers/openssh/keys.ts";
import { backendOwner, makeBackendFolder, type Sshd, startSshd } from "../servers/openssh/sshd.ts";
import { ToxicProxy } from "../servers/toxic-proxy.ts";
import type { Destination } from "./clients/client.ts";
import {
  type Account,
  type StartUnderTest,
  startUnderTest,
  type UnderTest,
} from "./proxy-under-test.ts";

/** What the cases that send and compare take their bytes from. */
export const RANDOM_BYTES = 10 * 1_024 * 1_024;

const BACKEND_DELAY_MS = 2_000;
const HOST_KEY_TYPES: readonly KeyType[] = ["ed25519", "ecdsa"];

export interface StartWorld {
  /** Settings of the proxy, in its own words. */
  readonly options?: StartUnderTest["options"];
  /** See `StartUnderTest`. */
  readonly supervised?: boolean;
  /** Of the backend's sshd; default 10, which is sshd's own. */
  readonly sessionsMax?: number;
  /** Of what is under test; default ed25519 and ecdsa: RSA's take seconds to make. */
  readonly hostKeyTypes?: readonly KeyType[];
  /** More of the configuration of the sshd. */
  readonly sshdLines?: readonly string[];
  /** What the proxy believes the sshd's key to be; default: what it is. */
  readonly pinnedHostKeys?: readonly string[];
  /** Accounts besides `aviato`. */
  readonly moreAccounts?: readonly Account[];
  /** Keys besides `World.keys` that the account `aviato` has: lines. */
  readonly moreKeys?: readonly string[];
}

export interface World extends AsyncDisposable {
  readonly folder: string;
  /** Keys of the account `aviato`, one of each type; `stranger` is nobody's. */
  readonly keys: Readonly<Record<"ed25519" | "rsa" | "ecdsa" | "stranger", SshKey>>;
  readonly sshd: Sshd;
  /** Between the proxy and the sshd. */
  readonly line: ToxicProxy;
  readonly underTest: UnderTest;
  /** The bytes that the cases send. */
  readonly random: Buffer;
  /** Where a client goes, with a home of its own. */
  destination(key?: keyof World["keys"]): Destination;
  /** Starts something while the backend is not to be heard, and for two seconds more. */
  late<Result>(start: () => Promise<Result>): Promise<Result>;
  /** What is written in the file of a case that tells its pid; waits for it. */
  pidOf(name: string): Promise<number>;
  /** Runs a program as the owner of the repositories, in their folder. */
  run(program: string, ...args: readonly string[]): string;
  /** Path of a repository, for looking into it. */
  repository(name: string): string;
  /** Makes a new key in the world's folder. */
  makeKey(name: string, options?: MakeKey): SshKey;
}

export async function startWorld(input: StartWorld = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-ssh-"));
  const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const end = async (): Promise<void> => {
    for (const each of ends.splice(0).reverse()) await each();
  };
  try {
    const { uid, gid } = backendOwner();
    chownSync(folder, uid, gid);
    for (const name of ["repositories", "pids", "home"]) makeBackendFolder(join(folder, name));
    mkdirSync(join(folder, "clients"));
    const random = randomBytes(RANDOM_BYTES);
    writeFileSync(join(folder, "random"), random);
    const keys = makeKeys(folder);
    const { moreKeys = [], moreAccounts = [], pinnedHostKeys } = input;
    const accountKeys = [...accountKeysOf(keys), ...moreKeys];
    // The account's keys too, for the tests without a proxy.
    const otherKeys = moreAccounts.flatMap(({ publicKeys }) => publicKeys);
    const authorizedKeys = [keys.proxy.publicLine, ...accountKeys, ...otherKeys];
    const sshd = await startBackend(folder, authorizedKeys, input);
    ends.push(() => sshd.stop());
    const line = await ToxicProxy.start(sshd.address);
    ends.push(() => line[Symbol.asyncDispose]());
    const underTest = await startUnderTest({
      folder: makeBackendFolder(join(folder, "proxy")),
      hostKeyTypes: input.hostKeyTypes ?? HOST_KEY_TYPES,
      backends: [
        {
          name: "sshd",
          sshd,
          address: line.address,
          key: keys.proxy,
          ...(pinnedHostKeys === undefined ? {} : { hostKeys: pinnedHostKeys }),
        },
      ],
      accounts: [{ name: "aviato", publicKeys: accountKeys }, ...moreAccounts],
      routes: [{ repositories: "**", backend: "sshd" }],
      ...(input.options === undefined ? {} : { options: input.options }),
      supervised: input.supervised ?? false,
    });
    ends.push(() => underTest.stop());
    return new RunningWorld(folder, keys, sshd, line, underTest, random, end);
  } catch (error) {
    await end();
    throw error;
  }
}

type Keys = World["keys"] & { readonly proxy: SshKey };

function makeKeys(folder: string): Keys {
  return {
    ed25519: makeKey(folder, "user_ed25519", { comment: "BuildServer" }),
    rsa: makeKey(folder, "user_rsa", { type: "rsa", bits: 2_048 }),
    ecdsa: makeKey(folder, "user_ecdsa", { type: "ecdsa" }),
    stranger: makeKey(folder, "stranger"),
    proxy: makeKey(folder, "proxy_key"),
  };
}

function accountKeysOf(keys: Keys): string[] {
  return [keys.ed25519, keys.rsa, keys.ecdsa].map(({ publicLine }) => publicLine);
}

async function startBackend(
  folder: string,
  authorizedKeys: readonly string[],
  { sessionsMax = 10, sshdLines = [], hostKeyTypes = HOST_KEY_TYPES }: StartWorld,
): Promise<Sshd> {
  const script = join(folder, "dispatch.sh");
  copyFileSync(join(import.meta.dirname, "backend", "dispatch.sh"), script);
  return startSshd({
    folder,
    authorizedKeys,
    forceCommand: `/bin/sh ${script}`,
    environment: { HOME: join(folder, "home"), HGPLAIN: "1" },
    sessionsMax,
    hostKeyTypes,
    configuration: sshdLines,
  });
}

class RunningWorld implements World {
  readonly folder: string;
  readonly keys: Keys;
  readonly sshd: Sshd;
  readonly line: ToxicProxy;
  readonly underTest: UnderTest;
  readonly random: Buffer;
  private readonly end: () => Promise<void>;
  private clients = 0;

  constructor(
    folder: string,
    keys: Keys,
    sshd: Sshd,
    line: ToxicProxy,
    underTest: UnderTest,
    random: Buffer,
    end: () => Promise<void>,
  ) {
    this.folder = folder;
    this.keys = keys;
    this.sshd = sshd;
    this.line = line;
    this.underTest = underTest;
    this.random = random;
    this.end = end;
  }

  destination(key: keyof World["keys"] = "ed25519"): Destination {
    const { host, port, user, hostKeys, hostKeyFingerprints } = this.underTest;
    const home = join(this.folder, "clients", String(++this.clients));
    mkdirSync(home);
    const knownHosts = join(home, "known_hosts");
    writeFileSync(knownHosts, knownHostsOf(host, port, hostKeys));
    const keyFile = this.keys[key].file;
    return { host, port, user, keyFile, home, knownHosts, hostKeyFingerprints };
  }

  async late<Result>(start: () => Promise<Result>): Promise<Result> {
    this.line.silence();
    const result = start();
    // Waited for below, which it may fail before.
    result.catch(() => undefined);
    await sleep(BACKEND_DELAY_MS);
    this.line.heal();
    return result;
  }

  async pidOf(name: string): Promise<number> {
    const file = join(this.folder, "pids", name);
    await until(`a command ${name}`, () => existsSync(file) && readFileSync(file, "utf8") !== "");
    return Number(readFileSync(file, "utf8"));
  }

  run(program: string, ...args: readonly string[]): string {
    return execFileSync(program, args, {
      ...backendOwner(),
      cwd: join(this.folder, "repositories"),
      env: { PATH: process.env["PATH"], HOME: join(this.folder, "home"), HGPLAIN: "1" },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  repository(name: string): string {
    return join(this.folder, "repositories", name);
  }

  makeKey(name: string, options?: MakeKey): SshKey {
    return makeKey(this.folder, name, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}
