/**
 * Measures the layouts beside the store, turn by turn in one process: reads of the newest 50
 * items, and durable sets of 10 items, 64 at a time.
 *
 *     node apps/feed-history/bench/layouts.bench.ts --users 100000 --items 100 --rounds 3
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type HistoryStore, openLmdbHistoryStore } from "../src/store/index.ts";
import { ItemPerKey, type Layout, Pages, SetPerKey } from "./layouts.ts";
import { ReplyBuffer, Workload, type WorkloadSize } from "./workload.ts";

const { values: options } = parseArgs({
  options: {
    users: { type: "string", default: "100000" },
    items: { type: "string", default: "100" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "2" },
    directory: { type: "string", default: tmpdir() },
    only: { type: "string", default: "" },
  },
});
const inFlight = 64;
const size: WorkloadSize = {
  users: Number(options.users),
  itemsPerUser: Number(options.items),
  itemsPerSet: 10,
};

/** A layout or the store, with what was measured of it. */
interface Subject {
  readonly name: string;
  readonly workload: Workload;
  load(): Promise<void>;
  /** Sets until `endMs`; returns how many. */
  setUntil(endMs: number): Promise<number>;
  read(userId: bigint, into: ReplyBuffer): void;
  dataBytes(): number;
  pagesWritten(): number | undefined;
  close(): Promise<void>;
  readonly sets: Measured[];
  readonly reads: Measured[];
}

interface Measured {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
  readonly pages: number | undefined;
}

function layoutSubject(layout: Layout): Subject {
  const workload = new Workload(size);
  return {
    name: layout.name,
    workload,
    sets: [],
    reads: [],
    load: () => {
      const perCommit = 1000;
      for (let user = 0; user < size.users; user += perCommit) {
        const users = Array.from({ length: Math.min(perCommit, size.users - user) }, (_, index) =>
          workload.userAt(user + index),
        );
        for (let items = 0; items < size.itemsPerUser; items += 50) {
          layout.commit(users.map((userId) => ({ userId, items: workload.newItems(50) })));
        }
      }
      return Promise.resolve();
    },
    setUntil: (endMs) => {
      let sets = 0;
      for (; performance.now() < endMs; sets += inFlight) {
        layout.commit(
          Array.from({ length: inFlight }, () => ({
            userId: workload.randomUser(),
            items: workload.newItems(size.itemsPerSet),
          })),
        );
      }
      return Promise.resolve(sets);
    },
    read: (userId, into) => layout.readNewest(userId, 50, into),
    dataBytes: () => layout.dataBytes(),
    pagesWritten: () => layout.pagesWritten(),
    close: () => layout.close(),
  };
}

function storeSubject(store: HistoryStore): Subject {
  const workload = new Workload(size);
  return {
    name: "journal, then pages (the store)",
    workload,
    sets: [],
    reads: [],
    load: async () => {
      const sets = (size.users * size.itemsPerUser) / 50;
      let next = 0;
      await inParallel(512, async () => {
        for (let index = next++; index < sets; index = next++) {
          await store.set(workload.userAt(index % size.users), workload.newItems(50));
        }
      });
    },
    setUntil: async (endMs) => {
      let sets = 0;
      await inParallel(inFlight, async () => {
        while (performance.now() < endMs) {
          await store.set(workload.randomUser(), workload.newItems(size.itemsPerSet));
          sets += 1;
        }
      });
      return sets;
    },
    read: (userId, into) => void store.range(userId, 0n, 2n ** 62n, 50, undefined, into),
    dataBytes: () => Number(store.stats()["dataBytes"]),
    pagesWritten: () => undefined,
    close: () => store.close(),
  };
}

async function inParallel(count: number, work: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: count }, work));
}

async function measureSets(subject: Subject): Promise<void> {
  const pagesBefore = subject.pagesWritten();
  const before = process.cpuUsage();
  const startMs = performance.now();
  const sets = await subject.setUntil(startMs + 1000 * Number(options.seconds));
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(before);
  subject.sets.push({
    perSecond: sets / seconds,
    cpuMicroseconds: (user + system) / sets,
    pages: pagesBefore === undefined ? undefined : (subject.pagesWritten()! - pagesBefore) / sets,
  });
}

function measureReads(subject: Subject): void {
  const reply = new ReplyBuffer();
  const count = 50_000;
  const before = process.cpuUsage();
  const startMs = performance.now();
  for (let index = 0; index < count; index += 1) {
    reply.clear();
    subject.read(subject.workload.randomUser(), reply);
  }
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cpuMicroseconds = (user + system) / count;
  subject.reads.push({ perSecond: count / seconds, cpuMicroseconds, pages: undefined });
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1]!;
}

function report(subjects: readonly Subject[]): void {
  const range = (values: readonly number[], digits: number): string => {
    const ends = [Math.min(...values), Math.max(...values)].map((each) => each.toFixed(digits));
    return `${median(values).toFixed(digits)} (${ends.join("-")})`;
  };
  const heads = ["layout", "sets/s", "CPU us per set", "pages written per set"];
  heads.push("CPU us per read", "bytes per item");
  console.log(`| ${heads.join(" | ")} |`);
  console.log(`|${"---|".repeat(heads.length)}`);
  for (const subject of subjects) {
    const { name, sets, reads } = subject;
    const pages = sets[0]!.pages;
    console.log(
      `| ${[
        name,
        range(
          sets.map((each) => each.perSecond),
          0,
        ),
        range(
          sets.map((each) => each.cpuMicroseconds),
          1,
        ),
        pages === undefined ? "-" : pages.toFixed(2),
        range(
          reads.map((each) => each.cpuMicroseconds),
          2,
        ),
        (subject.dataBytes() / (size.users * size.itemsPerUser)).toFixed(0),
      ].join(" | ")} |`,
    );
  }
}

const root = mkdtempSync(join(options.directory, "feed-history-layouts-"));
const candidates: [string, (directory: string) => Subject | Promise<Subject>][] = [
  ["item", (directory) => layoutSubject(new ItemPerKey(directory))],
  ["set", (directory) => layoutSubject(new SetPerKey(directory))],
  [
    "user",
    (directory) => {
      const whole = { pageItemsMax: 4096, pageBytesMax: 2 ** 20 };
      return layoutSubject(new Pages(directory, "one key per user", whole));
    },
  ],
  ["pages", (directory) => layoutSubject(new Pages(directory, "pages, 55 to 110 items", {}))],
  [
    "pages-half",
    (directory) =>
      layoutSubject(new Pages(directory, "pages, 28 to 56 items", { pageItemsMax: 56 })),
  ],
  [
    "pages-16k",
    (directory) =>
      layoutSubject(new Pages(directory, "pages, 16 KiB pages of the file", {}, 16_384)),
  ],
  ["store", async (directory) => storeSubject(await openLmdbHistoryStore({ directory }))],
];
const subjects: Subject[] = [];
try {
  for (const [key, open] of candidates) {
    if (options.only !== "" && !options.only.split(",").includes(key)) continue;
    const subject = await open(join(root, key));
    const startMs = performance.now();
    await subject.load();
    console.log(
      `${subject.name}: loaded in ${((performance.now() - startMs) / 1000).toFixed(1)} s`,
    );
    subjects.push(subject);
  }
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const subject of subjects) measureReads(subject);
    for (const subject of subjects) await measureSets(subject);
  }
  report(subjects);
} finally {
  for (const subject of subjects) await subject.close();
  rmSync(root, { recursive: true, force: true });
}
