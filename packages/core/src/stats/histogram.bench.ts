/** What recording one value costs. Run: `node packages/core/src/stats/histogram.bench.ts` */
import { nanosPerTurn } from "../time/measure.ts";
import { Counter } from "./counter.ts";
import { Histogram } from "./histogram.ts";

const COUNT = 5_000_000;

const histogram = new Histogram();
const counter = new Counter();

const rows: [string, number][] = [
  [
    "histogram.record, spread over 13 powers of two",
    nanosPerTurn(COUNT, (count) => {
      for (let turn = 0; turn < count; turn++) histogram.record((turn & 0xffff) * 0.013);
    }),
  ],
  [
    "counter.add",
    nanosPerTurn(COUNT, (count) => {
      for (let turn = 0; turn < count; turn++) counter.add(turn & 1);
    }),
  ],
];
for (const [name, nanos] of rows) console.log(`${nanos.toFixed(1).padStart(8)} ns  ${name}`);
