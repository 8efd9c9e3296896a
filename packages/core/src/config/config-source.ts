/**
 * Where live configuration comes from: a set of documents, each under a path, and every new
 * version of it. A source that is lost keeps its last documents and says how old they are: old
 * settings are better than none.
 */

/** What a source knows at one moment. */
export interface ConfigSnapshot {
  /**
   * Names this version of the documents: two snapshots of a source with the same revision have the
   * same documents. A store's own number where there is one, else a hash.
   */
  readonly revision: string;
  /** The text of each document by its path below the source's root, such as `feed/history/Get`. */
  readonly entries: ReadonlyMap<string, string>;
  /** When the source last confirmed that this is what it has, on the clock's `nowMs()` scale. */
  readonly confirmedMs: number;
  /** Why it may be out of date; undefined while the source answers. */
  readonly stale: string | undefined;
}

export interface ConfigWatch {
  /** What is known now; undefined until the first snapshot has come. */
  readonly current: ConfigSnapshot | undefined;
  /** No listener is called after this. */
  close(): void;
}

export interface ConfigSource {
  /** For an operator, such as `etcd 127.0.0.1:2379` or `file live.json`. */
  readonly name: string;
  /**
   * Calls `listener` with the first snapshot as soon as there is one, with every one whose revision
   * differs from the one before, and when the source is lost or found again. Never throws: what
   * goes wrong is in `stale` and in the log.
   */
  watch(listener: (snapshot: ConfigSnapshot) => void): ConfigWatch;
}
