/**
 * Group commit: while one group of sets is on its way to the disk, the next one gathers. So the
 * groups grow with the load and nobody waits for a timer.
 */
import { StoreError } from "../../store-error.ts";
import type { WriterChannel, WriterReply, WriterStats } from "./messages.ts";
import { SetGroup, type WaitingSet } from "./set-group.ts";

/** What the group commit is told by the store. */
export interface GroupCommitHooks {
  /** Runs a task once the present turn of the event loop has read what there was to read. */
  readonly soon: (task: () => void) => void;
  /** Called after every commit, before those who wait for it are told. */
  readonly onCommit: () => void;
}

export class GroupCommit {
  /** As of the last answer; set from the first one on. */
  writerStats: WriterStats | undefined;
  readonly #channel: WriterChannel;
  readonly #pendingMaxBytes: number;
  readonly #hooks: GroupCommitHooks;
  readonly #next = new SetGroup();
  #opening: PromiseWithResolvers<void> | undefined = Promise.withResolvers();
  #closing: PromiseWithResolvers<void> | undefined;
  #closeSent = false;
  /** What the writer has been asked and not answered: one thing at a time. */
  #underWay: "opening" | "group" | "hold" | "release" | undefined = "opening";
  /** Those who wait for the group on its way. */
  #committing: readonly WaitingSet[] = [];
  #soonAsked = false;
  /** Those who want the writer to hold still, and how many it holds still for. */
  readonly #holdsAsked: PromiseWithResolvers<() => void>[] = [];
  #holders = 0;
  /** Why no set can be taken any more. */
  #broken: StoreError | undefined;

  private constructor(channel: WriterChannel, pendingMaxBytes: number, hooks: GroupCommitHooks) {
    this.#channel = channel;
    this.#pendingMaxBytes = pendingMaxBytes;
    this.#hooks = hooks;
    channel.listen({
      onReply: (reply) => this.#receive(reply),
      onEnd: (reason) => this.#end(reason),
    });
  }

  /** Rejects when the writer cannot open the store. */
  static async start(
    channel: WriterChannel,
    pendingMaxBytes: number,
    hooks: GroupCommitHooks,
  ): Promise<GroupCommit> {
    const commit = new GroupCommit(channel, pendingMaxBytes, hooks);
    await commit.#opening?.promise;
    return commit;
  }

  get pendingBytes(): number {
    return this.#next.bytes;
  }

  /** Nothing will be committed any more. */
  get isBroken(): boolean {
    return this.#broken !== undefined;
  }

  /** Resolves when the items, at least one and checked, are durable. */
  add(userId: bigint, items: readonly Uint8Array[]): Promise<number> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const done = this.#next.add(userId, items);
    this.#sendSoon();
    return done;
  }

  /** The same for a group that has gathered in another process. */
  addEntry(entry: Uint8Array): Promise<unknown> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const done = this.#next.addEntry(entry);
    this.#sendSoon();
    return done;
  }

  /**
   * Resolves when nothing is being written, and nothing will be until the function it resolves
   * with is called, once.
   */
  hold(): Promise<() => void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    const hold = Promise.withResolvers<() => void>();
    this.#holdsAsked.push(hold);
    if (this.#holders > 0) this.#grantHolds();
    else this.#send();
    return hold.promise;
  }

  /** Commits what waits, then ends the writer, or takes leave of it. */
  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = Promise.withResolvers();
      if (this.#broken === undefined) this.#send();
      else this.#channel.abandon();
    }
    return this.#closing.promise;
  }

  #refusal(): StoreError | undefined {
    if (this.#broken !== undefined) return this.#broken;
    if (this.#closing !== undefined) return new StoreError("unavailable", "the store is closed");
    if (this.#next.bytes < this.#pendingMaxBytes) return undefined;
    const waiting = `${this.#next.bytes} bytes of sets wait already`;
    return new StoreError("unavailable", `${waiting}; at most ${this.#pendingMaxBytes} may`);
  }

  /** Sends once per turn: the sets that arrived together go together. */
  #sendSoon(): void {
    if (this.#soonAsked || this.#underWay !== undefined) return;
    this.#soonAsked = true;
    this.#hooks.soon(() => {
      this.#soonAsked = false;
      this.#send();
    });
  }

  #send(): void {
    const isBusy = this.#underWay !== undefined || this.#holders > 0;
    if (isBusy || this.#broken !== undefined) return;
    if (this.#holdsAsked.length > 0) {
      this.#underWay = "hold";
      this.#channel.send({ hold: true });
    } else if (!this.#next.isEmpty) {
      const { entry, waiting } = this.#next.take();
      this.#underWay = "group";
      this.#committing = waiting;
      this.#channel.send({ group: entry });
    } else if (this.#closing !== undefined && !this.#closeSent) {
      this.#closeSent = true;
      this.#channel.send({ close: true });
    }
  }

  #receive(reply: WriterReply): void {
    if (reply.kind === "closed") {
      this.#closing?.resolve();
    } else if (reply.kind === "failed") {
      this.#fail(new StoreError(reply.code, reply.message), reply.broken);
    } else {
      this.writerStats = reply.stats;
      this.#hooks.onCommit();
      if (reply.kind === "done") this.#finish();
    }
  }

  /** What was under way is done. */
  #finish(): void {
    this.#opening?.resolve();
    this.#opening = undefined;
    if (this.#underWay === "hold") this.#grantHolds();
    this.#underWay = undefined;
    for (const set of this.#takeCommitting()) set.resolve(set.items);
    this.#sendNext();
  }

  #grantHolds(): void {
    const holds = this.#holdsAsked.splice(0);
    this.#holders += holds.length;
    for (const hold of holds) hold.resolve(() => this.#releaseHold());
  }

  #releaseHold(): void {
    this.#holders -= 1;
    if (this.#holders > 0 || this.#broken !== undefined) return;
    this.#underWay = "release";
    this.#channel.send({ hold: false });
  }

  #fail(error: StoreError, broken: boolean): void {
    this.#opening?.reject(error);
    this.#underWay = undefined;
    for (const set of this.#takeCommitting()) set.reject(error);
    if (!broken) {
      this.#sendNext();
      return;
    }
    this.#broken = error;
    for (const set of this.#next.take().waiting) set.reject(error);
    for (const hold of this.#holdsAsked.splice(0)) hold.reject(error);
    if (this.#closing !== undefined) this.#channel.abandon();
  }

  #sendNext(): void {
    if (this.#closing !== undefined || this.#holdsAsked.length > 0) this.#send();
    else if (!this.#next.isEmpty) this.#sendSoon();
  }

  /** Nobody waits for an answer that will not come. */
  #end(reason: string): void {
    if (!this.#closeSent && this.#broken === undefined) {
      const message = `no sets are taken until a restart: ${reason}`;
      this.#fail(new StoreError("unavailable", message), true);
    }
    this.#closing?.resolve();
  }

  #takeCommitting(): readonly WaitingSet[] {
    const waiting = this.#committing;
    this.#committing = [];
    return waiting;
  }
}
