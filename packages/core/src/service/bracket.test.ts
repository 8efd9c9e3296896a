import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createContext } from "../context/context.ts";
import { ManualClock } from "../time/manual-clock.ts";
import { type Bracket, bracketFilter, fuse } from "./bracket.ts";
import type { Filter, Service } from "./service.ts";
import { stack } from "./stack.ts";

const context = createContext({ clock: new ManualClock() });

/** What one bracket of a run does; what is left out it does not have. */
interface Plan {
  readonly enter?: "go" | "wait" | "throw" | "reject" | undefined;
  readonly rescue?: "keep" | "replace" | undefined;
  readonly exit?: true | undefined;
}

type ServicePlan = "reply" | "reject" | "throw" | "reject nothing";

function bracketOf(plan: Plan, name: number, log: string[]): Bracket<string, string> {
  const bracket: Bracket<string, string> = {};
  if (plan.enter !== undefined) {
    bracket.enter = () => {
      log.push(`${name} enter`);
      if (plan.enter === "throw") throw new Error(`${name} threw`);
      if (plan.enter === "reject") return Promise.reject(new Error(`${name} rejected`));
      return plan.enter === "wait" ? Promise.resolve() : undefined;
    };
  }
  if (plan.rescue !== undefined) {
    bracket.rescue = (_, _call, error) => {
      log.push(`${name} rescue ${messageOf(error)}`);
      return plan.rescue === "keep" ? undefined : new Error(`${name} replaced`);
    };
  }
  if (plan.exit) {
    bracket.exit = (_, _call, reply, error) => {
      log.push(`${name} exit ${reply ?? "-"} ${messageOf(error)}`);
    };
  }
  return bracket;
}

function serviceOf(plan: ServicePlan, log: string[]): Service<string, string> {
  return (_, call) => {
    log.push("service");
    if (plan === "throw") throw new Error("service threw");
    if (plan === "reject") return Promise.reject(new Error("service rejected"));
    // It happens, and must be survived.
    if (plan === "reject nothing") return Promise.reject(undefined);
    return Promise.resolve(`reply to ${call}`);
  };
}

function messageOf(error: unknown): string {
  return error === undefined ? "-" : (error as Error).message;
}

async function outcome(service: Service<string, string>, log: string[]): Promise<string[]> {
  try {
    log.push(`= ${await service(context, "call")}`);
  } catch (error) {
    log.push(`= failed: ${messageOf(error)}`);
  }
  return log;
}

function run(plans: readonly Plan[], servicePlan: ServicePlan): Promise<string[]> {
  const log: string[] = [];
  const brackets = plans.map((plan, index) => bracketOf(plan, index, log));
  return outcome(fuse(brackets, serviceOf(servicePlan, log)), log);
}

const plan = fc.record({
  enter: fc.constantFrom("go", "go", "go", "wait", "throw", "reject", undefined),
  rescue: fc.constantFrom("keep", "replace", undefined),
  exit: fc.constantFrom(true, undefined),
});
const servicePlan = fc.constantFrom<ServicePlan>("reply", "reject", "throw", "reject nothing");

describe("brackets", () => {
  it("are entered first to last and left last to first", async () => {
    const all = { enter: "go", exit: true } as const;
    assert.deepEqual(await run([all, all], "reply"), [
      "0 enter",
      "1 enter",
      "service",
      "1 exit reply to call -",
      "0 exit reply to call -",
      "= reply to call",
    ]);
  });

  it("are left only when they were entered: one that refuses is not", async () => {
    const all = { enter: "go", exit: true } as const;
    for (const enter of ["throw", "reject"] as const) {
      const log = await run([all, { enter, exit: true }, all], "reply");
      const message = enter === "throw" ? "1 threw" : "1 rejected";
      assert.deepEqual(log, ["0 enter", "1 enter", `0 exit - ${message}`, `= failed: ${message}`]);
    }
  });

  it("wait for one that waits, and then go on", async () => {
    const all = { enter: "go", exit: true } as const;
    const log = await run([all, { enter: "wait", exit: true }, all], "reject");
    assert.deepEqual(log, [
      "0 enter",
      "1 enter",
      "2 enter",
      "service",
      "2 exit - service rejected",
      "1 exit - service rejected",
      "0 exit - service rejected",
      "= failed: service rejected",
    ]);
  });

  it("may make another failure of a failure, for those above", async () => {
    const log = await run([{ exit: true }, { rescue: "replace", exit: true }], "throw");
    assert.deepEqual(log, [
      "service",
      "1 rescue service threw",
      "1 exit - 1 replaced",
      "0 exit - 1 replaced",
      "= failed: 1 replaced",
    ]);
  });

  it("always see an error when a call failed, even one without a reason", async () => {
    const log = await run([{ exit: true }], "reject nothing");
    assert.deepEqual(log.slice(1), [
      "0 exit - rejected without a reason",
      "= failed: rejected without a reason",
    ]);
  });

  it("do the same in one run as one by one, in a stack, and between other filters", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(plan, { minLength: 1, maxLength: 6 }),
        servicePlan,
        fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
        async (plans, ofService, isPlain) => {
          const fused = await run(plans, ofService);

          const nestedLog: string[] = [];
          const nested = plans
            .map((one, index) => bracketFilter(bracketOf(one, index, nestedLog)))
            .reduceRight<Service<string, string>>(
              (next, filter) => (within, call) => filter(within, call, next),
              serviceOf(ofService, nestedLog),
            );
          assert.deepEqual(await outcome(nested, nestedLog), fused);

          const stackLog: string[] = [];
          const entries = plans.map((one, index) => {
            const filter = bracketFilter(bracketOf(one, index, stackLog));
            // Without its mark it is a filter like any other, and ends the run.
            const plain: Filter<string, string> = (within, call, next) =>
              filter(within, call, next);
            return { role: `${index}`, why: "tested", filter: isPlain[index] ? plain : filter };
          });
          const stacked = stack(entries, serviceOf(ofService, stackLog));
          assert.deepEqual(await outcome(stacked, stackLog), fused);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("enter and leave in pairs, whatever happens", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(plan, { maxLength: 6 }), servicePlan, async (plans, ofService) => {
        const complete = plans.map((one) => ({
          ...one,
          enter: one.enter ?? "go",
          exit: true as const,
        }));
        const log = await run(complete, ofService);
        const names = (what: string): string[] =>
          log.filter((line) => line.includes(` ${what}`)).map((line) => line.split(" ")[0]!);
        const refused = complete.findIndex(({ enter }) => enter === "throw" || enter === "reject");
        const entered = refused < 0 ? names("enter") : names("enter").slice(0, refused);
        assert.deepEqual(names("exit"), entered.toReversed());
      }),
    );
  });
});
