/** What a recorded call costs. Run: `node packages/core/src/log/call-records.bench.ts` */
import { nanosPerTurn } from "../time/measure.ts";
import { SystemClock } from "../time/system-clock.ts";
import { AccessLog } from "./access-log.ts";
import { CallRecords } from "./call-records.ts";
import { silentLogger } from "./logger.ts";

const COUNT = 5_000_000;
const IN_FLIGHT = 32;

const clock = new SystemClock();
const records = new CallRecords({ clock });
const accessLog = new AccessLog({ clock, records, logger: silentLogger });
const method = records.methodId("FeedHistory.GetHistoryByRange");
const tickets = new Int32Array(IN_FLIGHT);

const rows: [string, number][] = [
  [
    "begin and end, one call at a time",
    nanosPerTurn(COUNT, (count) => {
      for (let turn = 0; turn < count; turn++) {
        records.end(records.begin(method, turn, "feed", "10.0.0.7:51234", turn), 0, 0.25);
      }
    }),
  ],
  [
    `begin and end, ${IN_FLIGHT} in flight`,
    nanosPerTurn(COUNT, (count) => {
      for (let turn = 0; turn < count; turn++) {
        const index = turn % IN_FLIGHT;
        records.end(tickets[index]!, 0, 0.25);
        tickets[index] = records.begin(method, turn, "feed", "10.0.0.7:51234", turn);
      }
    }),
  ],
  [
    "access log, a call without a line",
    nanosPerTurn(COUNT, (count) => {
      for (let turn = 0; turn < count; turn++) accessLog.ended(turn, 0, 0.25);
    }),
  ],
];
for (const [name, nanos] of rows) console.log(`${nanos.toFixed(1).padStart(8)} ns  ${name}`);
