import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, describe, it } from "node:test";
import {
  BreakerTable,
  completeCircuitBreakerLiveOptions,
  createContext,
  createOpsServer,
  ManualClock,
  type OpsOptions,
  SeededRandom,
  StateRegistry,
  StatsRegistry,
} from "holdfast";
import { CommandError } from "./command.ts";
import { runHoldfast } from "./run.ts";
import { RecordedTerminal } from "./testing/recorded-terminal.ts";
import { type Screen, TtyScreen } from "./top/screen.ts";
import { watchPort, type WatchParts } from "./top/watch.ts";

describe("holdfast top", () => {
  it("prints the breakers of a process once, what is wrong first", async () => {
    const { url } = await startedPort();
    for (const place of [url, url.replace("http://", "")]) {
      const { code, stdout, stderr } = await top(place, "--once");
      assert.deepEqual([code, stderr], [0, ""]);
      const lines = stdout.split("\n");
      assert.equal(lines[0], `${url}: ready, up 0s, version 1.2.3`);
      assert.equal(
        lines[1],
        "2 circuit breakers: 1 open, 0 half-open, 1 closed; calls of the last 10 s",
      );
      assert.match(lines[3]!, /^STATE +CALLER +CALLEE +METHOD +AT WORK +OK +FAILED/);
      assert.match(lines[4]!, /^open +feed +history +Get .* 1\.0000 .*20 failures/);
      assert.match(lines[5]!, /^closed +feed +history +Put /);
    }
  });

  it("prints once where nothing can be drawn on", async () => {
    const { url } = await startedPort();
    const { code, stdout } = await top(url);
    assert.equal(code, 0);
    assert.equal(
      stdout.split("\n")[1],
      "2 circuit breakers: 1 open, 0 half-open, 1 closed; calls of the last 10 s",
    );
  });

  it("shows its token to a port that wants one", async (test) => {
    const token = "correct-horse-battery";
    const { url } = await startedPort({ token });
    const { code, stderr } = await top(url, "--once");
    assert.equal(code, 4);
    assert.match(stderr, /answers 401 to \/\w+.*\n {2}set HOLDFAST_OPS_TOKEN/);
    process.env["HOLDFAST_OPS_TOKEN"] = token;
    test.after(() => delete process.env["HOLDFAST_OPS_TOKEN"]);
    assert.equal((await top(url, "--once")).code, 0);
  });

  it("says that nobody answers, with exit code 5", async () => {
    const url = await closedPort();
    const { code, stdout, stderr } = await top(url, "--once");
    assert.deepEqual([code, stdout], [5, ""]);
    assert.match(stderr, /^holdfast top: cannot reach http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/);
    assert.match(stderr, /\n {2}check the address/);
  });

  it("says that something else answers, with exit code 4", async () => {
    for (const [status, body, message] of [
      [200, "<html>hello</html>", /what answers there is no ops port/],
      [200, '{"State": 7}', /what answers there is no ops port/],
      [404, "no such page\u001b[2J\nmore", /answers 404 to \/\w+.*: no such page\\u001b\[2J\n/],
      [200, "x".repeat(9_000_000), /longer than 8388608 bytes/],
    ] as const) {
      const url = await plainServer(status, body);
      const { code, stderr } = await top(url, "--once");
      assert.equal(code, 4, stderr);
      assert.match(stderr, message);
    }
  });

  it("answers wrong words with what is right", async () => {
    for (const [args, message] of [
      [["http://127.0.0.1:6060", "x"], /x is one word too many/],
      [["not an address"], /not an address is no address\n {2}it must be the address/],
      [["ftp://127.0.0.1"], /is no address/],
      [["http://127.0.0.1:6060/breakers"], /is no address/],
      [["--interval", "5"], /--interval is 5\n {2}it must be whole milliseconds from 100 to/],
    ] as const) {
      const { code, stderr } = await top(...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
  });
});

describe("holdfast top on a terminal", () => {
  it("looks again after each interval, and ends when the user wants out", async () => {
    const { screen, clock, looks, watching } = watched(async (look) => [`look ${look}`]);
    await screen.drawn(1);
    clock.advance(999);
    assert.equal(looks.length, 1);
    clock.advance(1);
    await screen.drawn(2);
    screen.leave();
    await watching;
    assert.deepEqual(screen.pages, [["look 1"], ["look 2"]]);
    assert.equal(screen.closed, true);
    assert.equal(clock.scheduledCount, 0);
  });

  it("asks for as many rows as there is room for", async () => {
    const { screen, looks, watching } = watched(async () => []);
    await screen.drawn(1);
    screen.leave();
    await watching;
    assert.deepEqual(looks, [33]);
  });

  it("goes on when the process does not answer", async () => {
    const { screen, clock, watching } = watched(async (look) => {
      if (look === 1) throw new CommandError(5, "cannot reach it", "check the address");
      return ["there it is"];
    });
    await screen.drawn(1);
    clock.advance(1_000);
    await screen.drawn(2);
    screen.leave();
    await watching;
    assert.deepEqual(screen.pages[0]!.slice(0, 2), ["cannot reach it", "check the address"]);
    assert.deepEqual(screen.pages[1], ["there it is"]);
  });

  it("leaves at once, also while it waits for an answer", async () => {
    const { screen, clock, watching } = watched(
      (_look, cancelled) => new Promise((_, reject) => cancelled(reject)),
    );
    screen.leave();
    await watching;
    assert.deepEqual(screen.pages, []);
    assert.equal(clock.scheduledCount, 0);
  });

  it("draws over what was there, cut to the size of the terminal, and leaves it as it was", () => {
    let written = "";
    const output = { columns: 5, rows: 2, write: (text: string) => (written += text) };
    const listeners = new Map<string, () => void>();
    const screen = new TtyScreen(output, {
      once: (signal, listener) => listeners.set(signal, listener),
      off: (signal) => listeners.delete(signal),
    });
    let left = 0;
    screen.onLeave(() => left++);
    screen.draw(["1234567", "abc", "below"]);
    listeners.get("SIGINT")!();
    screen.close();
    assert.equal(left, 1);
    assert.equal(listeners.size, 0);
    const parts = ["?1049h", "?25l", "H12345", "K\nabc", "K", "J", "?25h", "?1049l"];
    assert.equal(written, parts.map((part) => `\u001b[${part}`).join(""));
  });
});

class FakeScreen implements Screen {
  readonly columns = 80;
  readonly rows = 40;
  readonly pages: (readonly string[])[] = [];
  closed = false;
  leave: () => void = () => undefined;
  private onDrawn: () => void = () => undefined;

  draw(lines: readonly string[]): void {
    this.pages.push(lines);
    this.onDrawn();
  }

  onLeave(listener: () => void): void {
    this.leave = listener;
  }

  close(): void {
    this.closed = true;
  }

  /** Until so many pages were drawn, and what follows a page has begun. */
  async drawn(count: number): Promise<void> {
    if (this.pages.length < count) {
      await new Promise<void>((resolve) => {
        this.onDrawn = () => {
          if (this.pages.length >= count) resolve();
        };
      });
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

type Look = (look: number, cancelled: (listener: (reason: Error) => void) => void) => unknown;

interface Watched {
  readonly screen: FakeScreen;
  readonly clock: ManualClock;
  /** How many rows each look asked for. */
  readonly looks: number[];
  readonly watching: Promise<void>;
}

function watched(read: Look): Watched {
  const screen = new FakeScreen();
  const clock = new ManualClock();
  const looks: number[] = [];
  const port: WatchParts["port"] = {
    url: "http://127.0.0.1:6060",
    read: async (context, breakersMax) => {
      looks.push(breakersMax);
      const cancelled = (listener: (reason: Error) => void): void => {
        context.onCancel(({ message }) => listener(new CommandError(5, message, "")));
      };
      return (await read(looks.length, cancelled)) as string[];
    },
  };
  const watching = watchPort({ port, screen, clock, intervalMs: 1_000 });
  return { screen, clock, looks, watching };
}

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function top(...args: readonly string[]): Promise<Said> {
  const terminal = new RecordedTerminal();
  const code = await runHoldfast(["top", ...args], terminal);
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

/** The ops port of a process with two breakers, one of them open. */
async function startedPort(options: Partial<OpsOptions> = {}): Promise<{ url: string }> {
  const clock = new ManualClock();
  const [registry, stats] = [new StateRegistry(), new StatsRegistry()];
  const table = new BreakerTable({ clock, random: new SeededRandom(1), registry });
  const live = completeCircuitBreakerLiveOptions();
  const [, get] = ["Put", "Get"].map((method) =>
    table.create({ caller: "feed", callee: "history", method }, live),
  );
  for (let call = 0; call < 20; call++) get!.settle(get!.tryAcquire(), "failure");
  const sources = {
    ...{ name: "feed", version: "1.2.3", clock, registry, stats },
    state: () => ({ kind: "ready" }) as const,
    drain: () => undefined,
  };
  const server = createOpsServer(sources, { port: 0, ...options });
  const context = createContext({ clock });
  await server.start(context);
  after(() => server.stop(context));
  return { url: server.url };
}

async function plainServer(status: number, body: string): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(status);
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.closeAllConnections());
  after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Nobody listens there any more. */
async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
