/** What a filter costs a call that succeeds at once: for the benches beside the filters. */
import {
  createContext,
  type Filter,
  nanosPerTurnAsync,
  type Service,
  stack,
  type SystemClock,
} from "@holdfast/core";

const COUNT = 300_000;

/** Prints the nanoseconds of a call for each named row of filters, and of the bare call first. */
export async function printCosts(
  clock: SystemClock,
  rows: Readonly<Record<string, readonly Filter<string, string>[]>>,
): Promise<void> {
  const service: Service<string, string> = (_, call) => Promise.resolve(call);
  // As in a client: somebody listens to the call's deadline already.
  const context = createContext({ clock }).withTimeout(3_600_000);
  const unlisten = context.onCancel(() => undefined);
  for (const [name, filters] of Object.entries({ "no filter": [], ...rows })) {
    const entries = filters.map((filter, index) => ({ role: String(index), why: "", filter }));
    const called = stack(entries, service);
    const nanos = await nanosPerTurnAsync(COUNT, async (count) => {
      for (let turn = 0; turn < count; turn++) await called(context, "get a");
    });
    console.log(`${nanos.toFixed(1).padStart(8)} ns  ${name}`);
  }
  unlisten();
}
