/**
 * A process that writes to a store until it is killed or done, and says after each set what it
 * may rely on. Started by tests with one argument, a WriterPlan in JSON.
 */
import { writeSync } from "node:fs";
import { openLmdbHistoryStore } from "../lmdb/lmdb-store.ts";
import { encodeItemWire, type ItemValues } from "../item-wire.ts";

export interface WriterPlan {
  readonly directory: string;
  /** The parent has the StoreWriter. */
  readonly shared?: boolean;
  readonly journalMaxBytes: number;
  /** The first item id; the plans of processes that write together must not overlap. */
  readonly firstId: number;
  readonly sets: number;
  readonly itemsPerSet: number;
  readonly inFlight: number;
  readonly users: number;
}

/** The items of set number `index` of a plan; the test that reads them makes them again. */
export function itemsOfSet(plan: WriterPlan, index: number): ItemValues[] {
  return Array.from({ length: plan.itemsPerSet }, (_, at) => {
    const id = plan.firstId + index * plan.itemsPerSet + at;
    const extra = Buffer.from(`${plan.firstId} ${index} ${at}`.padEnd(20 + (id % 50)));
    return { timestampMs: BigInt(id), itemId: BigInt(-id), kind: 1, extra };
  });
}

export function userOfSet(plan: WriterPlan, index: number): bigint {
  return BigInt(index % plan.users) - 2n;
}

/** Writes the numbers of the acknowledged sets to the standard output, a line each. */
async function write(plan: WriterPlan): Promise<void> {
  const store = await openLmdbHistoryStore({
    ...plan,
    writer: plan.shared === true ? process : undefined,
  });
  writeSync(1, "open\n");
  let next = 0;
  const writeOneByOne = async (): Promise<void> => {
    while (next < plan.sets) {
      const index = next;
      next += 1;
      await store.set(userOfSet(plan, index), itemsOfSet(plan, index).map(encodeItemWire));
      writeSync(1, `${index}\n`);
    }
  };
  await Promise.all(Array.from({ length: plan.inFlight }, writeOneByOne));
  await store.close();
  if (process.connected) process.disconnect?.();
}

if (process.argv[1] === import.meta.filename) {
  await write(JSON.parse(process.argv[2]!) as WriterPlan);
}
