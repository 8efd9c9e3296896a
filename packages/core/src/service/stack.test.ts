import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createContext } from "../context/context.ts";
import { ManualClock } from "../time/manual-clock.ts";
import { bracketFilter } from "./bracket.ts";
import { describeStack, stack, type StackEntry } from "./stack.ts";

const context = createContext({ clock: new ManualClock() });

function entry(role: string, log: string[], asBracket: boolean): StackEntry<string, string> {
  if (asBracket) {
    const filter = bracketFilter<string, string>({
      enter: () => {
        log.push(`> ${role}`);
        return undefined;
      },
      exit: () => log.push(`< ${role}`),
    });
    return { role, why: `${role} is tested`, filter };
  }
  return {
    role,
    why: `${role} is tested`,
    filter: async (within, call, next) => {
      log.push(`> ${role}`);
      const reply = await next(within, call);
      log.push(`< ${role}`);
      return reply;
    },
  };
}

describe("stack", () => {
  it("is met from the first entry to the last, brackets and other filters alike", async () => {
    for (let pattern = 0; pattern < 16; pattern++) {
      const log: string[] = [];
      const entries = ["a", "b", "c", "d"].map((role, index) =>
        entry(role, log, ((pattern >> index) & 1) === 1),
      );
      const service = stack(entries, (_, call) => Promise.resolve(`reply to ${call}`));
      assert.equal(await service(context, "x"), "reply to x");
      assert.deepEqual(log, ["> a", "> b", "> c", "> d", "< d", "< c", "< b", "< a"]);
    }
  });

  it("without entries is the service itself", () => {
    const service = (): Promise<string> => Promise.resolve("");
    assert.equal(stack([], service), service);
  });

  it("says what stands in it", () => {
    const entries = ["a", "b"].map((role) => entry(role, [], true));
    assert.deepEqual(describeStack(entries), [
      { role: "a", why: "a is tested" },
      { role: "b", why: "b is tested" },
    ]);
  });
});
