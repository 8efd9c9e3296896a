// A minimal SSH reverse proxy on ssh2: one public key is let in, a connection gets one of its own
// to the backend with its first command, every command is accepted at once and run there as it is,
// and its three streams and its exit are passed on.
//   PORT HOST_KEY CLIENT_KEY.pub BACKEND_PORT BACKEND_USER BACKEND_KEY BACKEND_HOST_KEY.pub
//   delay|no-delay
// `no-delay` switches Nagle's algorithm off on both legs, which ssh2 leaves on.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { Client, Server, utils } = require("ssh2");

const [port, hostKey, clientKey, backendPort, user, backendKey, backendHostKey, delay] =
  process.argv.slice(2) as [string, string, string, string, string, string, string, string];
const noDelay = delay === "no-delay";
const allowed = utils.parseKey(readFileSync(clientKey));
const expectedHost = utils.parseKey(readFileSync(backendHostKey)).getPublicSSH();
const privateKey = readFileSync(backendKey);

new Server({ hostKeys: [readFileSync(hostKey)] }, serve).listen(Number(port), "127.0.0.1", () =>
  console.log("ready"),
);

function serve(front: any): void {
  if (noDelay) front.setNoDelay(true);
  let dialled: Promise<any> | undefined;
  const backend = (): Promise<any> => (dialled ??= dial());
  front.on("authentication", (attempt: any) => {
    if (isAllowed(attempt)) attempt.accept();
    else attempt.reject(["publickey"]);
  });
  front.on("session", (acceptSession: () => any) => {
    acceptSession().on("exec", (accept: () => any, _reject: unknown, info: any) => {
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

function isAllowed(attempt: any): boolean {
  if (attempt.method !== "publickey" || attempt.key.algo !== allowed.type) return false;
  if (!allowed.getPublicSSH().equals(attempt.key.data)) return false;
  // Without a signature it is only asked whether the key would do.
  if (attempt.signature === undefined) return true;
  return allowed.verify(attempt.blob, attempt.signature, attempt.hashAlgo) === true;
}

function dial(): Promise<any> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    client.once("ready", () => resolve(client));
    client.on("error", reject);
    client.connect({
      host: "127.0.0.1",
      port: Number(backendPort),
      username: user,
      privateKey,
      hostVerifier: (key: Buffer) => key.equals(expectedHost),
    });
    if (noDelay) client.setNoDelay(true);
  });
}

async function run(backend: Promise<any>, command: string, front: any): Promise<void> {
  const client = await backend;
  const back: any = await new Promise((resolve, reject) => {
    client.exec(command, (error: Error | undefined, channel: unknown) => {
      if (error === undefined) resolve(channel);
      else reject(error);
    });
  });
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
