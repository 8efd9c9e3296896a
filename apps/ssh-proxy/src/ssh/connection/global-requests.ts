/** Requests about a connection as a whole (RFC 4254, 4): answered here, none is passed on. */
import type { Clock } from "holdfast";
import { MESSAGE } from "../message-numbers.ts";
import { MessageReader } from "../message-reader.ts";
import { MessageWriter } from "../message-writer.ts";
import { DISCONNECT, SshError } from "../ssh-error.ts";
import type { SshTransport } from "../transport/ssh-transport.ts";

const NAME_MAX_BYTES = 255;
const WINDOW_MS = 1_000;

export class GlobalRequests {
  /** The peer has said that it will open no more sessions (`no-more-sessions@openssh.com`). */
  noMoreSessions = false;
  private readonly transport: SshTransport;
  private readonly clock: Clock;
  private readonly perSecondMax: number;
  private windowStartMs = 0;
  private inWindow = 0;

  constructor(transport: SshTransport, clock: Clock, perSecondMax: number) {
    this.transport = transport;
    this.clock = clock;
    this.perSecondMax = perSecondMax;
  }

  /** Handles the messages 80 to 82; throws an SshError for a flood. */
  onMessage(payload: Buffer): void {
    // Answers to our keepalives: that they came is all there is to them.
    if (payload[0] !== MESSAGE.globalRequest) return;
    this.count();
    const reader = new MessageReader(payload);
    const name = reader.text(NAME_MAX_BYTES);
    const wanted = reader.boolean();
    if (name === "no-more-sessions@openssh.com") this.noMoreSessions = true;
    if (!wanted) return;
    const known = name === "keepalive@openssh.com" || name === "no-more-sessions@openssh.com";
    const number = known ? MESSAGE.requestSuccess : MESSAGE.requestFailure;
    this.transport.send(new MessageWriter(number).finish());
  }

  sendKeepalive(): void {
    const request = new MessageWriter(MESSAGE.globalRequest).string("keepalive@openssh.com");
    this.transport.send(request.boolean(true).finish());
  }

  private count(): void {
    const nowMs = this.clock.nowMs();
    if (nowMs - this.windowStartMs >= WINDOW_MS) {
      this.windowStartMs = nowMs;
      this.inWindow = 0;
    }
    if (++this.inWindow > this.perSecondMax) {
      const text = `more than ${this.perSecondMax} global requests in a second`;
      throw new SshError(DISCONNECT.protocolError, text);
    }
  }
}
