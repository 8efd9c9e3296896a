/**
 * What every `Resolver` promises, as tests: each implementation runs them on its own source, real
 * or scripted.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { instanceAt, type Instance, type Resolver } from "@holdfast/core";
import { Heard } from "./heard.contract.ts";

/** A resolver and the hand that moves its source. */
export interface ResolverPlace {
  readonly resolver: Resolver;
  /** The source lists exactly these for the service, from now on. */
  readonly put: (service: string, instances: readonly Instance[]) => Promise<void>;
  /** The source cannot be asked any more; left out where there is nothing to lose. */
  readonly lose?: () => Promise<void>;
  readonly find?: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface DescribeContract {
  readonly skip?: string | false;
}

export function describeResolver(
  title: string,
  open: () => Promise<ResolverPlace>,
  { skip = false }: DescribeContract = {},
): void {
  describe(`${title} as a resolver`, { skip }, () => {
    const each = (promise: string, check: (place: ResolverPlace) => Promise<void>): void => {
      it(promise, async () => {
        const place = await open();
        try {
          await check(place);
        } finally {
          await place.close();
        }
      });
    };
    each("tells the first list, and has it as current", tellsFirst);
    each("tells each list that differs, whole", tellsChanges);
    each("tells a late listener what is known", tellsLate);
    each("keeps services apart", keepsApart);
    each("tells nothing after a close, and others all the same", closesOne);
    each("keeps its list when the source is lost, says so, and follows it again", survives);
  });
}

async function tellsFirst({ resolver, put }: ResolverPlace): Promise<void> {
  await put("first", [at("one", 1)]);
  const heard = new Heard();
  const watch = resolver.watch("first", heard.listener);
  await heard.untilIds("one");
  assert.deepEqual(watch.current, heard.last);
  assert.deepEqual(heard.lists, ["one"]);
  watch.close();
}

async function tellsChanges({ resolver, put }: ResolverPlace): Promise<void> {
  const heard = new Heard();
  const whole: Instance = { ...at("two", 2), weight: 7, zone: "east", tags: ["blue", "canary"] };
  await put("changes", [at("one", 1)]);
  const watch = resolver.watch("changes", heard.listener);
  await heard.untilIds("one");
  await put("changes", [at("one", 1), whole]);
  await heard.untilIds("one", "two");
  assert.deepEqual(heard.last?.instances.toSorted(byId)[1], whole);
  await put("changes", [{ ...whole, weight: 3 }]);
  await heard.until("the new weight", ({ instances }) => instances[0]?.weight === 3);
  await heard.untilIds("two");
  watch.close();
}

async function tellsLate({ resolver, put }: ResolverPlace): Promise<void> {
  await put("late", [at("one", 1)]);
  const early = new Heard();
  const late = new Heard();
  const watches = [resolver.watch("late", early.listener)];
  await early.untilIds("one");
  watches.push(resolver.watch("late", late.listener));
  await late.untilIds("one");
  assert.deepEqual(early.lists, ["one"]);
  assert.deepEqual(late.lists, ["one"]);
  for (const watch of watches) watch.close();
}

async function keepsApart({ resolver, put }: ResolverPlace): Promise<void> {
  const [left, right] = [new Heard(), new Heard()];
  await put("left", [at("one", 1)]);
  await put("right", [at("two", 2)]);
  const watches = [resolver.watch("left", left.listener), resolver.watch("right", right.listener)];
  await Promise.all([left.untilIds("one"), right.untilIds("two")]);
  await put("right", [at("three", 3)]);
  await right.untilIds("three");
  assert.ok(left.lists.every((list) => list === "one"));
  for (const watch of watches) watch.close();
}

async function closesOne({ resolver, put }: ResolverPlace): Promise<void> {
  const [gone, stays] = [new Heard(), new Heard()];
  await put("closes", [at("one", 1)]);
  const going = resolver.watch("closes", gone.listener);
  const staying = resolver.watch("closes", stays.listener);
  await Promise.all([gone.untilIds("one"), stays.untilIds("one")]);
  going.close();
  going.close();
  await put("closes", [at("two", 2)]);
  await stays.untilIds("two");
  assert.deepEqual(gone.lists, ["one"]);
  staying.close();
  // And it can be watched again.
  const again = new Heard();
  const watch = resolver.watch("closes", again.listener);
  await again.untilIds("two");
  watch.close();
}

async function survives({ resolver, put, lose, find }: ResolverPlace): Promise<void> {
  if (lose === undefined || find === undefined) return;
  const heard = new Heard();
  await put("lost", [at("one", 1)]);
  const watch = resolver.watch("lost", heard.listener);
  await heard.untilIds("one");
  await lose();
  await heard.until("that it is lost", ({ stale }) => stale !== undefined);
  assert.deepEqual(
    heard.last?.instances.map(({ id }) => id),
    ["one"],
  );
  const { confirmedMs } = heard.last;
  await find();
  await heard.untilIds("one");
  assert.ok(heard.last.confirmedMs >= confirmedMs);
  await put("lost", [at("one", 1), at("two", 2)]);
  await heard.untilIds("one", "two");
  watch.close();
}

/** An instance with an id and a port of its own. */
function at(id: string, port: number): Instance {
  return instanceAt({ kind: "tcp", host: "127.0.0.1", port: 4_000 + port }, { id });
}

function byId(a: Instance, b: Instance): number {
  return a.id < b.id ? -1 : 1;
}
