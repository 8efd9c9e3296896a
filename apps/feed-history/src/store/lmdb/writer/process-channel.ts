/**
 * The writer in another process: the one that owns the store and started this one. Groups and
 * answers go over the channel that Node keeps between a process and its child.
 */
import type { WriterChannel, WriterListener, WriterReply, WriterRequest } from "./messages.ts";

/** One end of that channel: `process` in the child, the ChildProcess in its parent. */
export interface MessageEnd {
  readonly connected?: boolean | undefined;
  send?(message: unknown, onSent?: (error: Error | null) => void): boolean;
  on(event: "message", listener: (message: unknown) => void): unknown;
  on(event: "disconnect", listener: () => void): unknown;
}

/** A message of the store among the others on the channel. */
export interface StoreMessage<Content> {
  readonly store: Content;
}

export class ProcessChannel implements WriterChannel {
  readonly #end: MessageEnd;
  #listener: WriterListener | undefined;

  constructor(end: MessageEnd) {
    this.#end = end;
  }

  listen(listener: WriterListener): void {
    this.#listener = listener;
    this.#end.on("message", (message) => {
      const reply = (message as Partial<StoreMessage<WriterReply>>).store;
      if (reply !== undefined) listener.onReply(reply);
    });
    this.#end.on("disconnect", () => listener.onEnd("the process that owns the store is gone"));
    // It answers when it is open and holds still.
    this.#post({ opens: true });
  }

  send(request: WriterRequest): void {
    // Only the owning process has holds to send.
    if (!("hold" in request)) this.#post(request);
  }

  opened(): void {
    this.#post({ opens: false });
  }

  abandon(): void {
    this.#listener?.onEnd("the writer was left");
  }

  #post(request: ProcessRequest): void {
    // A failure is followed by `disconnect`, which ends everything that waits.
    if (this.#end.connected) sendTo(this.#end, { store: request });
  }
}

/** What goes to the owning process: it is also told when this one is about to open the files. */
export type ProcessRequest =
  Exclude<WriterRequest, { readonly hold: boolean }> | { readonly opens: boolean };

/** A message to a process that is just ending is lost, and so is the process. */
export function sendTo(end: MessageEnd, message: StoreMessage<ProcessRequest | WriterReply>): void {
  end.send?.(message, () => undefined);
}
