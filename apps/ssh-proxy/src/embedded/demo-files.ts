/**
 * What the demo needs, made on its first start and left alone ever after: keys of the proxy, an
 * account with a key pair, and a repository. Everything is in one folder, to look at and to change.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { generatePrivateKey, type GeneratedKeyType } from "../ssh/keys/generate-private-key.ts";
import { parsePrivateKey, type PrivateKey } from "../ssh/keys/private-key.ts";

export interface DemoFiles {
  /** The proxy's own, as clients see them. */
  readonly hostKeys: readonly PrivateKey[];
  /** With which it logs in at the embedded backend. */
  readonly proxyKey: PrivateKey;
  /** The embedded backend's own. */
  readonly backendKey: PrivateKey;
  /** The folder with a file of keys for each account. */
  readonly accounts: string;
  /** The folder with the bare repositories. */
  readonly repositories: string;
  /** The private key of the demo account, for a client. */
  readonly userKey: string;
  /** For a client as well: the proxy's keys under its address. */
  readonly knownHosts: string;
}

const ACCOUNT = "demo";
const REPOSITORY = "demo.git";
const HOST_KEY_TYPES: readonly GeneratedKeyType[] = ["ssh-ed25519", "ecdsa-sha2-nistp256"];

/** Where a client of the demo finds what it needs. */
export function demoFilesIn(folder: string): Pick<DemoFiles, "userKey" | "knownHosts"> {
  const absolute = resolve(folder);
  const userKey = join(absolute, "keys", "demo_user");
  return { userKey, knownHosts: join(absolute, "known_hosts") };
}

/** Throws what the file system says, and what git says when it cannot make the repository. */
export function openDemoFiles(folder: string): DemoFiles {
  const keys = join(folder, "keys");
  const accounts = join(folder, "accounts");
  const repositories = join(folder, "repositories");
  for (const each of [keys, accounts, repositories]) mkdirSync(each, { recursive: true });
  const { userKey, knownHosts } = demoFilesIn(folder);
  const user = openKey(userKey, "ssh-ed25519", "DemoLaptop");
  const accountFile = join(accounts, ACCOUNT);
  if (!existsSync(accountFile)) {
    const { type, blob } = user.publicKey;
    writeFileSync(accountFile, `${type} ${blob.toString("base64")} DemoLaptop\n`);
  }
  makeRepository(join(repositories, REPOSITORY));
  return {
    hostKeys: HOST_KEY_TYPES.map((type) => openKey(join(keys, `host_${type}`), type, "ssh-proxy")),
    proxyKey: openKey(join(keys, "proxy"), "ssh-ed25519", "ssh-proxy"),
    backendKey: openKey(join(keys, "embedded_backend"), "ssh-ed25519", "embedded backend"),
    ...{ accounts, repositories, userKey, knownHosts },
  };
}

/** Tells OpenSSH's client which keys the proxy has at that address. */
export function writeKnownHosts(
  { knownHosts, hostKeys }: Pick<DemoFiles, "knownHosts" | "hostKeys">,
  host: string,
  port: number,
): void {
  const name = port === 22 ? host : `[${host}]:${port}`;
  const lines = hostKeys.map(({ publicKey: { type, blob } }) => {
    return `${name} ${type} ${blob.toString("base64")}\n`;
  });
  writeFileSync(knownHosts, lines.join(""));
}

/** What to paste: it works as it stands. `address` as the proxy's, such as `127.0.0.1:2222`. */
export function cloneLine(
  demo: Pick<DemoFiles, "userKey" | "knownHosts">,
  address: string,
): string {
  const ssh = [
    `ssh -i ${quote(forSsh(demo.userKey))} -o IdentitiesOnly=yes`,
    `-o UserKnownHostsFile=${quote(oneOfSeveral(forSsh(demo.knownHosts)))}`,
  ].join(" ");
  const command = ssh.includes("'") ? quote(ssh) : `"${ssh}"`;
  return `GIT_SSH_COMMAND=${command} git clone ssh://git@${address}/${REPOSITORY}`;
}

/** The key in the file; a new one when there is no such file. */
function openKey(path: string, type: GeneratedKeyType, comment: string): PrivateKey {
  if (!existsSync(path)) {
    const { openssh, publicLine } = generatePrivateKey(type, comment);
    writeFileSync(path, openssh, { mode: 0o600, flag: "wx" });
    writeFileSync(`${path}.pub`, `${publicLine}\n`);
  }
  return parsePrivateKey(readFileSync(path, "utf8"));
}

/** With plumbing only, so that no configuration of the user takes part. */
function makeRepository(path: string): void {
  if (existsSync(join(path, "HEAD"))) return;
  const git = (args: readonly string[], input = ""): string =>
    execFileSync("git", ["-C", path, ...args], { input, encoding: "utf8", env: AUTHOR }).trim();
  mkdirSync(path, { recursive: true });
  git(["init", "--quiet", "--bare", "--initial-branch=main"]);
  const blob = git(["hash-object", "-w", "--stdin"], README);
  const tree = git(["mktree"], `100644 blob ${blob}\tREADME.md\n`);
  const commit = git(["commit-tree", tree, "-m", "Hello from behind the proxy"]);
  git(["update-ref", "refs/heads/main", commit]);
}

const README = `# demo

You cloned this through ssh-proxy. Change it, commit, and push: it goes the same way back.
`;

const PERSON = { NAME: "Holdfast", EMAIL: "demo@holdfast.invalid" };
const AUTHOR = {
  PATH: "/usr/local/bin:/usr/bin:/bin",
  GIT_AUTHOR_NAME: PERSON.NAME,
  GIT_AUTHOR_EMAIL: PERSON.EMAIL,
  GIT_COMMITTER_NAME: PERSON.NAME,
  GIT_COMMITTER_EMAIL: PERSON.EMAIL,
  GIT_CONFIG_NOSYSTEM: "1",
};

/** For a shell. */
function quote(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Percent signs are OpenSSH's own in names of files. */
function forSsh(path: string): string {
  return path.replaceAll("%", "%%");
}

/** Where OpenSSH takes a list of files, separated by blanks. */
function oneOfSeveral(path: string): string {
  return /[\s"'\\]/.test(path) ? `"${path.replaceAll(/["\\]/g, "\\$&")}"` : path;
}
