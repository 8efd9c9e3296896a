/** A client's connection under test, and a server without manners at its other end. */
import { parseAddress } from "holdfast";
import { createWorld, type World } from "@holdfast/sim";
import type { PrivateKey } from "../../keys/private-key.ts";
import { MESSAGE } from "../../message-numbers.ts";
import { createSshTransport } from "../../transport/own-transport.ts";
import { loginSsh } from "../client-connection.ts";
import { completeSshConnectionOptions } from "../connection-options.ts";
import { OutputMemory } from "../output-memory.ts";
import type { SshClientConnection } from "../ssh-connection.ts";
import { HOST_KEY, USER_KEY } from "./keys.ts";
import { RawPeer } from "./raw-peer.ts";

const SERVER = parseAddress("server:22")!;

export interface TestedClientInput {
  readonly seed?: number;
  readonly keys?: readonly PrivateKey[];
  readonly acceptsHostKey?: boolean;
}

export class TestedClient {
  readonly world: World;
  readonly abort: (text: string) => void;
  /** Settles as the login does: with `undefined` when it went well. */
  readonly failed: Promise<Error | undefined>;
  private server: RawPeer | undefined = undefined;
  private loggedIn: SshClientConnection | undefined = undefined;

  private constructor(world: World, login: ReturnType<typeof loginSsh>) {
    this.world = world;
    this.abort = login.abort;
    this.failed = login.connection.then(
      (connection) => void (this.loggedIn = connection),
      (error: unknown) => error as Error,
    );
  }

  /** Connected; the server has said nothing above the transport. */
  static async connect(input: TestedClientInput = {}): Promise<TestedClient> {
    const world = createWorld(input.seed ?? 1);
    let peer: RawPeer | undefined;
    await world.network.host("server").listen(SERVER, (socket) => {
      peer = new RawPeer(socket, { kind: "server", hostKeys: [HOST_KEY] });
    });
    const connecting = world.network.host("client").connect(SERVER, { timeoutMs: 1_000 });
    const socket = await world.finish(connecting, 2_000);
    const login = loginSsh({
      ...{ socket, clock: world.clock, user: "git", keys: input.keys ?? [USER_KEY] },
      ...{ createTransport: createSshTransport, memory: new OutputMemory(), ident: "Tested" },
      acceptHostKey: () => input.acceptsHostKey ?? true,
      options: completeSshConnectionOptions(),
    });
    const tested = new TestedClient(world, login);
    await world.run(50);
    tested.server = peer;
    return tested;
  }

  static async login(input: TestedClientInput = {}): Promise<TestedClient> {
    const tested = await TestedClient.connect(input);
    tested.peer.say(MESSAGE.serviceAccept, (to) => to.string("ssh-userauth"));
    await tested.run();
    tested.peer.say(MESSAGE.userauthSuccess);
    await tested.world.finish(tested.failed, 1_000);
    return tested;
  }

  get peer(): RawPeer {
    return this.server!;
  }

  get connection(): SshClientConnection {
    return this.loggedIn!;
  }

  run(forMs = 200): Promise<void> {
    return this.world.run(forMs);
  }

  /** The server lets it open the channel that it asked for last. */
  confirm(channel = 0, window = 100_000, packet = 32_768): this {
    this.peer.sayOn(MESSAGE.channelOpenConfirmation, channel, (to) =>
      to.uint32(7).uint32(window).uint32(packet),
    );
    return this;
  }
}
