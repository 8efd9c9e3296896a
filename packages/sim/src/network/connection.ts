/** Two sockets and the two pipes between them. */
import type { Clock, Random } from "@holdfast/core";
import type { Trace } from "../trace.ts";
import type { Link } from "./link.ts";
import { Pipe } from "./pipe.ts";
import { SimSocket } from "./sim-socket.ts";

export interface ConnectionSetup {
  readonly id: number;
  readonly clientName: string;
  readonly serverName: string;
  /** From the client to the server, and back. */
  readonly there: Link;
  readonly back: Link;
  readonly clock: Clock;
  /** This connection's own stream. */
  readonly random: Random;
  readonly trace: Trace;
  readonly onGone: (connection: Connection) => void;
}

export class Connection {
  readonly client: SimSocket;
  readonly server: SimSocket;
  readonly there: Link;
  readonly back: Link;
  private readonly pipes: readonly [Pipe, Pipe];
  private readonly openSockets = new Set<SimSocket>();

  constructor(setup: ConnectionSetup) {
    const { clock, random, trace, there, back } = setup;
    const [closing, upward, downward] = ["close", "there", "back"].map((n) => random.stream(n));
    const common = {
      clock,
      trace,
      onGone: (socket: SimSocket) => {
        this.openSockets.delete(socket);
        if (this.openSockets.size === 0) setup.onGone(this);
      },
      resetsOnDestroy: () => closing!.next() < 0.5,
    };
    const names = { client: setup.clientName, server: setup.serverName };
    this.client = new SimSocket({
      ...common,
      id: `${setup.id}.client`,
      local: names.client,
      remote: names.server,
    });
    this.server = new SimSocket({
      ...common,
      id: `${setup.id}.server`,
      local: names.server,
      remote: names.client,
    });
    const request = new Pipe(there, this.client, this.server, { clock, trace, random: upward! });
    const reply = new Pipe(back, this.server, this.client, { clock, trace, random: downward! });
    this.client.join(request, reply);
    this.server.join(reply, request);
    this.there = there;
    this.back = back;
    this.pipes = [request, reply];
    this.openSockets.add(this.client).add(this.server);
  }

  /** The ends of which onClose was not called yet. */
  get open(): Iterable<SimSocket> {
    return this.openSockets;
  }

  connects(a: string, b: string): boolean {
    const { from, to } = this.there;
    return (from === a && to === b) || (from === b && to === a);
  }

  /** Both ends are reset, as by a box in between. */
  reset(): void {
    this.client.onReset();
    this.server.onReset();
  }

  /** Nothing arrives at either end any more, and neither is told. */
  silence(): void {
    for (const pipe of this.pipes) pipe.silence();
  }
}
