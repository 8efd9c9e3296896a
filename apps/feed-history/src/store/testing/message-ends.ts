/** The channel between a process and its child, within one process. */
import { EventEmitter } from "node:events";
import type { MessageEnd } from "../lmdb/writer/process-channel.ts";

export interface TestEnd extends MessageEnd {
  /** Both ends hear of it, as when one of the processes dies. */
  disconnect(): void;
}

/** What one end sends the other receives, copied, in a later turn. */
export function connectedEnds(): readonly [TestEnd, TestEnd] {
  const one = new End();
  const other = new End();
  one.peer = other;
  other.peer = one;
  return [one, other];
}

class End extends EventEmitter implements TestEnd {
  connected = true;
  peer: End = this;

  send(message: unknown): boolean {
    const copy: unknown = structuredClone(message);
    setImmediate(() => this.peer.emit("message", copy));
    return true;
  }

  disconnect(): void {
    for (const end of [this, this.peer]) {
      end.connected = false;
      end.emit("disconnect");
    }
  }
}
