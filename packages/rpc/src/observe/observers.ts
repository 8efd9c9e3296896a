/** What a process shares between its servers, its clients and its ops port. */
import {
  AccessLog,
  CallRecords,
  RequestIds,
  type Runtime,
  StateRegistry,
  StatsRegistry,
} from "@holdfast/core";

export interface Observers {
  readonly stats: StatsRegistry;
  readonly records: CallRecords;
  readonly accessLog: AccessLog;
  readonly state: StateRegistry;
  readonly requestIds: RequestIds;
}

export function createObservers(runtime: Runtime): Observers {
  const { clock, logger } = runtime;
  const requestIds = new RequestIds(runtime.random.stream("request-ids"));
  const records = new CallRecords({ clock, requestIds });
  const accessLog = new AccessLog({ clock, records, logger });
  const stats = new StatsRegistry();
  return { stats, records, accessLog, state: new StateRegistry(), requestIds };
}
