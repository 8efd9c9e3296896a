/** Who is let in, and what becomes of whoever was: counted, said, and remembered against him. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryLogger, type Socket } from "holdfast";
import type { EndReason } from "../forensic/forensic-event.ts";
import { FrontDoor, type FrontEnd } from "./front-door.ts";
import type { AdmissionOptionsInput } from "./front-options.ts";
import { completeProxyProtocolOptions } from "./proxy-protocol/options.ts";
import { ProxyReception } from "./proxy-protocol/reception.ts";
import { RefusalLog } from "./refusal-log.ts";
import { Front, host } from "./testing/front.ts";

class Entered {
  readonly front: Front;
  readonly logger = new MemoryLogger();
  readonly refusals: RefusalLog;
  readonly door: FrontDoor;
  destroyed = 0;

  constructor(input: AdmissionOptionsInput = {}, proxyPeers: readonly string[] = []) {
    this.front = new Front(input);
    const { clock, admission, stats } = this.front;
    this.refusals = new RefusalLog(clock, this.logger);
    const options = completeProxyProtocolOptions({ mode: "required", peers: ["10.9.9.9"] });
    this.door = new FrontDoor({
      ...{ admission, stats, refusals: this.refusals },
      reception: proxyPeers.length === 0 ? undefined : new ProxyReception({ clock, options }),
    });
  }

  socket(remote: string): Socket {
    const destroy = (): void => void this.destroyed++;
    return { remote, destroy } as unknown as Socket;
  }

  enter(remote: string) {
    return this.door.enter(this.socket(remote));
  }

  get reasons(): unknown[] {
    return this.logger.lines.map(({ fields }) => fields?.["reason"]);
  }
}

const END: FrontEnd = {
  ...{ reason: "client-lost", crashed: false, identified: true, authenticated: false },
  ...{ authFailures: 0, authRequests: 0 },
};

describe("the front door", () => {
  it("lets in whoever may, with his socket and a ticket", async () => {
    const entered = new Entered();
    const entry = await entered.enter(host(1));
    assert.equal(entry?.socket.remote, host(1));
    assert.equal(entry.proxiedBy, undefined);
    assert.deepEqual(entered.front.counts, [1, 1, 1]);
    assert.equal(entered.destroyed, 0);
  });

  it("closes the socket of everybody else, and says why", async () => {
    const full = { connectionsMax: 2, unauthenticatedMax: 2, unauthenticatedPerSourceMax: 1 };
    const entered = new Entered(full);
    await entered.enter(host(1));
    assert.equal(await entered.enter(host(1)), undefined);
    await entered.enter(host(2));
    assert.equal(await entered.enter(host(3)), undefined);
    assert.deepEqual(entered.reasons, ["source", "connections"]);
    assert.equal(entered.destroyed, 2);
    assert.deepEqual(entered.front.counts, [2, 2, 2]);
  });

  it("drops early, and for penalties", async () => {
    const entered = new Entered({ unauthenticatedMax: 10, earlyDropFromRatio: 0.1 });
    entered.front.coin = 0;
    const ticket = (await entered.enter(host(1)))!.ticket;
    assert.equal(await entered.enter(host(2)), undefined);
    for (let count = 0; count < 3; count++) ticket.ended({ ...END, reason: "protocol-error" });
    assert.equal(await entered.enter(host(1)), undefined);
    assert.deepEqual(entered.reasons, ["early", "penalty"]);
  });

  it("takes none but a balancer's connection where there is one", async () => {
    const entered = new Entered({}, ["10.9.9.9"]);
    assert.equal(await entered.enter(host(1)), undefined);
    assert.deepEqual(entered.reasons, ["proxy-header"]);
    assert.equal(entered.destroyed, 1);
    assert.deepEqual(entered.front.counts, [0, 0, 0]);
  });

  it("gives each place back once", async () => {
    const entered = new Entered();
    const { ticket } = (await entered.enter(host(1)))!;
    ticket.authenticated();
    assert.deepEqual(entered.front.counts, [1, 0, 0]);
    ticket.ended({ ...END, authenticated: true });
    ticket.ended({ ...END, authenticated: true });
    ticket.authenticated();
    ticket.handshakeDone();
    assert.deepEqual(entered.front.counts, [0, 0, 0]);
  });
});

describe("a handshake", () => {
  it("waits for its turn, which comes when another is done or gone", async () => {
    const entered = new Entered({ handshakesPerCoreMax: 1 });
    const tickets = [];
    for (let count = 0; count < 4; count++) {
      tickets.push((await entered.enter(host(count)))!.ticket);
    }
    const turns = tickets.map((ticket) => ticket.beginHandshake());
    assert.equal(await turns[0], true);
    assert.equal(entered.front.admission.snapshot().handshakesWaiting, 3);
    tickets[2]!.ended(END);
    assert.equal(await turns[2], false);
    tickets[0]!.handshakeDone();
    assert.equal(await turns[1], true);
    tickets[1]!.ended(END);
    assert.equal(await turns[3], true);
    tickets[3]!.ended(END);
    const { handshakesRunning, handshakesWaiting } = entered.front.admission.snapshot();
    assert.deepEqual([handshakesRunning, handshakesWaiting], [0, 0]);
  });

  it("that finds no place is refused, which is not the client's fault", async () => {
    const entered = new Entered({ handshakesPerCoreMax: 1, handshakesWaitingMax: 0 });
    const first = (await entered.enter(host(1)))!.ticket;
    assert.equal(await first.beginHandshake(), true);
    for (let count = 0; count < 50; count++) {
      const { ticket } = (await entered.enter(host(2)))!;
      assert.equal(await ticket.beginHandshake(), false);
      ticket.ended({ ...END, reason: "auth-failed", identified: false });
    }
    assert.equal(entered.reasons[0], "handshakes");
    assert.deepEqual(entered.front.counts, [1, 1, 1]);
  });
});

describe("the penalty for a connection", () => {
  const CASES: readonly [EndReason, Partial<FrontEnd>, string | undefined][] = [
    ["ident-timeout", { identified: false }, "no-auth"],
    ["login-timeout", {}, "login-timeout"],
    ["protocol-error", {}, "protocol-error"],
    ["protocol-error", { identified: false }, "no-auth"],
    ["internal", { crashed: true }, "crash"],
    ["drain", {}, undefined],
    ["internal", { authFailures: 3, authRequests: 3 }, undefined],
    ["closed-by-operator", {}, undefined],
    ["client-lost", {}, "no-auth"],
    ["client-disconnected", { authFailures: 1, authRequests: 2 }, "auth-failed"],
    ["auth-failed", { authFailures: 6, authRequests: 6 }, "auth-failed"],
    ["done", { authRequests: 1 }, undefined],
    ["protocol-error", { authenticated: true, authFailures: 5 }, undefined],
  ];
  for (const [reason, changed, penalty] of CASES) {
    const details = JSON.stringify(changed);
    it(`that ends with ${reason} ${details} is ${penalty ?? "none"}`, async () => {
      const entered = new Entered();
      const given: string[] = [];
      const { penalties } = entered.front;
      const original = penalties.penalise.bind(penalties);
      penalties.penalise = (source, kind) => {
        given.push(kind);
        return original(source, kind);
      };
      (await entered.enter(host(1)))!.ticket.ended({ ...END, ...changed, reason });
      assert.deepEqual(given, penalty === undefined ? [] : [penalty]);
    });
  }
});
