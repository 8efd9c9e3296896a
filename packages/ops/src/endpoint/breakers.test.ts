import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type BreakerRow, STATE_KIND } from "@holdfast/core";
import { ask, BROWSER, type Fixture, START_EPOCH_MS, started } from "../testing/ops-fixture.ts";
import type { BreakersReply } from "./breakers.ts";

describe("/breakers", () => {
  it("shows every breaker as JSON, what is wrong first", async () => {
    const fixture = await withBreakers(CLOSED, OPEN, BUSY, HALF_OPEN);
    const { breakers, counts, failed } = await readJson(fixture, "/breakers");
    assert.deepEqual(breakers, [OPEN, HALF_OPEN, BUSY, CLOSED]);
    assert.deepEqual(counts, { open: 1, "half-open": 1, closed: 2 });
    assert.deepEqual(failed, []);
  });

  it("shows them as text in columns, to who asks for it", async () => {
    const fixture = await withBreakers(CLOSED, OPEN, BUSY, HALF_OPEN);
    fixture.clock.advance(3_000);
    // A terminal is wide.
    const expected = [
      "4 circuit breakers: 1 open, 1 half-open, 2 closed; calls of the last 10 s",
      "",
      "STATE             CALLER  CALLEE   METHOD  INSTANCE       AT WORK   OK  FAILED  " +
        "TIMED OUT  IN A ROW  ERROR RATE  REFUSED  LAST CHANGE",
      "open              feed    history  Get     -                    3   20      19  " +
        "        1        20      0.5000       77  open for 4s, probe in 4s: 19 failures",
      "half-open (dark)  feed    history  -       10.0.0.7:9090        1    2       0  " +
        "        0         0      0.0000        5  half-open for 1m0s: the open time is over",
      "closed            feed    history  Put     -                    9  500       1  " +
        "        0         1      0.0020        0  -",
      "closed            -       history  Scan    -                    0    0       0  " +
        "        0         0      0.0000        0  -",
      "",
    ].join("\n");
    for (const [path, accept] of [
      ["/breakers?format=text", "*/*"],
      ["/breakers", "text/plain"],
    ] as const) {
      const { headers, body } = await ask(fixture, path, { headers: { accept } });
      assert.match(headers["content-type"] as string, /^text\/plain/);
      assert.equal(body, expected);
    }
  });

  it("gives JSON to programs and browsers", async () => {
    const fixture = await withBreakers(CLOSED);
    for (const accept of ["*/*", "application/json", BROWSER, `text/plain, ${BROWSER}`]) {
      const { headers } = await ask(fixture, "/breakers", { headers: { accept } });
      assert.match(headers["content-type"] as string, /^application\/json/, accept);
    }
    const plain = { headers: { accept: "text/plain" } };
    const { headers } = await ask(fixture, "/breakers?format=json", plain);
    assert.match(headers["content-type"] as string, /^application\/json/);
  });

  it("shows those of one state, and no more than asked for, but counts all", async () => {
    const fixture = await withBreakers(CLOSED, OPEN, BUSY, HALF_OPEN);
    const closed = await readJson(fixture, "/breakers?state=closed");
    assert.deepEqual(closed.breakers, [BUSY, CLOSED]);
    const one = await readJson(fixture, "/breakers?limit=1");
    assert.deepEqual(one.breakers, [OPEN]);
    assert.deepEqual(one.counts, { open: 1, "half-open": 1, closed: 2 });
    const { body } = await ask(fixture, "/breakers?limit=1&format=text");
    assert.match(body, /\n1 of 4 are shown\n$/);
    for (const query of ["?limit=0", "?limit=x", "?limit=10001", "?state=odd", "?format=xml"]) {
      assert.equal((await ask(fixture, `/breakers${query}`)).status, 400, query);
    }
  });

  it("is empty without breakers, and leaves out columns that would be", async () => {
    const none = await started();
    assert.deepEqual((await readJson(none, "/breakers")).breakers, []);
    const { body } = await ask(none, "/breakers?format=text");
    assert.equal(
      body,
      "0 circuit breakers: 0 open, 0 half-open, 0 closed; calls of the last 10 s\n",
    );
    const plain = await withBreakers(CLOSED);
    const text = (await ask(plain, "/breakers?format=text")).body;
    assert.doesNotMatch(text, /INSTANCE|CALLER|LAST CHANGE/);
  });

  it("adds the parts up, and says which of them failed", async () => {
    const fixture = await withBreakers(CLOSED);
    add(fixture, [OPEN]);
    fixture.registry.register({
      name: "broken",
      kind: STATE_KIND.breakers,
      snapshot: () => {
        throw new Error("not now");
      },
    });
    const { breakers, failed } = await readJson(fixture, "/breakers");
    assert.equal(breakers.length, 2);
    assert.deepEqual(failed, [{ name: "broken", error: "not now" }]);
    assert.match((await ask(fixture, "/breakers?format=text")).body, /\nbroken failed: not now\n/);
  });

  it("says that the next call is a probe when the time of an open one is over", async () => {
    const fixture = await withBreakers(OPEN);
    fixture.clock.advance(3_600_000);
    const { body } = await ask(fixture, "/breakers?format=text");
    assert.match(body, /open for 1h0m1s, probe with the next call: 19 failures/);
  });

  it("lets no name move the cursor or fill the page", async () => {
    const method = `\u001b[2J${"x".repeat(1_000)}`;
    const fixture = await withBreakers({ ...CLOSED, method });
    const { body } = await ask(fixture, "/breakers?format=text");
    assert.doesNotMatch(body.replaceAll("\n", ""), /\p{Cc}/u);
    for (const line of body.split("\n")) assert.ok(line.length < 250, line);
  });
});

const CLOSED: BreakerRow = {
  ...{ caller: "", callee: "history", method: "Scan", instance: "", state: "closed", mode: "on" },
  ...{ concurrency: 0, successes: 0, failures: 0, timeouts: 0, consecutiveErrors: 0 },
  ...{ errorRate: 0, refused: 0, probes: 0, openUntilEpochMs: null, lastTransition: null },
};
const BUSY: BreakerRow = {
  ...{ ...CLOSED, caller: "feed", method: "Put", concurrency: 9, successes: 500, failures: 1 },
  ...{ consecutiveErrors: 1, errorRate: 0.002 },
};
const OPEN: BreakerRow = {
  ...{ ...CLOSED, caller: "feed", method: "Get", state: "open", concurrency: 3, successes: 20 },
  ...{ failures: 19, timeouts: 1, consecutiveErrors: 20, errorRate: 0.5, refused: 77 },
  openUntilEpochMs: START_EPOCH_MS + 6_500,
  lastTransition: {
    ...{ from: "closed", to: "open", atEpochMs: START_EPOCH_MS - 1_000, why: "19 failures" },
  },
};
const HALF_OPEN: BreakerRow = {
  ...{ ...CLOSED, caller: "feed", method: "", instance: "10.0.0.7:9090", state: "half-open" },
  ...{ mode: "dark", concurrency: 1, successes: 2, refused: 5, probes: 1 },
  lastTransition: {
    ...{ from: "open", to: "half-open", atEpochMs: START_EPOCH_MS - 57_000 },
    why: "the open time is over",
  },
};

async function withBreakers(...rows: readonly BreakerRow[]): Promise<Fixture> {
  const fixture = await started();
  add(fixture, rows);
  return fixture;
}

function add({ registry }: Fixture, rows: readonly BreakerRow[]): void {
  registry.register({ name: "breakers", kind: STATE_KIND.breakers, snapshot: () => rows });
}

async function readJson(fixture: Fixture, path: string): Promise<BreakersReply> {
  const { body } = await ask(fixture, path);
  return JSON.parse(body) as BreakersReply;
}
