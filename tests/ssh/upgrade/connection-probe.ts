/** Connects again and again, as far as the server's first line: each of them must be taken. */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { UnderTest } from "../proxy-under-test.ts";

/** It leaves the machine to the clients that transfer something. */
const PAUSE_MS = 15;
const IDENT = /^SSH-2\.0-/;
const TIMEOUT_MS = 20_000;

export class ConnectionProbe {
  /** What became of the connections that were refused, reset, or closed without a word. */
  readonly failures: string[] = [];
  count = 0;
  private readonly host: string;
  private readonly port: number;

  constructor({ host, port }: UnderTest) {
    this.host = host;
    this.port = port;
  }

  async run(isOver: () => boolean): Promise<void> {
    for (; !isOver(); this.count++) {
      await this.connectOnce().catch((error: unknown) => this.failures.push(String(error)));
      await sleep(PAUSE_MS);
    }
  }

  private async connectOnce(): Promise<void> {
    const socket = connect({ host: this.host, port: this.port });
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const ended = once(socket, "close", { signal }).then(() => ["nothing"]);
      const [bytes] = (await Promise.race([once(socket, "data", { signal }), ended])) as [unknown];
      if (!IDENT.test(String(bytes))) throw new Error(`it said ${String(bytes)}`);
    } finally {
      socket.destroy();
    }
  }
}
