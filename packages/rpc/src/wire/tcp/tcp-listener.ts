/** A listening socket of the operating system as core's Listener. */
import type * as net from "node:net";
import type { Address, Listener } from "@holdfast/core";

export class TcpListener implements Listener {
  readonly address: Address;
  private readonly server: net.Server;
  /** Connections of a TLS server that are not sockets yet. */
  private readonly shakingHands: ReadonlySet<net.Socket>;
  private closing: Promise<void> | undefined = undefined;

  constructor(asked: Address, server: net.Server, shakingHands: ReadonlySet<net.Socket>) {
    const bound = server.address();
    const hasPort = asked.kind === "tcp" && bound !== null && typeof bound === "object";
    this.address = hasPort ? { ...asked, port: bound.port } : asked;
    this.server = server;
    this.shakingHands = shakingHands;
  }

  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  /**
   * The kernel resets what it has accepted and we have not. One whole round of the event loop
   * takes all of that in; the socket is closed right after, so next to nobody is reset.
   */
  private async closeOnce(): Promise<void> {
    await loopTurn();
    await loopTurn();
    this.server.close();
    for (const stream of this.shakingHands) stream.destroy();
    await loopTurn();
  }
}

function loopTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
