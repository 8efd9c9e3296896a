// A minimal SSH reverse proxy on ssh2: one public key is let in, a connection gets one of its own
// to the backend with its first command, every command is accepted at once and run there as it is,
// and its three streams and its exit are passed on.
//   PORT HOST_KEY CLIENT_KEY.pub BACKEND_PORT BACKEND_USER BACKEND_KEY BACKEND_HOST_KEY.pub
//   delay|no-delay
// `no-delay` switches Nagle's algorithm off on both legs, which ssh2 leaves on.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Channel, Front, LoginAttempt, Ssh2, SshClient } from "./ssh2.ts";

const require = createRequire(import.meta.url);
const { Client, Server, utils } = require("ssh2") as Ssh2;

const [port, hostKey, clientKey, backendPort, user, backendKey, backendHostKey, delay] =
  process.argv.slice(2) as [string, string, string, string, string, string, string, string];
const noDelay = delay === "no-delay";
const allowed = utils.parseKey(readFileSync(clientKey));
const expectedHost = utils.parseKey(readFileSync(backendHostKey)).getPublicSSH();
const privateKey = readFileSync(backendKey);

new Server({ hostKeys: [readFileSync(hostKey)] }, serve).listen(Number(port), "127.0.0.1", () =>
  console.log("ready"),
);

function serve(front: Front): void {
  if (noDelay) front.setNoDelay(true);
  let dialled: Promise<SshClient> | undefined;
  const backend = (): Promise<SshClient> => (dialled ??= dial());
  front.on("authentication", (attempt) => {
    if (isAllowed(attempt)) attempt.accept();
    else attempt.reject(["publickey"]);
  });
  front.on("session", (acceptSession) => {
    acceptSession().on("exec", (accept, _reject, info) => {
      const stream = accept();
      run(backend(), info.command, stream).catch((error: unknown) => {
        stream.stderr.write(`${String(error)}\n`);
        stream.exit(255);
        stream.end();
      });
    });
  });
  // Who goes without a word is gone.
  front.on("error", () => {});
  front.on("close", () => {
    dialled?.then(
      (client) => client.end(),
      () => {},
    );
  });
}

function isAllowed(attempt: LoginAttempt): boolean {
  if (attempt.method !== "publickey" || attempt.key.algo !== allowed.type) return false;
  if (!allowed.getPublicSSH().equals(attempt.key.data)) return false;
  // Without a signature it is only asked whether the key would do.
  if (attempt.signature === undefined) return true;
  return allowed.verify(attempt.blob, attempt.signature, attempt.hashAlgo) === true;
}

function dial(): Promise<SshClient> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    client.on("ready", () => resolve(client));
    client.on("error", reject);
    client.connect({
      host: "127.0.0.1",
      port: Number(backendPort),
      username: user,
      privateKey,
      hostVerifier: (key) => key.equals(expectedHost),
    });
    if (noDelay) client.setNoDelay(true);
  });
}

async function run(backend: Promise<SshClient>, command: string, front: Channel): Promise<void> {
  const client = await backend;
  await new Promise<void>((resolve, reject) => {
    client.exec(command, (error, back) => {
      if (error !== undefined) return reject(error);
      // At once: what the backend says may already stand behind in the same packet of TCP.
      join(front, back);
      resolve();
    });
  });
}

function join(front: Channel, back: Channel): void {
  front.pipe(back);
  back.pipe(front, { end: false });
  back.stderr.pipe(front.stderr, { end: false });
  back.on("exit", (code: number | null, signal?: string) => {
    if (code === null) front.exit(signal?.replace(/^SIG/, "") ?? "TERM");
    else front.exit(code);
  });
  back.on("close", () => front.end());
  front.on("close", () => back.close());
}
