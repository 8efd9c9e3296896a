/** An instance of FeedHistory that passes each call on to a real one, until it is told to fail. */
import {
  type ClientHandle,
  createClient,
  createServer,
  formatAddress,
  parseAddress,
  type Runtime,
  type Server,
} from "holdfast";
import {
  FeedHistory,
  type FeedHistoryClient,
  type FeedHistoryHandler,
} from "./gen/feed_history.ts";

export class BreakableInstance implements AsyncDisposable {
  address = "";
  broken = false;
  /** Calls that it has failed. */
  failures = 0;
  private readonly client: ClientHandle<FeedHistoryClient>;
  private readonly server: Server<FeedHistoryHandler>;

  private constructor(runtime: Runtime, target: string) {
    this.client = createClient({
      definition: FeedHistory,
      address: parseAddress(target)!,
      runtime,
      policies: { retry: { triesMax: 1 }, hedge: { enabled: false }, breaker: { mode: "off" } },
    });
    const { calls } = this.client;
    this.server = createServer({
      definition: FeedHistory,
      runtime,
      handler: {
        setHistory: (context, request) => this.pass(() => calls.setHistory(context, request)),
        getHistoryByRange: (context, request) =>
          this.pass(() => calls.getHistoryByRange(context, request)),
      },
    });
  }

  /** `target` is where a real one answers. */
  static async start(runtime: Runtime, target: string): Promise<BreakableInstance> {
    const instance = new BreakableInstance(runtime, target);
    const address = await instance.server.listen({ kind: "tcp", host: "127.0.0.1", port: 0 });
    instance.address = formatAddress(address);
    return instance;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
    this.client.close();
  }

  private pass<Reply>(call: () => Promise<Reply>): Promise<Reply> {
    if (!this.broken) return call();
    this.failures++;
    return Promise.reject(new Error("this instance is out of order"));
  }
}
