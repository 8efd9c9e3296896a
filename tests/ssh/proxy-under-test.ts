/**
 * What the tests here are run against: the proxy, or (to see that a test and its client work at
 * all) sshd itself. This file is the only one that knows how the proxy is started.
 */
import { once } from "node:events";
import { createConnection } from "node:net";
import type { Sshd } from "../servers/openssh/sshd.ts";
import type { SshKey } from "../servers/openssh/keys.ts";

/** The one switch: `HOLDFAST_SSH_UNDER_TEST=proxy` or `direct`. */
export const UNDER_TEST: "proxy" | "direct" =
  process.env["HOLDFAST_SSH_UNDER_TEST"] === "proxy" ? "proxy" : "direct";

/** Why a test of what only a proxy does is left out, or false. */
export const onlyProxy: string | false =
  UNDER_TEST === "proxy" ? false : "asks of the proxy what sshd does not do";

/** A host behind the proxy. */
export interface Backend {
  readonly name: string;
  readonly sshd: Sshd;
  /** `host:port` to dial: the sshd's own, or that of something in between. */
  readonly address: string;
  /** What the proxy logs in with there. */
  readonly key: SshKey;
  /** Lines of the keys it is pinned to; default the sshd's own. */
  readonly hostKeys?: readonly string[];
}

export interface Account {
  readonly name: string;
  /** Lines as in an authorized_keys file; the comment is the key's name. */
  readonly publicKeys: readonly string[];
}

export interface RouteEntry {
  /** A pattern of repositories, such as `team/*`. */
  readonly repositories: string;
  /** Name of a backend. */
  readonly backend: string;
  /** Where that is at the backend; default: the same path, with a slash in front. */
  readonly path?: string;
}

export interface StartUnderTest {
  /** An empty folder for what it needs. */
  readonly folder: string;
  readonly backends: readonly Backend[];
  readonly accounts: readonly Account[];
  /** The first that fits counts. */
  readonly routes: readonly RouteEntry[];
  /** Options of the program, in its own words. */
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface UnderTest extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Whom to log in as. */
  readonly user: string;
  /** Lines of the keys that it shows. */
  readonly hostKeys: readonly string[];
  readonly hostKeyFingerprints: readonly string[];
  /** Base of its ops endpoints, such as `http://127.0.0.1:6060`; `""` for sshd, which has none. */
  readonly opsUrl: string;
  /** Where its log is. */
  readonly logFile: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startUnderTest(input: StartUnderTest): Promise<UnderTest> {
  return UNDER_TEST === "proxy" ? startProxy(input) : startDirect(input);
}

/** The proxy as a process of its own, with its own host keys, on ports that nobody has. */
export async function startProxy(input: StartUnderTest): Promise<UnderTest> {
  throw new Error(`the program for ${input.folder} is not known yet`);
}

/** No proxy at all: the first backend, as it is dialled. */
export async function startDirect({ backends }: StartUnderTest): Promise<UnderTest> {
  const [{ sshd, address }] = backends as readonly [Backend];
  const [host = "", port = ""] = address.split(":");
  // What is not there is seen here, and not by the first client.
  const probe = createConnection({ host, port: Number(port) });
  await once(probe, "connect");
  probe.destroy();
  const stop = async (): Promise<void> => undefined;
  return {
    host,
    port: Number(port),
    user: sshd.user,
    hostKeys: sshd.hostKeys.map(({ publicLine }) => publicLine),
    hostKeyFingerprints: sshd.hostKeys.map(({ fingerprint }) => fingerprint),
    opsUrl: "",
    logFile: sshd.logFile,
    pid: sshd.pid,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
