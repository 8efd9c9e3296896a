/**
 * A service of accounts on the loopback whose answers the test gives, and a directory that asks it.
 * The directory's time is the test's; the sockets are real.
 */
import {
  type Address,
  type Context,
  createContext,
  createObservers,
  createServer,
  ManualClock,
  MemoryLogger,
  type Network,
  type Observers,
  SeededRandom,
  type Server,
  silentLogger,
  SystemClock,
  systemRandom,
  TcpNetwork,
} from "holdfast";
import {
  Accounts,
  type AccountsHandler,
  type FindRequest,
  type FindResult,
} from "../../gen/accounts.ts";
import type { ThriftAccountsOptions } from "../thrift-accounts/options.ts";
import { createThriftAccounts, type ThriftAccounts } from "../thrift-accounts/thrift-accounts.ts";

export type AnswerFind = (request: FindRequest) => FindResult | Promise<FindResult>;

/** Turns of the event loop, far more than anything takes here. */
const ROUNDS_MAX = 100_000;

/** Answers as the test says, and keeps what it was asked. */
class Answering implements AccountsHandler {
  readonly asked: FindRequest[] = [];
  answer: AnswerFind = () => Promise.reject(new Error("the test gave no answer"));

  async find(_context: Context, request: FindRequest): Promise<FindResult> {
    this.asked.push(request);
    return await this.answer(request);
  }
}

export class AccountsService implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly logger = new MemoryLogger();
  readonly observers: Observers;
  readonly directory: ThriftAccounts;
  private readonly handler: Answering;
  private readonly server: Server<AccountsHandler>;

  private constructor(
    handler: Answering,
    server: Server<AccountsHandler>,
    at: { readonly network: Network; readonly address: Address },
    options: Partial<ThriftAccountsOptions>,
  ) {
    this.handler = handler;
    this.server = server;
    const { clock, logger } = this;
    const { network, address } = at;
    const runtime = { clock, random: new SeededRandom(1), network, logger };
    this.observers = createObservers(runtime);
    const { observers } = this;
    this.directory = createThriftAccounts({ runtime, at: { address }, observers, options });
  }

  static async start(options: Partial<ThriftAccountsOptions> = {}): Promise<AccountsService> {
    const clock = new SystemClock();
    const network = new TcpNetwork(clock);
    const handler = new Answering();
    const server = createServer<AccountsHandler>({
      ...{ definition: Accounts, handler },
      runtime: { clock, random: systemRandom(), network, logger: silentLogger },
    });
    const address = await server.listen({ kind: "tcp", host: "127.0.0.1", port: 0 });
    return new AccountsService(handler, server, { network, address }, options);
  }

  get asked(): FindRequest[] {
    return this.handler.asked;
  }

  set answer(answer: AnswerFind) {
    this.handler.answer = answer;
  }

  context(): Context {
    return createContext({ clock: this.clock });
  }

  /** Until the service has been asked so often. */
  async wasAsked(count: number): Promise<void> {
    for (let round = 0; this.asked.length < count; round++) {
      if (round > ROUNDS_MAX) throw new Error(`asked ${this.asked.length} times, not ${count}`);
      await this.clock.advanceAndSettle(0);
    }
  }

  /** What comes of it; time goes on meanwhile, for whatever is tried again. */
  async outcome<Value>(asking: Promise<Value>): Promise<Value> {
    let over = false;
    const watched = asking.finally(() => {
      over = true;
    });
    watched.catch(() => undefined);
    for (let round = 0; !over; round++) {
      if (round > ROUNDS_MAX) throw new Error("nothing comes of it");
      await this.clock.advanceAndSettle(1);
    }
    return await watched;
  }

  /** No more answers: as if the service were gone. */
  stop(): Promise<void> {
    return this.server.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.directory.stop();
    await this.server.stop();
  }
}
