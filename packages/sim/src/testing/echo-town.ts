/**
 * A small town for the simulator's own scenarios: servers that echo, clients that keep talking to
 * them and come back whenever a connection is lost, and checks that hold whatever the network does.
 */
import assert from "node:assert/strict";
import { type Address, every, type Listener, type Random, type Socket } from "@holdfast/core";
import { checkNothingLeft } from "../checkers.ts";
import type { World } from "../world.ts";
import { Peer } from "./peer.ts";

const PORT = 7;
const CONNECT_TIMEOUT_MS = 3000;
/** Who has heard nothing for so long gives up: all that helps when a peer vanishes. */
const SILENCE_MAX_MS = 5000;
const MESSAGE_MAX_BYTES = 4000;
const TALK_EVERY_MS = 50;

export interface TownCounts {
  connected: number;
  failed: number;
  lost: number;
  sentBytes: number;
  echoedBytes: number;
}

export class EchoTown {
  readonly counts: TownCounts = { connected: 0, failed: 0, lost: 0, sentBytes: 0, echoedBytes: 0 };
  private readonly world: World;
  private readonly listeners: Listener[] = [];
  private readonly open = new Set<Peer>();
  /** What went wrong where nobody could throw it. */
  private readonly wrong: string[] = [];
  private closing = false;

  constructor(world: World) {
    this.world = world;
  }

  async addServer(host: string): Promise<void> {
    const address: Address = { kind: "tcp", host, port: PORT };
    const network = this.world.network.host(host);
    this.listeners.push(await network.listen(address, (socket) => this.serve(socket)));
  }

  addClient(host: string, server: string): void {
    void this.keepTalking(host, { kind: "tcp", host: server, port: PORT });
  }

  /** Closes everything and checks that nothing is left. The network must not be partitioned. */
  async close(): Promise<void> {
    this.closing = true;
    for (const listener of this.listeners) await listener.close();
    for (const peer of this.open) peer.destroy();
    await this.world.run(SILENCE_MAX_MS + CONNECT_TIMEOUT_MS);
    assert.equal(this.open.size, 0);
    assert.deepEqual(this.wrong, []);
    checkNothingLeft(this.world);
  }

  private serve(socket: Socket): void {
    const peer = new Peer(socket, false);
    peer.react = (bytes) => {
      if (!peer.write(Uint8Array.from(bytes))) peer.pause();
    };
    peer.drained = () => peer.resume();
    void this.live(peer, () => {});
  }

  private async keepTalking(host: string, address: Address): Promise<void> {
    const { network, random } = this.world;
    const own = random.stream(`client ${host}`);
    while (!this.closing) {
      const socket = await network
        .host(host)
        .connect(address, { timeoutMs: CONNECT_TIMEOUT_MS })
        .catch(() => undefined);
      if (socket === undefined) {
        this.counts.failed++;
        await this.rest(200 + own.below(800));
      } else {
        this.counts.connected++;
        await this.talk(new Peer(socket), own);
      }
    }
  }

  /** Until the connection is over; what came back must be the beginning of what was sent. */
  private async talk(peer: Peer, random: Random): Promise<void> {
    const sent: Buffer[] = [];
    await this.live(peer, () => {
      if (peer.socket.pendingBytes > 0) return;
      const bytes = Buffer.alloc(1 + random.below(MESSAGE_MAX_BYTES), random.below(256));
      sent.push(Buffer.from(bytes));
      this.counts.sentBytes += bytes.length;
      peer.write(bytes);
    });
    const received = peer.received();
    this.counts.echoedBytes += received.length;
    const expected = Buffer.concat(sent).subarray(0, received.length);
    if (!expected.equals(received)) this.wrong.push(`${peer.socket.local} got other bytes back`);
  }

  /** Starts it, calls `speak` from time to time, and resolves when it is closed. */
  private async live(peer: Peer, speak: () => void): Promise<void> {
    const { clock } = this.world;
    this.open.add(peer);
    peer.start();
    let heardBytes = -1;
    let heardMs = clock.nowMs();
    const stop = every(clock, TALK_EVERY_MS, () => {
      if (heardBytes !== peer.receivedCount) heardMs = clock.nowMs();
      heardBytes = peer.receivedCount;
      const silent = clock.nowMs() - heardMs > SILENCE_MAX_MS;
      if (this.closing || silent || peer.calls.includes("end")) peer.destroy();
      else speak();
    });
    await peer.untilClosed();
    stop();
    this.open.delete(peer);
    if (peer.closeError !== undefined) this.counts.lost++;
  }

  private rest(forMs: number): Promise<void> {
    return new Promise((resolve) => {
      const stop = every(this.world.clock, forMs, () => {
        stop();
        resolve();
      });
    });
  }
}
