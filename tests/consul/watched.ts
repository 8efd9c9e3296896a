/** What a resolver says of one service, with every change and how long it took to come. */
import type { Resolution, Resolver, ResolverWatch } from "@holdfast/core";

/** A loaded machine may take many seconds for what takes one. */
const PATIENCE_MS = 30_000;

export class Watched implements Disposable {
  readonly changes: Resolution[] = [];
  private readonly watch: ResolverWatch;
  private readonly waiting = new Set<() => void>();

  constructor(resolver: Resolver, service: string) {
    this.watch = resolver.watch(service, (resolution) => {
      this.changes.push(resolution);
      for (const look of this.waiting) look();
    });
  }

  get current(): Resolution | undefined {
    return this.watch.current;
  }

  /** The ids of the instances, or undefined before the first list. */
  get ids(): readonly string[] | undefined {
    return this.current?.instances.map(({ id }) => id);
  }

  /** Resolves with the milliseconds until `isSo`, which is asked at each change. */
  until(what: string, isSo: (resolution: Resolution | undefined) => boolean): Promise<number> {
    const startMs = performance.now();
    return new Promise((resolve, reject) => {
      const settle = (done: () => void): void => {
        clearTimeout(timer);
        this.waiting.delete(look);
        done();
      };
      const look = (): void => {
        if (isSo(this.current)) settle(() => resolve(performance.now() - startMs));
      };
      const timer = setTimeout(() => {
        const said = JSON.stringify(this.current);
        settle(() => reject(new Error(`not in ${PATIENCE_MS} ms: ${what}; it says ${said}`)));
      }, PATIENCE_MS);
      this.waiting.add(look);
      look();
    });
  }

  /** Until the list has exactly these ids and the source answers. */
  untilIds(...ids: readonly string[]): Promise<number> {
    return this.until(
      `the list ${ids.join()}`,
      (now) => now?.stale === undefined && now?.instances.map(({ id }) => id).join() === ids.join(),
    );
  }

  untilStale(pattern: RegExp): Promise<number> {
    return this.until(`stale ${pattern.source}`, (now) => pattern.test(now?.stale ?? ""));
  }

  untilFresh(): Promise<number> {
    return this.until("an answer", (now) => now !== undefined && now.stale === undefined);
  }

  [Symbol.dispose](): void {
    this.watch.close();
  }
}
