/** For tests: one session with the echo worker, and clients that have sessions without pause. */
import { connect, type Socket } from "node:net";

export class EchoSession {
  /** Which version serves it, and in which process. */
  version = "";
  pid = 0;
  private readonly socket: Socket;
  private text = "";
  private failure: Error | undefined = undefined;
  private ended = false;
  private wake: () => void = () => undefined;

  private constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.socket.setEncoding("utf8");
    this.socket.on("data", (text: string) => {
      this.text += text;
      this.wake();
    });
    this.socket.on("error", (error) => {
      this.failure = error;
      this.wake();
    });
    for (const event of ["end", "close"]) {
      this.socket.on(event, () => {
        this.ended = true;
        this.wake();
      });
    }
  }

  /** Resolves when the worker has said who it is; rejects when the session is refused or breaks. */
  static async open(port: number): Promise<EchoSession> {
    const session = new EchoSession(port);
    const [version = "", pid] = (await session.line()).split(" ");
    session.version = version;
    session.pid = Number(pid);
    return session;
  }

  /** One with this worker: just after an upgrade the old one may still take a connection. */
  static async openAt(port: number, pid: number): Promise<EchoSession> {
    for (;;) {
      const session = await EchoSession.open(port);
      if (session.pid === pid) return session;
      await session.end();
    }
  }

  /** Sends the text and waits for it to come back. */
  async echo(text: string): Promise<void> {
    this.socket.write(`${text}\n`);
    const back = await this.line();
    if (back !== text) throw new Error(`sent ${text}, got ${back}`);
  }

  /** Ends it in order, and resolves when the worker has, too. */
  async end(): Promise<void> {
    this.socket.end();
    await this.untilEnded();
  }

  /** Resolves at the end of the session; rejects when it was reset. */
  async untilEnded(): Promise<void> {
    while (!this.ended && this.failure === undefined) await this.next();
    if (this.failure !== undefined) throw this.failure;
    this.socket.destroy();
  }

  private async line(): Promise<string> {
    let end: number;
    while ((end = this.text.indexOf("\n")) < 0) {
      if (this.failure !== undefined) throw this.failure;
      if (this.ended) throw new Error("the session ended in the middle");
      await this.next();
    }
    const line = this.text.slice(0, end);
    this.text = this.text.slice(end + 1);
    return line;
  }

  private next(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }
}

export interface EchoLoad {
  readonly failures: readonly string[];
  readonly versions: ReadonlySet<string>;
  readonly sessions: () => number;
  /** Resolves when every client has ended its last session. */
  stop(): Promise<void>;
}

/**
 * Clients that connect, echo and end without pause. Every second one holds its sessions, echoing,
 * until `generation` has gone up by two.
 */
export function startEchoLoad(port: number, clients: number, generation: () => number): EchoLoad {
  const failures: string[] = [];
  const versions = new Set<string>();
  const state = { stopping: false, sessions: 0 };
  const visit = async (number: number, held: boolean): Promise<void> => {
    const session = await EchoSession.open(port);
    versions.add(session.version);
    const end = generation() + 2;
    let echoes = 0;
    do await session.echo(`${number}.${++echoes}`);
    while (!state.stopping && (held ? generation() < end : echoes < 3));
    await session.end();
    state.sessions++;
  };
  const run = async (held: boolean): Promise<void> => {
    for (let number = 0; !state.stopping && failures.length < 100; number++) {
      await visit(number, held).catch((error: unknown) => failures.push(String(error)));
    }
  };
  const running = Array.from({ length: clients }, (_, index) => run(index % 2 === 1));
  return {
    failures,
    versions,
    sessions: () => state.sessions,
    stop: async () => {
      state.stopping = true;
      await Promise.all(running);
    },
  };
}
