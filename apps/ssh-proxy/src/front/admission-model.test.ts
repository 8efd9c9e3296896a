/** Admission against a model that looks at every ticket each time. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Handshake, Ticket } from "./admission.ts";
import { Front, host, settled } from "./testing/front.ts";

describe("admission under any interleaving", () => {
  const ticketIndex = fc.nat({ max: 12 });
  const event = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        admit: fc.nat({ max: 5 }),
        coin: fc.double({ max: 1, min: 0, noNaN: true }),
      }),
    },
    fc.record({ authenticated: ticketIndex }),
    { weight: 2, arbitrary: fc.record({ closed: ticketIndex }) },
    { weight: 3, arbitrary: fc.record({ acquire: ticketIndex }) },
    { weight: 2, arbitrary: fc.record({ release: ticketIndex }) },
    fc.record({ advanceMs: fc.integer({ min: 1, max: 1_500 }) }),
  );

  it("counts exactly, keeps every limit, and is back at nothing when all are gone", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 120, size: "max" }), async (events) => {
        const run = new Interleaving();
        for (const one of events) {
          if ("admit" in one) run.admit(one.admit, one.coin);
          else if ("authenticated" in one) run.authenticated(one.authenticated);
          else if ("closed" in one) run.closed(one.closed);
          else if ("acquire" in one) run.acquire(one.acquire);
          else if ("release" in one) run.release(one.release);
          else run.front.clock.advance(one.advanceMs);
          await settled();
          run.check();
        }
        await run.finish();
      }),
      { numRuns: 150 },
    );
  });
});

interface ModelTicket {
  readonly ticket: Ticket;
  readonly source: number;
  state: "unauthenticated" | "authenticated" | "closed";
  handshake: Handshake | "none" | "asked";
}

/** What the counts have to be, found out by looking at every ticket each time. */
class Interleaving {
  readonly front = new Front({
    ...{ connectionsMax: 20, unauthenticatedMax: 8, unauthenticatedPerSourceMax: 3 },
    ...{ handshakesPerCoreMax: 2, handshakesWaitingMax: 3, exempt: ["10.0.0.0/24"] },
  });
  private readonly tickets: ModelTicket[] = [];

  admit(source: number, coin: number): void {
    this.front.coin = coin;
    const open = this.tickets.filter(({ state }) => state !== "closed");
    const waiting = open.filter((one) => one.state === "unauthenticated" && one.source !== 0);
    const ofSource = waiting.filter((one) => one.source === source);
    const probability = waiting.length < 4 ? 0 : 0.3 + (0.7 * (waiting.length - 4)) / 4;
    let reason: string | undefined;
    if (open.length >= 20) reason = "connections";
    else if (source === 0) reason = undefined;
    else if (ofSource.length >= 3) reason = "source";
    else if (waiting.length >= 8) reason = "unauthenticated";
    else if (coin < probability) reason = "early";
    const answer = this.front.admission.admit(host(source));
    assert.equal(answer.kind === "drop" ? answer.reason : undefined, reason);
    if (answer.kind === "drop") return;
    this.tickets.push({ ticket: answer, source, state: "unauthenticated", handshake: "none" });
  }

  authenticated(index: number): void {
    const one = this.at(index);
    one?.ticket.authenticated();
    if (one?.state === "unauthenticated") one.state = "authenticated";
  }

  closed(index: number): void {
    const one = this.at(index);
    one?.ticket.closed();
    if (one !== undefined) one.state = "closed";
  }

  acquire(index: number): void {
    const one = this.at(index);
    if (one?.handshake !== "none") return;
    one.handshake = "asked";
    void one.ticket.acquireHandshake().then((outcome) => {
      one.handshake = outcome;
    });
  }

  release(index: number): void {
    const { handshake } = this.at(index) ?? {};
    if (typeof handshake === "object" && handshake.kind === "granted") handshake.release();
  }

  check(): void {
    const open = this.tickets.filter(({ state }) => state !== "closed");
    const without = open.filter(({ state }) => state === "unauthenticated");
    const counted = without.filter(({ source }) => source !== 0);
    const snapshot = this.front.admission.snapshot();
    assert.equal(snapshot.connections, open.length);
    assert.equal(snapshot.unauthenticated, counted.length);
    assert.equal(snapshot.unauthenticatedExempt, without.length - counted.length);
    const sources = new Set(counted.map(({ source }) => source));
    assert.equal(snapshot.unauthenticatedSources, sources.size);
    const asked = open.filter(({ handshake }) => handshake === "asked").length;
    assert.equal(snapshot.handshakesWaiting, asked);
    assert.ok(snapshot.handshakesRunning <= 2 && snapshot.handshakesWaiting <= 3);
    if (asked > 0) assert.equal(snapshot.handshakesRunning, 2, "a place is free, somebody waits");
  }

  /** One of the last tickets: those before are closed, mostly. */
  private at(index: number): ModelTicket | undefined {
    return this.tickets.at(-1 - index);
  }

  async finish(): Promise<void> {
    for (const index of this.tickets.keys()) this.closed(index);
    await settled();
    const { dropped: _, ...counts } = this.front.admission.snapshot();
    for (const [name, count] of Object.entries(counts)) assert.equal(count, 0, name);
    assert.equal(this.front.clock.scheduledCount, 0);
    assert.ok(
      this.tickets.every(({ handshake }) => handshake !== "asked"),
      "nobody waits for ever",
    );
  }
}
