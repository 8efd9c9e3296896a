/**
 * A socket and the SSH transport on it. What is sent while one read is dealt with, its own or
 * another connection's, leaves in as few writes as possible; whoever sends can see how much the
 * socket has not taken yet.
 */
import { after, type Clock, type Socket } from "holdfast";
import { DISCONNECT, SshError } from "../ssh-error.ts";
import type {
  AgreedAlgorithms,
  CreateTransport,
  SshTransport,
  TransportHandler,
  TransportInput,
} from "../transport/ssh-transport.ts";
import type { OutputMemory } from "./output-memory.ts";
import { ReadPace, REST_MS } from "./read-pace.ts";
import type { ConnectionEnd } from "./ssh-connection.ts";
import { STAGED_PIECE_MAX_BYTES, StagedData } from "./staged-data.ts";

/** Who is told what happens on the link; the last call is `onEnd`, exactly once. */
export interface LinkHandler {
  onIdent(ident: string): void;
  onReceived(): void;
  onKeys(algorithms: AgreedAlgorithms): void;
  /** Valid only during the call. An SshError thrown here ends the link with its reason. */
  onMessage(payload: Buffer): void;
  /** The socket takes bytes again, or keys are in force again. */
  onSendable(): void;
  onEnd(end: ConnectionEnd): void;
}

export interface LinkInput extends Pick<TransportInput, "role" | "ident" | "algorithms"> {
  readonly socket: Socket;
  readonly clock: Clock;
  readonly createTransport: CreateTransport;
  readonly memory: OutputMemory;
  readonly handler: LinkHandler;
  /**
   * Asked once the first bytes are there, before they are looked at: resolves when they may be,
   * with false when they never may. Default: at once.
   */
  readonly admit?: (() => Promise<boolean>) | undefined;
}

/** With so much not taken by the socket, nothing more is sent than what must be. */
const PENDING_MAX_BYTES = 64 * 1_024;
/**
 * Whoever sends heeds the limit above; answers cannot. A peer that goes on asking and reads none of
 * them is cut here, so that it cannot make the process grow.
 */
const UNREAD_MAX_BYTES = 4 * 1_024 * 1_024;
/** What is shorter is copied before it is written, so that no socket keeps a whole chunk for it. */
const COPY_MAX_BYTES = 8 * 1_024;
/** Long enough for a text to reach a user far away. */
const LINGER_MS = 2_000;

const CLOSED: ConnectionEnd = { kind: "closed", error: undefined, text: "" };

export class PacketLink implements TransportHandler {
  readonly transport: SshTransport;
  /** Told of channels' data by whoever sends and receives it. */
  readonly pace: ReadPace;
  private readonly socket: Socket;
  private readonly clock: Clock;
  private readonly handler: LinkHandler;
  private readonly memory: OutputMemory;
  private readonly staged: StagedData;
  /** What is laid out in the chunk, and before it what was not. */
  private readonly queue: Buffer[] = [];
  private chunk: Buffer | undefined = undefined;
  private chunkBytes = 0;
  /** What the socket has not taken yet. */
  private readonly lent: Buffer[] = [];
  private admit: (() => Promise<boolean>) | undefined;
  /** What came while nobody knew whether it may be looked at. */
  private beforeAdmission: Buffer[] | undefined = undefined;
  private queuedBytes = 0;
  private flushing = false;
  private pauses = 0;
  private resting = false;
  private socketPaused = false;
  private ended = false;
  /** Why it ends, when that is known before the socket says so. */
  private end: ConnectionEnd | undefined = undefined;
  private stopLinger: () => void = () => undefined;
  private stopRest: () => void = () => undefined;

  constructor(input: LinkInput) {
    const { socket, clock, createTransport, handler } = input;
    this.socket = socket;
    this.clock = clock;
    this.pace = new ReadPace(clock);
    this.handler = handler;
    this.memory = input.memory;
    this.staged = new StagedData(input.memory);
    this.admit = input.admit;
    this.transport = createTransport({
      ...{ role: input.role, ident: input.ident, handler: this },
      ...(input.algorithms !== undefined && { algorithms: input.algorithms }),
      write: (bytes) => this.enqueue(bytes),
      allocate: (bytes) => this.allocate(bytes),
    });
    socket.start({
      onBytes: (bytes) => this.receive(bytes),
      onEnd: () => (this.ended ? socket.destroy() : this.finish(CLOSED)),
      onDrain: () => this.onDrain(),
      onClose: (error) => {
        this.stopLinger();
        this.finish(
          error === undefined ? CLOSED : { kind: "lost", error: undefined, text: error.message },
        );
      },
    });
  }

  get remote(): string {
    return this.socket.remote;
  }

  /** Bytes that the socket has not taken. */
  get pendingBytes(): number {
    return this.staged.bytes + this.queuedBytes + this.socket.pendingBytes;
  }

  /** Whether more may be sent than what must be: false until `onSendable`. */
  get takesBytes(): boolean {
    if (this.ended || this.end !== undefined || this.transport.exchangingKeys) return false;
    return this.pendingBytes < PENDING_MAX_BYTES;
  }

  /**
   * Pauses add up: reading goes on when each has been taken back. While keys are exchanged it is
   * read all the same, or two connections that wait for each other would never have new keys.
   */
  pause(): void {
    this.pauses++;
    this.pauseWhereAllowed();
  }

  resume(): void {
    this.pauses--;
    this.pauseWhereAllowed();
  }

  get paused(): boolean {
    return this.pauses > 0;
  }

  /** Sends a message behind all data before it. */
  send(payload: Uint8Array): void {
    this.staged.leave(this.transport);
    this.transport.send(payload);
  }

  /**
   * Sends a channel's data, at most one packet of it; small pieces of one read together. `head` is
   * the channel's own for this stream: its length is written into it.
   */
  sendData(head: Buffer, lengthAt: number, piece: Uint8Array, packetMaxBytes: number): void {
    if (this.ended) return;
    const { staged, transport } = this;
    if (piece.length > STAGED_PIECE_MAX_BYTES) {
      staged.leave(transport);
      head.writeUInt32BE(piece.length, lengthAt);
      transport.sendParts(head, piece);
    } else {
      if (!staged.add(head, lengthAt, piece, packetMaxBytes)) {
        staged.leave(transport);
        staged.add(head, lengthAt, piece, packetMaxBytes);
      }
      this.flushSoon();
    }
    // A socket that takes it now spares the sender from waiting with the rest of a read.
    if (this.queuedBytes >= PENDING_MAX_BYTES) this.flush();
  }

  /** DISCONNECT with its text, what is pending, and the end. */
  disconnect(reason: number, text: string, end?: ConnectionEnd): void {
    if (this.ended) return;
    this.staged.leave(this.transport);
    this.transport.disconnect(reason, text);
    this.close(end ?? { kind: "ended", error: undefined, text });
  }

  /** Closes at once. */
  destroy(): void {
    this.finish({ kind: "ended", error: undefined, text: "" });
  }

  onIdent(ident: string): void {
    this.handler.onIdent(ident);
  }

  onKeys(algorithms: AgreedAlgorithms): void {
    this.pauseWhereAllowed();
    this.handler.onKeys(algorithms);
    if (!this.ended) this.tellSendable();
  }

  onMessage(payload: Buffer): void {
    if (!this.ended) this.handler.onMessage(payload);
  }

  onDisconnect(_reason: number, text: string): void {
    this.finish({ kind: "disconnected", error: undefined, text });
  }

  onError(error: SshError): void {
    this.close({ kind: "protocol-error", error, text: error.message });
  }

  private receive(bytes: Uint8Array): void {
    if (this.ended) return;
    this.handler.onReceived();
    if (this.admit !== undefined) {
      this.beforeAdmission = [Buffer.from(bytes)];
      void this.waitForAdmission(this.admit);
    } else if (this.beforeAdmission !== undefined) {
      // Where a pause takes effect only after what was read already.
      this.beforeAdmission.push(Buffer.from(bytes));
    } else {
      this.read(bytes);
      if (this.pace.restsAfter(bytes.length)) this.rest();
    }
  }

  private rest(): void {
    if (this.ended || this.socketPaused) return;
    this.resting = true;
    this.pauseWhereAllowed();
    this.stopRest = after(this.clock, REST_MS, () => {
      this.resting = false;
      this.pauseWhereAllowed();
    });
  }

  private read(bytes: Uint8Array): void {
    try {
      this.transport.receive(bytes);
    } catch (thrown) {
      // A mistake of ours must not take the process, and the peer cannot go on either way.
      const isOurs = !(thrown instanceof SshError);
      const error = isOurs ? new SshError(DISCONNECT.byApplication, "internal error") : thrown;
      const text = error.message;
      const kind = isOurs ? "internal" : "protocol-error";
      this.disconnect(error.reason, text, { kind, error, text, cause: thrown });
    }
  }

  /** What came first is kept, one read of the socket, and nothing more is read meanwhile. */
  private async waitForAdmission(admit: () => Promise<boolean>): Promise<void> {
    this.admit = undefined;
    this.pauseWhereAllowed();
    const admitted = await admit().catch(() => false);
    const first = this.beforeAdmission ?? [];
    this.beforeAdmission = undefined;
    if (!admitted) return this.finish({ kind: "not-admitted", error: undefined, text: "" });
    this.pauseWhereAllowed();
    for (const bytes of first) if (!this.ended) this.read(bytes);
  }

  private pauseWhereAllowed(): void {
    const waits = this.pauses > 0 && !this.transport.exchangingKeys;
    const pause = waits || this.resting || this.beforeAdmission !== undefined;
    if (pause === this.socketPaused || this.ended) return;
    this.socketPaused = pause;
    if (pause) this.socket.pause();
    else this.socket.resume();
  }

  /** Room for the next packet, behind the one before. */
  private allocate(bytes: number): Buffer {
    if (this.chunk !== undefined && this.chunkBytes + bytes > this.memory.chunkBytes) this.flush();
    this.chunk ??= this.memory.take();
    return this.chunk.subarray(this.chunkBytes, this.chunkBytes + bytes);
  }

  private enqueue(bytes: Buffer): void {
    if (this.ended) return;
    // A key exchange may begin, and end, with any packet of ours.
    if (this.pauses > 0) this.pauseWhereAllowed();
    if (bytes.buffer === this.chunk?.buffer) this.chunkBytes += bytes.length;
    else this.queue.push(bytes);
    this.queuedBytes += bytes.length;
    this.flushSoon();
  }

  private flushSoon(): void {
    if (this.flushing) return;
    this.flushing = true;
    // Not at the end of the turn: others' key exchanges may stand before it.
    queueMicrotask(() => this.onFlushDue());
  }

  /** The socket has taken everything: the memory is ours again. */
  private onDrain(): void {
    for (const chunk of this.lent.splice(0)) this.memory.give(chunk);
    this.tellSendable();
  }

  private onFlushDue(): void {
    this.flushing = false;
    if (!this.ended) this.staged.leave(this.transport);
    this.flush();
    if (this.pendingBytes > UNREAD_MAX_BYTES) return this.cutUnread();
    this.tellSendable();
  }

  private cutUnread(): void {
    const text = `more than ${UNREAD_MAX_BYTES} bytes of answers were not read`;
    const error = new SshError(DISCONNECT.byApplication, text);
    this.disconnect(error.reason, text, { kind: "protocol-error", error, text });
  }

  /** Hands everything to the socket. */
  private flush(): void {
    if (this.ended || this.queuedBytes === 0) return;
    this.queuedBytes = 0;
    // Only the identification is laid out by itself, and it is the first of all.
    for (const piece of this.queue.splice(0)) this.socket.write(piece);
    const { chunk, chunkBytes } = this;
    this.chunk = undefined;
    this.chunkBytes = 0;
    if (chunk === undefined) return;
    const filled = chunk.subarray(0, chunkBytes);
    const isShort = chunkBytes <= COPY_MAX_BYTES;
    const taken = this.socket.write(isShort ? Buffer.from(filled) : filled);
    if (taken || isShort) this.memory.give(chunk);
    else this.lent.push(chunk);
  }

  private tellSendable(): void {
    if (this.takesBytes) this.handler.onSendable();
  }

  /** Sends what is pending, then the end; a peer that does not take it is cut by its time limit. */
  private close(end: ConnectionEnd): void {
    if (this.ended || this.end !== undefined) return;
    this.end = end;
    this.flush();
    this.socket.end();
    this.finish(end);
  }

  private finish(end: ConnectionEnd): void {
    if (this.ended) return;
    this.ended = true;
    this.stopRest();
    this.transport.close();
    this.staged.forget();
    this.queue.length = 0;
    if (this.chunk !== undefined) this.memory.give(this.chunk);
    this.chunk = undefined;
    // What was written before an `end()` still goes out; the peer closes, or the linger does.
    if (this.end === undefined) this.socket.destroy();
    else this.linger();
    this.handler.onEnd(this.end ?? end);
  }

  /** A peer that never closes its side would keep the socket for ever. */
  private linger(): void {
    if (this.socketPaused) this.socket.resume();
    this.stopLinger = after(this.clock, LINGER_MS, () => this.socket.destroy());
  }
}
