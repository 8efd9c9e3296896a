/** The tests that every peer gets: it calls us and we call it, in each form that it speaks. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ClientOptions, createContext } from "holdfast";
import { SecondService, ThriftTest, type ThriftTestClient } from "./gen/thrift_test.ts";
import { withOurClient, withOurServer } from "./our-side.ts";
import {
  type PeerCommand,
  type PeerForm,
  runPeerClient,
  skipPeer,
  withPeerServer,
} from "./peer.ts";
import {
  checkManyAtOnce,
  checkSignOfZero,
  checkUndeclared,
  METHOD_CHECKS,
} from "./thrift-test-checks.ts";

export interface DescribePeer {
  readonly command: PeerCommand;
  /** Each transport with each protocol, in the words of the peer's command line. */
  readonly clients: { readonly transports: readonly string[]; readonly protocols: Protocols };
  readonly servers: { readonly transports: readonly string[]; readonly protocols: Protocols };
  /** Methods that the peer's version cannot have. */
  readonly without: readonly (keyof ThriftTestClient)[];
  /** What the peer is known not to do as it should. */
  readonly flaws?: readonly "loses the sign of zero"[];
}

type Protocols = readonly string[];

/** What a peer's client checks beside each method. */
const FAILURE_CHECKS = ["a failure that is not declared", "a method that does not exist"];

/** The words of command lines in ours. */
const FRAMINGS: Readonly<Record<string, ClientOptions["framing"]>> = {
  framed: "framed",
  nonblocking: "framed",
  buffered: "buffered",
  ttheader: "ttheader",
  mux: "ttheader",
};
const PROTOCOLS: Readonly<Record<string, ClientOptions["protocol"]>> = {
  binary: "binary",
  accelerated: "binary",
  old: "binary",
  compact: "compact",
};

export function describePeer(title: string, peer: DescribePeer): void {
  const skip = skipPeer(peer.command.name);
  const methods = Object.keys(METHOD_CHECKS) as (keyof ThriftTestClient)[];
  const known = methods.filter((method) => !peer.without.includes(method));
  describe(`${title} as a client of ours`, { skip }, () => {
    const forms = formsOf(peer.clients);
    for (const form of forms) {
      it(`calls every method, ${form.transport} ${form.protocol}`, () =>
        clientCallsEveryMethod(peer.command, form, known));
    }
    it("calls a second service", () => clientCallsSecondService(peer.command, forms[0]!));
  });
  describe(`${title} as a server for ours`, { skip }, () => {
    const forms = formsOf(peer.servers);
    for (const form of forms) {
      it(`answers every method, ${form.transport} ${form.protocol}`, () =>
        serverAnswersEveryMethod(peer, form, known));
    }
    it("answers a second service", () => serverAnswersSecondService(peer.command, forms[0]!));
  });
}

/** What our client has to be told to speak the peer's form. */
export function clientOptionsOf({ transport, protocol }: PeerForm): Partial<ClientOptions> {
  return { framing: FRAMINGS[transport]!, protocol: PROTOCOLS[protocol]! };
}

function formsOf({ transports, protocols }: DescribePeer["clients"]): PeerForm[] {
  return transports.flatMap((transport) =>
    protocols.map((protocol) => ({ service: "test", transport, protocol }) as const),
  );
}

async function clientCallsEveryMethod(
  command: PeerCommand,
  form: PeerForm,
  known: readonly string[],
): Promise<void> {
  await withOurServer("test", async (port, seen) => {
    const checked = await runPeerClient(command, form, port);
    assert.deepEqual(checked.toSorted(), [...known, ...FAILURE_CHECKS].toSorted());
    assert.deepEqual(seen.oneways, [3]);
  });
}

async function clientCallsSecondService(command: PeerCommand, form: PeerForm): Promise<void> {
  await withOurServer("second", async (port) => {
    const checked = await runPeerClient(command, { ...form, service: "second" }, port);
    assert.deepEqual(checked, ["secondtestString"]);
  });
}

async function serverAnswersEveryMethod(
  { command, flaws = [] }: DescribePeer,
  form: PeerForm,
  known: readonly (keyof ThriftTestClient)[],
): Promise<void> {
  await withPeerServer(command, form, async (port, nextLine) => {
    await withOurClient(ThriftTest, port, clientOptionsOf(form), async ({ calls }, { clock }) => {
      const context = createContext({ clock });
      for (const method of known) await METHOD_CHECKS[method](calls, context);
      assert.equal(await nextLine(), "oneway 3");
      if (!flaws.includes("loses the sign of zero")) await checkSignOfZero(calls, context);
      await checkUndeclared(calls, context);
      await checkManyAtOnce(calls, context);
    });
  });
}

async function serverAnswersSecondService(command: PeerCommand, form: PeerForm): Promise<void> {
  const second = { ...form, service: "second" } as const;
  await withPeerServer(command, second, async (port) => {
    await withOurClient(SecondService, port, clientOptionsOf(form), async ({ calls }, runtime) => {
      const context = createContext({ clock: runtime.clock });
      assert.equal(await calls.secondtestString(context, "x"), 'testString("x")');
    });
  });
}
