/**
 * A socket behind its PROXY protocol header: to whoever uses it, a connection of the real client
 * that begins with the byte after the header.
 */
import { formatAddress, type ServiceError, type Socket, type SocketHandler } from "holdfast";
import { HeaderParser } from "./header-parser.ts";
import type { ProxyHeader } from "./header.ts";

/** What `ProxiedSocket` tells until its header is there; one of the two, once. */
export interface HeaderHandler {
  onHeader(header: ProxyHeader): void;
  /** The header was bad, or the connection ended before it was whole. */
  onFailure(error: ServiceError | undefined): void;
}

type Stage =
  | { readonly kind: "header"; readonly parser: HeaderParser; readonly handler: HeaderHandler }
  /** What came with the header waits until somebody takes it; the socket below is paused. */
  | { readonly kind: "held"; readonly bytes: Buffer[]; ended: boolean }
  | { readonly kind: "passing" }
  | { readonly kind: "failed" };

export class ProxiedSocket implements Socket {
  private readonly inner: Socket;
  private stage: Stage;
  private header: ProxyHeader | undefined = undefined;
  private handler: SocketHandler | undefined = undefined;
  private paused = false;
  private destroyed = false;
  /** The end came before there was a handler to be told. */
  private closed: { readonly error: ServiceError | undefined } | undefined = undefined;
  private drained = false;
  private deliveryAsked = false;

  /** Starts `inner` and reads its header. */
  constructor(inner: Socket, headerMaxBytes: number, handler: HeaderHandler) {
    this.inner = inner;
    this.stage = { kind: "header", parser: new HeaderParser(headerMaxBytes), handler };
    inner.start({
      onBytes: (bytes) => this.onBytes(bytes),
      onEnd: () => this.onEnd(),
      onDrain: () => this.onDrain(),
      onClose: (error) => this.onClose(error),
    });
  }

  /** The real client's address, as far as the header says one. */
  get remote(): string {
    return this.header?.kind === "proxied" ? formatAddress(this.header.source) : this.inner.remote;
  }

  /** This machine's end, whatever the client connected to. */
  get local(): string {
    return this.inner.local;
  }

  get peerSubject(): string | undefined {
    return this.inner.peerSubject;
  }

  get pendingBytes(): number {
    return this.inner.pendingBytes;
  }

  start(handler: SocketHandler): void {
    if (this.handler !== undefined) throw new Error("a socket is started once");
    this.handler = handler;
    this.askDelivery();
  }

  write(bytes: Uint8Array): boolean {
    return this.inner.write(bytes);
  }

  pause(): void {
    this.paused = true;
    if (this.stage.kind === "passing") this.inner.pause();
  }

  resume(): void {
    this.paused = false;
    if (this.stage.kind === "passing") this.inner.resume();
    else this.askDelivery();
  }

  end(): void {
    this.inner.end();
  }

  destroy(): void {
    this.destroyed = true;
    this.inner.destroy();
  }

  private onBytes(bytes: Uint8Array): void {
    const { stage } = this;
    switch (stage.kind) {
      case "header":
        this.readHeader(stage.parser, stage.handler, bytes);
        return;
      case "held":
        // Where a pause takes effect only after what was read already.
        stage.bytes.push(Buffer.from(bytes));
        return;
      case "passing":
        this.handler!.onBytes(bytes);
        return;
      case "failed":
    }
  }

  private readHeader(parser: HeaderParser, handler: HeaderHandler, bytes: Uint8Array): void {
    let step;
    try {
      step = parser.push(bytes);
    } catch (error) {
      this.fail(handler, error as ServiceError);
      return;
    }
    if (step.kind === "more") return;
    // The bytes are ours only during the call.
    const rest = Buffer.from(bytes.subarray(step.headerBytes));
    this.header = step.header;
    this.stage = { kind: "held", bytes: rest.length > 0 ? [rest] : [], ended: false };
    this.inner.pause();
    handler.onHeader(step.header);
  }

  private fail(handler: HeaderHandler, error: ServiceError | undefined): void {
    this.stage = { kind: "failed" };
    this.destroy();
    handler.onFailure(error);
  }

  private onEnd(): void {
    const { stage } = this;
    if (stage.kind === "header") this.fail(stage.handler, undefined);
    else if (stage.kind === "held") stage.ended = true;
    else if (stage.kind === "passing") this.handler!.onEnd();
  }

  private onDrain(): void {
    if (this.handler === undefined) this.drained = true;
    else this.handler.onDrain();
  }

  private onClose(error: ServiceError | undefined): void {
    const { stage } = this;
    if (stage.kind === "header") {
      this.stage = { kind: "failed" };
      stage.handler.onFailure(error);
      return;
    }
    this.closed = { error };
    if (this.handler === undefined) return;
    // What is held was never delivered, as with any socket that is closed while it is paused.
    this.stage = { kind: "passing" };
    this.handler.onClose(error);
  }

  /** Handlers are never called inside a call to the socket. */
  private askDelivery(): void {
    if (this.deliveryAsked || this.handler === undefined || this.stage.kind !== "held") return;
    this.deliveryAsked = true;
    queueMicrotask(() => {
      this.deliveryAsked = false;
      if (this.stage.kind === "held") this.deliver(this.stage, this.handler!);
    });
  }

  private deliver(stage: Extract<Stage, { kind: "held" }>, handler: SocketHandler): void {
    if (this.closed !== undefined) {
      this.stage = { kind: "passing" };
      handler.onClose(this.closed.error);
      return;
    }
    if (this.drained) {
      this.drained = false;
      handler.onDrain();
    }
    while (!this.paused && !this.destroyed) {
      const bytes = stage.bytes.shift();
      if (bytes === undefined) break;
      handler.onBytes(bytes);
    }
    if (this.paused || this.destroyed) return;
    this.stage = { kind: "passing" };
    if (stage.ended) handler.onEnd();
    if (!this.paused) this.inner.resume();
  }
}
