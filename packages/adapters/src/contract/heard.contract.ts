/** What one listener of a resolver heard, and a way to wait for the next. */
import type { Resolution } from "@holdfast/core";

/** A loaded machine may take many seconds for what takes none. */
const PATIENCE_MS = 20_000;

export class Heard {
  readonly all: Resolution[] = [];
  private readonly waiting = new Set<() => void>();

  readonly listener = (resolution: Resolution): void => {
    this.all.push(resolution);
    for (const look of this.waiting) look();
  };

  get last(): Resolution | undefined {
    return this.all.at(-1);
  }

  /** The ids of each list that was heard, in order. */
  get lists(): string[] {
    return this.all.map(({ instances }) => instances.map(({ id }) => id).join());
  }

  /** Resolves when what was heard last is so, at once if it is. */
  until(what: string, isSo: (last: Resolution) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (done: () => void): void => {
        clearTimeout(timer);
        this.waiting.delete(look);
        done();
      };
      const look = (): void => {
        if (this.last !== undefined && isSo(this.last)) settle(resolve);
      };
      const timer = setTimeout(() => {
        const message = `never heard ${what}; last: ${JSON.stringify(this.last)}`;
        settle(() => reject(new Error(message)));
      }, PATIENCE_MS);
      this.waiting.add(look);
      look();
    });
  }

  untilIds(...ids: readonly string[]): Promise<void> {
    const wanted = ids.toSorted().join();
    return this.until(`the list ${wanted}`, ({ instances, stale }) => {
      const seen = instances.map(({ id }) => id).toSorted();
      return stale === undefined && seen.join() === wanted;
    });
  }
}
