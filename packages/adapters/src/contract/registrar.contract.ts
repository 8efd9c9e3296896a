/** What every `Registrar` promises, as tests, on its own registry, real or scripted. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Instance, instanceAt, type Registrar } from "@holdfast/core";
import type { DescribeContract } from "./resolver.contract.ts";

/** A registrar and a look into its registry. */
export interface RegistrarPlace {
  readonly registrar: Registrar;
  /** Those that callers would find now, in any order. */
  readonly list: (service: string) => Promise<readonly Instance[]>;
  /** Nobody can reach the registry any more; left out where that cannot be. */
  readonly lose?: () => Promise<void>;
  readonly find?: () => Promise<void>;
  /** The registry forgets all that it was told. */
  readonly forget?: (service: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A loaded machine may take many seconds for what takes none. */
const PATIENCE_MS = 20_000;
const LOOK_AGAIN_MS = 10;

export function describeRegistrar(
  title: string,
  open: () => Promise<RegistrarPlace>,
  { skip = false }: DescribeContract = {},
): void {
  describe(`${title} as a registrar`, { skip }, () => {
    const each = (promise: string, check: (place: RegistrarPlace) => Promise<void>): void => {
      it(promise, async () => {
        const place = await open();
        try {
          await check(place);
        } finally {
          await place.close();
        }
      });
    };
    each("lists an instance as it is, until it is taken back", registers);
    each("takes back one of two", takesBackOne);
    each("waits for a registry that is away", waits);
    each("stops waiting when it is told to", givesUp);
    each("registers again what the registry has forgotten", remembers);
  });
}

async function registers(place: RegistrarPlace): Promise<void> {
  const one: Instance = { ...at("one", 1), weight: 7, zone: "east", tags: ["blue"] };
  const registration = await place.registrar.register("registers", one, never());
  await untilListed(place, "registers", "one");
  assert.deepEqual(await place.list("registers"), [one]);
  const ended = registration.deregister();
  assert.equal(registration.deregister(), ended, "the same promise");
  await ended;
  assert.deepEqual(await place.list("registers"), []);
}

async function takesBackOne(place: RegistrarPlace): Promise<void> {
  const { registrar } = place;
  const first = await registrar.register("two", at("one", 1), never());
  const second = await registrar.register("two", at("two", 2), never());
  await untilListed(place, "two", "one", "two");
  await first.deregister();
  await untilListed(place, "two", "two");
  await second.deregister();
}

async function waits(place: RegistrarPlace): Promise<void> {
  const { registrar, lose, find } = place;
  if (lose === undefined || find === undefined) return;
  await lose();
  const registering = registrar.register("waits", at("one", 1), never());
  await find();
  const registration = await registering;
  await untilListed(place, "waits", "one");
  await registration.deregister();
}

async function givesUp(place: RegistrarPlace): Promise<void> {
  const { registrar, lose, find } = place;
  const over = AbortSignal.abort();
  await assert.rejects(registrar.register("gives-up", at("one", 1), over), { code: "cancelled" });
  if (lose === undefined || find === undefined) return;
  await lose();
  const giveUp = new AbortController();
  const registering = registrar.register("gives-up", at("one", 1), giveUp.signal);
  giveUp.abort();
  await assert.rejects(registering, { code: "cancelled" });
  await find();
  await untilListed(place, "gives-up");
}

async function remembers(place: RegistrarPlace): Promise<void> {
  const { registrar, forget } = place;
  if (forget === undefined) return;
  const registration = await registrar.register("forgotten", at("one", 1), never());
  await untilListed(place, "forgotten", "one");
  await forget("forgotten");
  await untilListed(place, "forgotten");
  await untilListed(place, "forgotten", "one");
  await registration.deregister();
}

async function untilListed(
  { list }: RegistrarPlace,
  service: string,
  ...ids: readonly string[]
): Promise<void> {
  const giveUpMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const seen = (await list(service)).map(({ id }) => id).toSorted();
    if (seen.join() === ids.join()) return;
    if (performance.now() > giveUpMs) throw new Error(`${service} has ${seen.join()}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

function never(): AbortSignal {
  return new AbortController().signal;
}

function at(id: string, port: number): Instance {
  return instanceAt({ kind: "tcp", host: "127.0.0.1", port: 4_000 + port }, { id });
}
