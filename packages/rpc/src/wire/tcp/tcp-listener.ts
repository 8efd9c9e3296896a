/** A listening socket of the operating system as core's Listener. */
import type * as net from "node:net";
import type { Address, Listener } from "@holdfast/core";

/** Node takes one connection in a round; this is twice the usual queue of the kernel. */
const DRAIN_TURNS_MAX = 1024;

export class TcpListener implements Listener {
  readonly address: Address;
  private readonly server: net.Server;
  /** Connections of a TLS server that are not sockets yet. */
  private readonly shakingHands: ReadonlyMap<string, net.Socket>;
  private closing: Promise<void> | undefined = undefined;

  constructor(asked: Address, server: net.Server, shakingHands: ReadonlyMap<string, net.Socket>) {
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
   * The kernel resets what it has accepted and we have not. So everything that waits is taken in
   * first, until two rounds of the event loop brought nothing (the first may have been half over),
   * and the socket is closed right after.
   */
  private async closeOnce(): Promise<void> {
    let quietTurns = 0;
    const count = (): void => {
      quietTurns = 0;
    };
    this.server.on("connection", count);
    for (let turn = 0; turn < DRAIN_TURNS_MAX && quietTurns < 2; turn++) {
      quietTurns++;
      await loopTurn();
    }
    this.server.off("connection", count);
    this.server.close();
    for (const stream of this.shakingHands.values()) stream.destroy();
    await loopTurn();
  }
}

function loopTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
