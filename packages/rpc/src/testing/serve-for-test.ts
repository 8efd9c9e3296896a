/**
 * Serves a handler for the length of a test, on the loopback or in a simulated world, and fails
 * when a connection, a listener, a timer or a handle is left at the end.
 */
import { type Address, type Context, createContext } from "@holdfast/core";
import type { ServiceDefinition } from "@holdfast/thrift";
import { type ClientHandle, createClient } from "../client/client.ts";
import type { ClientOptions } from "../client/options.ts";
import { createObservers, type Observers } from "../observe/observers.ts";
import type { ServerOptionsInput } from "../server/options.ts";
import { type CreateServer, createServer, type Server } from "../server/server.ts";
import { RawPeer } from "./raw-peer.ts";
import type { TestPlace } from "./test-place.ts";
import type { WatchedNetwork } from "./watched-network.ts";
import type { WireForm } from "./wire-form.ts";
import { ONE_TRY } from "./one-try.ts";

export interface ServeForTest<Handler, Client, Own extends Handler> {
  readonly place: TestPlace;
  readonly definition: ServiceDefinition<Handler, Client>;
  /** The test's own handler, which may have more than the service asks for. */
  readonly handler: Own;
  readonly options?: ServerOptionsInput;
  readonly filters?: CreateServer<Handler>["filters"];
}

export class ServedForTest<Handler, Client, Own extends Handler> {
  readonly place: TestPlace;
  readonly handler: Own;
  readonly server: Server<Handler>;
  /** The server's; those of a client are its own. */
  readonly observers: Observers;
  readonly network: WatchedNetwork;
  readonly address: Address;
  private readonly input: ServeForTest<Handler, Client, Own>;
  private readonly clients: ClientHandle<Client>[] = [];
  private readonly peers: RawPeer[] = [];

  private constructor(
    input: ServeForTest<Handler, Client, Own>,
    server: Server<Handler>,
    address: Address,
  ) {
    this.input = input;
    this.place = input.place;
    this.handler = input.handler;
    this.server = server;
    this.observers = server.observers;
    this.network = input.place.runtime("server").network;
    this.address = address;
  }

  static async start<Handler, Client, Own extends Handler>(
    input: ServeForTest<Handler, Client, Own>,
  ): Promise<ServedForTest<Handler, Client, Own>> {
    const { place, definition, handler, options, filters } = input;
    const runtime = place.runtime("server");
    const server = createServer({
      definition,
      handler,
      runtime,
      observers: createObservers(runtime),
      ...(options === undefined ? {} : { options }),
      ...(filters === undefined ? {} : { filters }),
    });
    const listening = server.listen(place.listenAddress("server"));
    return new ServedForTest(input, server, await place.finish(listening));
  }

  /** A client of the server, closed at the end of the test. */
  client(options: Partial<ClientOptions> = {}): ClientHandle<Client> {
    const { place, definition } = this.input;
    const runtime = place.runtime("client");
    const client = createClient({
      policies: ONE_TRY,
      definition,
      address: this.address,
      runtime,
      options,
    });
    this.clients.push(client);
    return client;
  }

  /** A peer that speaks bytes, destroyed at the end of the test. */
  async peer(form: WireForm): Promise<RawPeer> {
    const peer = await RawPeer.connect(this.place, this.address, form);
    this.peers.push(peer);
    return peer;
  }

  /** A context for one call from outside. */
  context(requestId?: string): Context {
    const { clock } = this.place;
    return createContext(requestId === undefined ? { clock } : { clock, requestId });
  }

  /** Closes everything. */
  async close(): Promise<void> {
    for (const client of this.clients) client.close();
    for (const peer of this.peers) peer.destroy();
    await this.place.finish(this.server.stop());
  }
}

/** Serves while `body` runs; then closes everything and looks at what is left. */
export async function serveForTest<Handler, Client, Own extends Handler>(
  input: ServeForTest<Handler, Client, Own>,
  body: (served: ServedForTest<Handler, Client, Own>) => Promise<void>,
): Promise<void> {
  const served = await ServedForTest.start(input);
  try {
    await body(served);
  } catch (error) {
    // What is left now says nothing new.
    await served.close();
    throw error;
  }
  await served.close();
  const left = await input.place.left();
  if (left.length > 0) throw new Error(`left at the end:\n  ${left.join("\n  ")}`);
}
