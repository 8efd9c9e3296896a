/**
 * ⑧ One write per connection and turn: whoever has something to send gets a buffer, and when all
 * that is ready in this turn of the event loop has run, every such buffer is sent.
 */
import type { Clock } from "@holdfast/core";
import { BinaryWriter } from "@holdfast/thrift";

/** A connection as far as sending goes. */
export interface Sender {
  /** What is to be sent at the end of this turn; undefined when there is nothing. */
  output: BinaryWriter | undefined;
  /** Sends the output and gives it back. */
  flush(): void;
}

/** Buffers kept for the next turn, and how large one may be to be kept. */
const SPARE_MAX = 256;
const SPARE_MAX_BYTES = 256 * 1024;
const FRESH_BYTES = 4096;

export class TurnWriter {
  private readonly clock: Clock;
  private readonly spare: BinaryWriter[] = [];
  private senders: Sender[] = [];
  private readonly flushAll = (): void => this.flush();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  outputOf(sender: Sender): BinaryWriter {
    if (sender.output !== undefined) return sender.output;
    const output = this.spare.pop() ?? new BinaryWriter(FRESH_BYTES);
    sender.output = output;
    if (this.senders.length === 0) this.clock.afterTurn(this.flushAll);
    this.senders.push(sender);
    return output;
  }

  /** `taken`: the memory is ours again; otherwise it is the socket's, and fresh one is taken. */
  giveBack(output: BinaryWriter, taken: boolean): void {
    const keep = this.spare.length < SPARE_MAX && output.buffer.length <= SPARE_MAX_BYTES;
    if (!keep) return;
    if (taken) output.offset = 0;
    else output.replaceMemory(FRESH_BYTES);
    this.spare.push(output);
  }

  private flush(): void {
    const { senders } = this;
    this.senders = [];
    for (const sender of senders) sender.flush();
  }
}
