/**
 * One session channel (RFC 4254, 5 and 6) as both ends of the proxy see it. Flow control is in the
 * open: who takes bytes grants new ones, who sends looks at what may be sent. Nothing is queued
 * here, so what is buffered is what the user of a channel buffers.
 */
import type { SshError } from "../ssh-error.ts";

export interface SshChannel {
  /** Our number of it; unique on its connection while it is open. */
  readonly id: number;
  /**
   * How many bytes may be sent now, stdout and stderr together: the peer's window, at most 128 KiB
   * at once, or 0 while the peer's socket does not take what was sent, or keys are exchanged.
   */
  readonly sendableBytes: number;
  /** The window that the peer has left of what was granted. */
  readonly grantedBytes: number;
  /** The window that we have left of what the peer granted, whatever its socket takes. */
  readonly windowBytes: number;
  /** Sends data; `bytes` are at most `sendableBytes` long, and not kept. */
  send(bytes: Uint8Array): void;
  /** The same for stderr (extended data of type 1). */
  sendStderr(bytes: Uint8Array): void;
  /** Lets the peer send so many bytes more. */
  grant(bytes: number): void;
  /** No more data from us; the peer may go on sending. Once. */
  eof(): void;
  /** A request without an answer, such as `eow@openssh.com`, `signal`, `exit-status`. */
  request(name: string, payload?: Uint8Array): void;
  /** A request with an answer: whether it was granted. False when the channel ends before it. */
  ask(name: string, payload?: Uint8Array): Promise<boolean>;
  exitStatus(status: number): void;
  /** `name` without `SIG`, such as `TERM` (RFC 4254, 6.10). */
  exitSignal(name: string, coreDumped: boolean, message: string): void;
  /** Ends the channel after all that was sent; `onClose` follows when the peer has, too. Once. */
  close(): void;
}

/** A session that is not opened; a class, so that no handler can be taken for one. */
export class RefusedSession {
  /** For the user. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What happens on a channel. Byte views are valid only during the call. */
export interface ChannelHandler {
  onData(bytes: Buffer): void;
  onStderr(bytes: Buffer): void;
  /** The peer sends no more data. */
  onEof(): void;
  /** More may be sent than before: a window grew, or a socket was drained. */
  onSendable(): void;
  /**
   * The peer asks for something. `true` and `false` are the answer, if it wants one; a promise
   * holds back the answers to the requests after it (they are answered in order).
   */
  onRequest(name: string, payload: Buffer): boolean | Promise<boolean>;
  /**
   * The peer has closed its side: it sends nothing more, and may still read how things ended. With
   * true our side stays open until `close`; false, or no such function, closes it at once.
   */
  onPeerClose?(): boolean;
  /** The last call, always made, once. `error` when the connection ended below it. */
  onClose(error: SshError | undefined): void;
}
