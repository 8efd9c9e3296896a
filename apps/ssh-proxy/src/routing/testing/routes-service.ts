/**
 * A service of routes on the loopback whose answers the test gives, and a router that asks it. The
 * router's time is the test's; the sockets are real.
 */
import {
  type Address,
  type Context,
  createContext,
  createServer,
  ManualClock,
  MemoryLogger,
  type Network,
  SeededRandom,
  type Server,
  silentLogger,
  SystemClock,
  systemRandom,
  TcpNetwork,
} from "holdfast";
import {
  type FindRouteReply,
  type FindRouteRequest,
  SshRoutes,
  type SshRoutesHandler,
} from "../../gen/routes.ts";
import type { ThriftRouterOptions } from "../thrift-router/options.ts";
import { createThriftRouter, type ThriftRouter } from "../thrift-router/thrift-router.ts";

export type AnswerRoute = (request: FindRouteRequest) => FindRouteReply | Promise<FindRouteReply>;

/** Answers as the test says, and keeps what it was asked. */
class Answering implements SshRoutesHandler {
  readonly asked: FindRouteRequest[] = [];
  answer: AnswerRoute = () => Promise.reject(new Error("the test gave no answer"));

  async findRoute(_context: Context, request: FindRouteRequest): Promise<FindRouteReply> {
    this.asked.push(request);
    return await this.answer(request);
  }
}

export class RoutesService implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly logger = new MemoryLogger();
  readonly router: ThriftRouter;
  private readonly handler: Answering;
  private readonly server: Server<SshRoutesHandler>;

  private constructor(
    handler: Answering,
    server: Server<SshRoutesHandler>,
    at: { readonly network: Network; readonly address: Address },
    options: Partial<ThriftRouterOptions>,
  ) {
    this.handler = handler;
    this.server = server;
    const { clock, logger } = this;
    const { network, address } = at;
    const runtime = { clock, random: new SeededRandom(1), network, logger };
    this.router = createThriftRouter({ runtime, at: { address }, options });
  }

  static async start(options: Partial<ThriftRouterOptions> = {}): Promise<RoutesService> {
    const clock = new SystemClock();
    const network = new TcpNetwork(clock);
    const handler = new Answering();
    const server = createServer<SshRoutesHandler>({
      ...{ definition: SshRoutes, handler },
      runtime: { clock, random: systemRandom(), network, logger: silentLogger },
    });
    const address = await server.listen({ kind: "tcp", host: "127.0.0.1", port: 0 });
    return new RoutesService(handler, server, { network, address }, options);
  }

  get asked(): FindRouteRequest[] {
    return this.handler.asked;
  }

  set answer(answer: AnswerRoute) {
    this.handler.answer = answer;
  }

  context(): Context {
    return createContext({ clock: this.clock });
  }

  /** No more answers: as if the service were gone. */
  stop(): Promise<void> {
    return this.server.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.router.close();
    await this.server.stop();
  }
}
