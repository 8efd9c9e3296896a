/** A client of the probe and a server made of bytes, in a simulated world, for a test's length. */
import assert from "node:assert/strict";
import { createContext, type ServiceError } from "@holdfast/core";
import { createWorld, type World } from "@holdfast/sim";
import { type ClientHandle, createClient } from "../client/client.ts";
import type { ClientOptions } from "../client/options.ts";
import { createObservers, type Observers } from "../observe/observers.ts";
import { Probe, type ProbeClient } from "./gen/probe.ts";
import { RawServer } from "./raw-server.ts";
import { simulatedPlace, type TestPlace } from "./test-place.ts";
import { watchCall, type WatchedCall } from "./watch-call.ts";
import { wireForm } from "./wire-form.ts";
import { ONE_TRY } from "./one-try.ts";

export interface RawServerRig {
  readonly world: World;
  readonly place: TestPlace;
  readonly server: RawServer;
  readonly client: ClientHandle<ProbeClient>;
  /** The client's. */
  readonly observers: Observers;
  /** Calls `hold`. */
  call(key?: string): WatchedCall<string>;
  /** Waits until the call has settled; its error, undefined when it has none. */
  settled(call: WatchedCall<unknown>): Promise<ServiceError | undefined>;
}

/** Longer than any dial of these tests may take, shorter than most deadlines. */
const DIAL_MS = 1_000;

export async function callRawServer(
  body: (rig: RawServerRig) => Promise<void>,
  options: Partial<ClientOptions> = {},
  formName = "ttheader binary",
): Promise<void> {
  const world = createWorld(1);
  const place = simulatedPlace(world);
  const form = wireForm(formName);
  const { framing, protocol } = form;
  const server = new RawServer(place, form);
  const address = await server.listen();
  const runtime = place.runtime("client");
  const observers = createObservers(runtime);
  const client = createClient({
    policies: ONE_TRY,
    definition: Probe,
    address,
    runtime,
    observers,
    options: { framing, protocol, ...options },
  });
  const call = (key = "a"): WatchedCall<string> =>
    watchCall(client.calls.hold(createContext({ clock: world.clock }), key), key);
  const settled = async (made: WatchedCall<unknown>): Promise<ServiceError | undefined> => {
    await place.until(() => made.settled !== "no");
    return made.error;
  };
  try {
    await body({ world, place, server, client, observers, call, settled });
  } finally {
    client.close();
    await server.close();
  }
  // A dial may still be on its way when the client is closed.
  await world.run(DIAL_MS);
  assert.deepEqual(await place.left(), []);
}
