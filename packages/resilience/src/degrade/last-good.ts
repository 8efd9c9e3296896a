/** The last good replies of a method by what was asked: bounded in number and in age. */

interface GoodReply<Reply> {
  reply: Reply;
  /** On the scale of whoever keeps it. */
  atMs: number;
}

/** A longer key would make the keys larger than what they stand for. */
const KEY_MAX_LENGTH = 1_000;

export class LastGood<Reply> {
  private readonly repliesMax: number;
  /** In the order of keeping: the first is the oldest. */
  private readonly replies = new Map<string, GoodReply<Reply>>();

  constructor(repliesMax: number) {
    this.repliesMax = repliesMax;
  }

  get size(): number {
    return this.replies.size;
  }

  keep(key: string, reply: Reply, nowMs: number): void {
    if (key.length > KEY_MAX_LENGTH) return;
    const known = this.replies.get(key) ?? { reply, atMs: nowMs };
    known.reply = reply;
    known.atMs = nowMs;
    this.replies.delete(key);
    this.replies.set(key, known);
    if (this.replies.size <= this.repliesMax) return;
    for (const oldest of this.replies.keys()) {
      this.replies.delete(oldest);
      return;
    }
  }

  /** Undefined when there is none, or it is older than `ageMaxMs`, and then it is forgotten. */
  find(key: string, ageMaxMs: number, nowMs: number): Readonly<GoodReply<Reply>> | undefined {
    const found = this.replies.get(key);
    if (found === undefined || nowMs - found.atMs <= ageMaxMs) return found;
    this.replies.delete(key);
    return undefined;
  }
}
