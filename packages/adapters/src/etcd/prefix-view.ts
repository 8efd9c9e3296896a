/**
 * What is known of the keys below one prefix: from a whole reading and the events after it. Events
 * may come twice or late; a key only ever goes forward.
 */
import type { KeyValue, RangeReply, WatchEvent } from "./gateway-message.ts";

export class PrefixView {
  private readonly prefix: string;
  private readonly keys = new Map<string, KeyValue>();
  private clusterId = "";
  private at = 0;
  private confirmed = 0;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /** Of the last change that is known, or of the reading. */
  get revision(): number {
    return this.at;
  }

  /** The newest revision of the store at which nothing else was there. */
  get confirmedRevision(): number {
    return Math.max(this.at, this.confirmed);
  }

  /** Takes a whole reading; whether anything is different now. */
  replace(reply: RangeReply): boolean {
    const changed =
      reply.clusterId !== this.clusterId ||
      reply.keyValues.length !== this.keys.size ||
      reply.keyValues.some(({ key, modRevision }) => {
        return this.keys.get(key)?.modRevision !== modRevision;
      });
    this.keys.clear();
    for (const keyValue of reply.keyValues) this.keys.set(keyValue.key, keyValue);
    this.clusterId = reply.clusterId;
    this.at = reply.revision;
    this.confirmed = reply.revision;
    return changed;
  }

  /** Takes events; whether anything is different now. */
  apply(events: readonly WatchEvent[]): boolean {
    let changed = false;
    for (const { kind, keyValue } of events) {
      const { key, modRevision } = keyValue;
      // It came before the reading, which has it.
      if (modRevision <= this.at) continue;
      if (kind === "put") this.keys.set(key, keyValue);
      else this.keys.delete(key);
      changed = true;
    }
    for (const { keyValue } of events) this.at = Math.max(this.at, keyValue.modRevision);
    return changed;
  }

  /**
   * Whether a reading of the newest key and the number of keys shows just what is known; then all
   * up to its revision is. A store whose past is another one (restored, exchanged) does not.
   */
  confirms(newest: RangeReply): boolean {
    const newestRevision = newest.keyValues[0]?.modRevision ?? 0;
    const same =
      newest.clusterId === this.clusterId &&
      newest.revision >= this.at &&
      newest.count === this.keys.size &&
      newestRevision === this.newestRevision();
    if (same) this.confirmed = Math.max(this.confirmed, newest.revision);
    return same;
  }

  /** By what stands behind the prefix. */
  entries(): ReadonlyMap<string, string> {
    return new Map(
      [...this.keys.values()].map(({ key, value }) => [key.slice(this.prefix.length), value]),
    );
  }

  private newestRevision(): number {
    let newest = 0;
    for (const { modRevision } of this.keys.values()) newest = Math.max(newest, modRevision);
    return newest;
  }
}
