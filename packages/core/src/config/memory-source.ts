/**
 * Documents that stand in the program: settings that never change, and the source that a test
 * holds in its hand.
 */
import type { Clock } from "../time/clock.ts";
import type { ConfigSnapshot, ConfigSource, ConfigWatch } from "./config-source.ts";

/** By path; a text is taken as it is, anything else as the JSON of it. */
export type ConfigDocuments = Readonly<Record<string, unknown>>;

export class MemoryConfigSource implements ConfigSource {
  readonly name: string;
  private readonly clock: Clock;
  private readonly listeners = new Set<(snapshot: ConfigSnapshot) => void>();
  private snapshot: ConfigSnapshot | undefined = undefined;
  private revision = 0;

  /** Without documents it is a source that has not answered yet. */
  constructor(clock: Clock, documents?: ConfigDocuments, name: string = "memory") {
    this.clock = clock;
    this.name = name;
    if (documents !== undefined) this.replace(documents);
  }

  watch(listener: (snapshot: ConfigSnapshot) => void): ConfigWatch {
    // A function of its own: the same listener may watch twice, and leave once.
    const own = (snapshot: ConfigSnapshot): void => listener(snapshot);
    this.listeners.add(own);
    const current = (): ConfigSnapshot | undefined => this.current();
    const first = current();
    if (first !== undefined) own(first);
    return {
      get current() {
        return current();
      },
      close: () => void this.listeners.delete(own),
    };
  }

  /** A new revision with these documents and no others. */
  replace(documents: ConfigDocuments): void {
    this.revision++;
    const entries = new Map<string, string>();
    for (const [path, document] of Object.entries(documents)) {
      entries.set(path, typeof document === "string" ? document : JSON.stringify(document));
    }
    this.tell({
      revision: String(this.revision),
      entries,
      confirmedMs: this.clock.nowMs(),
      stale: undefined,
    });
  }

  /** As when a store cannot be reached: the documents stay, and grow old. */
  lose(reason: string): void {
    const known = this.current();
    if (known !== undefined) this.tell({ ...known, stale: reason });
  }

  find(): void {
    const known = this.snapshot;
    if (known === undefined) return;
    this.tell({ ...known, stale: undefined, confirmedMs: this.clock.nowMs() });
  }

  private current(): ConfigSnapshot | undefined {
    const known = this.snapshot;
    if (known === undefined || known.stale !== undefined) return known;
    // What stands in the program is confirmed whenever somebody looks.
    return { ...known, confirmedMs: this.clock.nowMs() };
  }

  private tell(snapshot: ConfigSnapshot): void {
    this.snapshot = snapshot;
    for (const listener of [...this.listeners]) listener(snapshot);
  }
}
