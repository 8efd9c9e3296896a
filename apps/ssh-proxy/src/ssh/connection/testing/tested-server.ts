/** A server's connection under test, and a client without manners at its other end. */
import assert from "node:assert/strict";
import { parseAddress } from "holdfast";
import { createWorld, type World } from "@holdfast/sim";
import type { Identity } from "../../../accounts/account-directory.ts";
import type { PrivateKey } from "../../keys/private-key.ts";
import type { PublicKey } from "../../keys/public-key.ts";
import { MESSAGE } from "../../message-numbers.ts";
import { MessageWriter } from "../../message-writer.ts";
import { createSshTransport } from "../../transport/own-transport.ts";
import { completeSshConnectionOptions, type SshConnectionOptions } from "../connection-options.ts";
import { OutputMemory } from "../output-memory.ts";
import { SshServerConnection } from "../server-connection.ts";
import { RefusedSession, type SshChannel } from "../ssh-channel.ts";
import type { AuthAnswer, AuthAttempt, ConnectionEnd } from "../ssh-connection.ts";
import { HOST_KEY, SECOND_KEY, USER_KEY } from "./keys.ts";
import { RawPeer } from "./raw-peer.ts";
import { RecordedChannel } from "./recorded-channel.ts";

export interface TestedServerInput {
  readonly seed?: number;
  readonly options?: Partial<SshConnectionOptions>;
  /** Default: the two keys of the user, of which one is enough. */
  readonly find?: (user: string, key: PublicKey) => Promise<AuthAnswer>;
  readonly admit?: () => Promise<boolean>;
  /** Why the next session is refused. */
  readonly refuse?: () => string | undefined;
}

const SERVER = parseAddress("server:22")!;

export const IDENTITY: Omit<Identity, "fingerprint"> = {
  account: "aviato",
  name: "erlich",
  publicKeyName: "Laptop",
};

export class TestedServer {
  readonly world: World;
  readonly attempts: AuthAttempt[] = [];
  readonly identities: Identity[] = [];
  readonly sessions: RecordedChannel[] = [];
  readonly ends: ConnectionEnd[] = [];
  /** What each new session's handler answers. */
  answer: RecordedChannel["answer"] = () => true;
  private readonly input: TestedServerInput;
  private accepted: SshServerConnection | undefined = undefined;
  private client: RawPeer | undefined = undefined;

  private constructor(input: TestedServerInput) {
    this.input = input;
    this.world = createWorld(input.seed ?? 1);
  }

  /** With keys in force, and nobody logged in. */
  static async start(input: TestedServerInput = {}): Promise<TestedServer> {
    const started = await TestedServer.connect(input);
    await started.world.finish(started.peer.keyed, 5_000);
    return started;
  }

  /** Connected only. */
  static async connect(input: TestedServerInput = {}): Promise<TestedServer> {
    const tested = new TestedServer(input);
    const { network } = tested.world;
    await network.host("server").listen(SERVER, (socket) => tested.take(socket));
    const connecting = network.host("client").connect(SERVER, { timeoutMs: 1_000 });
    const socket = await tested.world.finish(connecting, 2_000);
    tested.client = new RawPeer(socket, { kind: "client", acceptHostKey: () => true });
    return tested;
  }

  static async loggedIn(input: TestedServerInput = {}): Promise<TestedServer> {
    const started = await TestedServer.start(input);
    started.askService().login(USER_KEY);
    await started.run();
    return started;
  }

  /** With one session, which the client calls 5. */
  static async opened(input: TestedServerInput = {}): Promise<TestedServer> {
    const started = await TestedServer.loggedIn(input);
    started.peer.open(5);
    await started.run();
    started.peer.messages.length = 0;
    return started;
  }

  get peer(): RawPeer {
    return this.client!;
  }

  get connection(): SshServerConnection {
    return this.accepted!;
  }

  get end(): ConnectionEnd | undefined {
    return this.ends[0];
  }

  /** The results of all attempts. */
  get results(): string[] {
    return this.attempts.map(({ result }) => result);
  }

  /** Lets everything arrive that is on its way, and be answered. */
  run(forMs = 200): Promise<void> {
    return this.world.run(forMs);
  }

  askService(name = "ssh-userauth"): this {
    this.peer.say(MESSAGE.serviceRequest, (to) => to.string(name));
    return this;
  }

  offer(key: PrivateKey, user = "git"): this {
    this.peer.sayBytes(request(user, key, false).finish());
    return this;
  }

  /** Signs with `signer`; what is signed can be another session's. */
  login(
    key: PrivateKey,
    { user = "git", signer = key, sessionId = this.peer.transport.sessionId } = {},
  ): this {
    const unsigned = request(user, key, true).finish();
    const data = new MessageWriter().string(sessionId).raw(unsigned).finish();
    const signature = signer.sign("ssh-ed25519", data);
    this.peer.sayBytes(new MessageWriter().raw(unsigned).string(signature).finish());
    return this;
  }

  method(name: string, user = "git"): this {
    this.peer.say(MESSAGE.userauthRequest, (to) =>
      to.string(user).string("ssh-connection").string(name),
    );
    return this;
  }

  private take(socket: ConstructorParameters<typeof SshServerConnection>[0]["socket"]): void {
    this.accepted = new SshServerConnection({
      ...{ socket, clock: this.world.clock, hostKeys: [HOST_KEY], ident: "Tested" },
      ...{ createTransport: createSshTransport, memory: new OutputMemory() },
      options: completeSshConnectionOptions(this.input.options),
      admit: this.input.admit,
      handle: () => ({
        onIdent: () => undefined,
        onReceived: () => undefined,
        onKeys: () => undefined,
        findIdentity: (user, key) => (this.input.find ?? findUser)(user, key),
        onAuth: (attempt) => void this.attempts.push(attempt),
        onAuthenticated: (identity) => void this.identities.push(identity),
        onSession: (channel) => this.takeSession(channel),
        onClose: (end) => void this.ends.push(end),
      }),
    });
  }

  private takeSession(channel: SshChannel): RecordedChannel | RefusedSession {
    const refused = this.input.refuse?.();
    if (refused !== undefined) return new RefusedSession(refused);
    const session = new RecordedChannel(channel);
    session.answer = (name, payload) => this.answer(name, payload);
    this.sessions.push(session);
    return session;
  }
}

/** The connection ended for this, the client was told so, and nothing is left of it. */
export function assertBroken(tested: TestedServer, text: RegExp): void {
  assert.equal(tested.end?.kind, "protocol-error");
  assert.match(tested.end.text, text);
  assert.equal(tested.peer.disconnected?.text, tested.end.text);
  assert.equal(tested.connection.channelCount, 0);
  for (const session of tested.sessions) assert.ok(session.closed);
}

/** Up to what is signed. */
function request(user: string, key: PrivateKey, signed: boolean): MessageWriter {
  return new MessageWriter(MESSAGE.userauthRequest)
    .string(user)
    .string("ssh-connection")
    .string("publickey")
    .boolean(signed)
    .string("ssh-ed25519")
    .string(key.publicKey.blob);
}

function findUser(_user: string, { fingerprint }: PublicKey): Promise<AuthAnswer> {
  const known = [USER_KEY, SECOND_KEY].some((key) => key.publicKey.fingerprint === fingerprint);
  return Promise.resolve(
    known ? { answer: "known", identity: { ...IDENTITY, fingerprint } } : { answer: "unknown" },
  );
}
