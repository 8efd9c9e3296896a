/** A process' live configuration on etcd, of which a test waits for what it comes to know. */
import {
  type ConfigSnapshot,
  type ConfigSource,
  createContext,
  LiveConfig,
  type LiveOptions,
  type LiveSchema,
  MemoryLogger,
  type SourceState,
  SystemClock,
  systemRandom,
} from "@holdfast/core";
import { type EtcdConfigOptions, EtcdConfigSource } from "@holdfast/adapters/etcd";

export interface TriesLive {
  readonly triesMax: number;
}

export const TRIES_LIVE: LiveSchema<TriesLive> = {
  policy: "retry",
  fields: { triesMax: { kind: "number", unit: "tries", min: 1, max: 1_000_000, whole: true } },
};

export const KEY = { caller: "feed", callee: "history", method: "Get" };
const TRIES_DEFAULT: TriesLive = { triesMax: 0 };
/** The machine may be busy; what is tested is that it happens, and where it says so how soon. */
const PATIENCE_MS = 30_000;

export class WatchedConfig implements Disposable {
  readonly clock = new SystemClock();
  readonly logger = new MemoryLogger();
  readonly live: LiveOptions<TriesLive>;
  readonly config: LiveConfig;
  private readonly waiters = new Set<() => void>();

  constructor(options: Partial<EtcdConfigOptions>) {
    const { clock, logger } = this;
    const parts = { clock, random: systemRandom(), logger };
    const etcd = new EtcdConfigSource(parts, { checkMs: 500, requestTimeoutMs: 1_000, ...options });
    const source: ConfigSource = {
      name: etcd.name,
      watch: (listener) =>
        etcd.watch((snapshot: ConfigSnapshot) => {
          listener(snapshot);
          for (const waiter of [...this.waiters]) waiter();
        }),
    };
    this.config = new LiveConfig({ sources: [source], schemas: [TRIES_LIVE], clock, logger });
    this.live = this.config.options(TRIES_LIVE, TRIES_DEFAULT);
  }

  static async start(options: Partial<EtcdConfigOptions>): Promise<WatchedConfig> {
    const watched = new WatchedConfig(options);
    await watched.config.start(createContext({ clock: watched.clock }).withTimeout(PATIENCE_MS));
    return watched;
  }

  get tries(): number {
    return this.live.of(KEY).triesMax;
  }

  get source(): SourceState {
    return this.config.snapshot().sources[0]!;
  }

  /** Resolves as soon as this many tries are in effect; with how long that took, in ms. */
  async untilTries(tries: number): Promise<number> {
    return this.until(`${tries} tries`, () => this.tries === tries);
  }

  async untilStale(reason: RegExp): Promise<number> {
    return this.until(`stale ${reason}`, () => reason.test(this.source.stale ?? ""));
  }

  async untilLogged(message: string): Promise<number> {
    const logged = (): boolean => this.logger.lines.some((line) => line.message === message);
    return this.until(message, logged);
  }

  async untilFresh(): Promise<number> {
    return this.until("not stale", () => this.source.stale === undefined);
  }

  [Symbol.dispose](): void {
    this.config.stop();
  }

  private until(what: string, condition: () => boolean): Promise<number> {
    const startMs = this.clock.nowMs();
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.waiters.delete(look);
        clearTimeout(timer);
        clearInterval(looking);
      };
      const look = (): void => {
        if (!condition()) return;
        settle();
        resolve(this.clock.nowMs() - startMs);
      };
      const timer = setTimeout(() => {
        settle();
        const state = JSON.stringify({ tries: this.tries, source: this.source });
        reject(new Error(`not within ${PATIENCE_MS} ms: ${what}; ${state}`));
      }, PATIENCE_MS);
      // The reason of an outage may change without a word.
      const looking = setInterval(look, 50);
      this.waiters.add(look);
      look();
    });
  }
}
