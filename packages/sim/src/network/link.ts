/** One direction between two hosts: the faults set on it, and the pipes that run through it. */
import type { Pipe } from "./pipe.ts";
import { completeLinkOptions, type LinkOptions } from "./link-options.ts";

export class Link {
  readonly from: string;
  readonly to: string;
  private currentOptions: LinkOptions;
  private cut = false;
  private readonly pipes = new Set<Pipe>();

  constructor(from: string, to: string, options: LinkOptions) {
    this.from = from;
    this.to = to;
    this.currentOptions = options;
  }

  get options(): LinkOptions {
    return this.currentOptions;
  }

  /** Nothing arrives: chunks stall until it is healed, connections are not made. */
  get partitioned(): boolean {
    return this.cut;
  }

  set partitioned(cut: boolean) {
    this.cut = cut;
    if (!cut) for (const pipe of this.pipes) pipe.heal();
  }

  change(changes: Partial<LinkOptions>): void {
    this.currentOptions = completeLinkOptions(changes, this.currentOptions);
  }

  addPipe(pipe: Pipe): void {
    this.pipes.add(pipe);
  }

  removePipe(pipe: Pipe): void {
    this.pipes.delete(pipe);
  }
}
