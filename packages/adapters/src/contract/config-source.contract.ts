/**
 * What every `ConfigSource` promises, as tests: each implementation runs them on its own source,
 * real or scripted.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ConfigSnapshot, ConfigSource } from "@holdfast/core";

/** A source and the hand that moves what stands behind it. */
export interface ConfigPlace {
  readonly source: ConfigSource;
  /** These are the documents, from now on. */
  readonly put: (documents: Readonly<Record<string, string>>) => void;
  readonly lose: () => void;
  readonly find: () => void;
  /** Lets time pass until all that was done has been noticed. */
  readonly settle: () => Promise<void>;
  readonly close: () => void;
}

const ONE = '{"retry":{"triesMax":1}}';
const TWO = '{"retry":{"triesMax":2}}';

export function describeConfigSource(title: string, open: () => Promise<ConfigPlace>): void {
  describe(`${title} as a config source`, () => {
    const each = (promise: string, check: (place: ConfigPlace) => Promise<void>): void => {
      it(promise, async () => {
        const place = await open();
        try {
          await check(place);
        } finally {
          place.close();
        }
      });
    };
    each("tells what there is first, and has it as current", tellsFirst);
    each("tells each version once, whole, with a revision of its own", tellsChanges);
    each("tells nobody while nothing changes", tellsNothing);
    each("tells several, each what is known, and none after its close", tellsSeveral);
    each("keeps what it has while it is lost, says so, and follows again", survives);
  });
}

async function tellsFirst({ source, put, settle }: ConfigPlace): Promise<void> {
  put({ "a/b/c": ONE });
  const told: ConfigSnapshot[] = [];
  const watch = source.watch((snapshot) => told.push(snapshot));
  await settle();
  assert.equal(told.length, 1);
  assert.deepEqual([...told[0]!.entries], [["a/b/c", ONE]]);
  assert.equal(told[0]!.stale, undefined);
  assert.deepEqual(watch.current?.entries, told[0]!.entries);
  assert.equal(watch.current?.revision, told[0]!.revision);
  watch.close();
}

async function tellsChanges({ source, put, settle }: ConfigPlace): Promise<void> {
  put({ "a/b/c": ONE });
  const told: ConfigSnapshot[] = [];
  const watch = source.watch((snapshot) => told.push(snapshot));
  await settle();
  for (const documents of [{ "a/b/c": TWO }, { "a/b/c": TWO, "*/*/*": ONE }, { "*/*/*": ONE }]) {
    put(documents);
    await settle();
    assert.deepEqual(Object.fromEntries(told.at(-1)!.entries), documents);
  }
  // The store behind it may tell one change in several steps; what is told is always a whole.
  assert.equal(new Set(told.map(({ revision }) => revision)).size, told.length);
  watch.close();
}

async function tellsNothing({ source, put, settle }: ConfigPlace): Promise<void> {
  put({ "a/b/c": ONE });
  let told = 0;
  const watch = source.watch(() => told++);
  await settle();
  await settle();
  assert.equal(told, 1);
  watch.close();
}

async function tellsSeveral({ source, put, settle }: ConfigPlace): Promise<void> {
  put({ "a/b/c": ONE });
  const told: string[] = [];
  const tell = (name: string) => (snapshot: ConfigSnapshot) => {
    told.push(`${name} ${snapshot.entries.get("a/b/c")}`);
  };
  const first = source.watch(tell("first"));
  await settle();
  const late = source.watch(tell("late"));
  await settle();
  first.close();
  put({ "a/b/c": TWO });
  await settle();
  assert.deepEqual(told, [`first ${ONE}`, `late ${ONE}`, `late ${TWO}`]);
  late.close();
}

async function survives({ source, put, lose, find, settle }: ConfigPlace): Promise<void> {
  put({ "a/b/c": ONE });
  const told: ConfigSnapshot[] = [];
  const watch = source.watch((snapshot) => told.push(snapshot));
  await settle();
  lose();
  await settle();
  const { confirmedMs } = watch.current!;
  await settle();
  assert.equal(typeof watch.current!.stale, "string");
  assert.equal(watch.current!.entries.get("a/b/c"), ONE);
  assert.equal(watch.current!.confirmedMs, confirmedMs, "it grows older");
  assert.equal(told.length, 2, "told once that it is lost");
  find();
  await settle();
  assert.equal(watch.current!.stale, undefined);
  assert.ok(watch.current!.confirmedMs > confirmedMs);
  put({ "a/b/c": TWO });
  await settle();
  assert.equal(told.at(-1)!.entries.get("a/b/c"), TWO);
  watch.close();
}
