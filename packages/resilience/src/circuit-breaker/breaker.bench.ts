/**
 * What a closed breaker costs a call, alone and as a filter. Run:
 * `node packages/resilience/src/circuit-breaker/breaker.bench.ts`
 */
import {
  createContext,
  nanosPerTurn,
  nanosPerTurnAsync,
  type Service,
  stack,
  SystemClock,
  systemRandom,
} from "@holdfast/core";
import { CircuitBreaker } from "./filter.ts";

const COUNT = 300_000;

const clock = new SystemClock();
const context = createContext({ clock });
const key = { caller: "bench", callee: "bare", method: "call" };
const traits = { keyOf: () => key, isIdempotent: () => false };
const circuitBreaker = new CircuitBreaker<number, number>({
  ...{ clock, random: systemRandom(), traits },
});
const { filter } = circuitBreaker;
const service: Service<number, number> = async (_context, call) => call;
const entry = { role: "circuit-breaker", why: "measured", filter };

function show(name: string, nanos: number): void {
  console.log(`${nanos.toFixed(1).padStart(8)} ns  ${name}`);
}

async function measure(name: string, called: Service<number, number>): Promise<void> {
  const nanos = await nanosPerTurnAsync(COUNT, async (count) => {
    for (let turn = 0; turn < count; turn++) await called(context, turn);
  });
  show(name, nanos);
}

const breaker = circuitBreaker.breakerOf(key)!;
const nanos = nanosPerTurn(COUNT, (count) => {
  for (let turn = 0; turn < count; turn++) breaker.settle(breaker.tryAcquire(), "success");
});
show("tryAcquire and settle", nanos);
await measure("the service alone", service);
await measure("with the filter around it", (within, call) => filter(within, call, service));
await measure("with the filter in a stack", stack([entry], service));
