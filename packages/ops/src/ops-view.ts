/** What the endpoints see of the process. They change nothing but through `drain`. */
import type {
  CallRecords,
  Clock,
  ConfigView,
  LifecycleState,
  Logger,
  StateRegistry,
  StatsRegistry,
} from "@holdfast/core";
import type { OpsReply, OpsRequest } from "./http/reply.ts";

export interface OpsSources {
  /** What the process is called, such as `feed-history`. */
  readonly name: string;
  /** See `describeVersion`. */
  readonly version: string;
  readonly clock: Clock;
  readonly registry: StateRegistry;
  readonly stats: StatsRegistry;
  /** Asked at every request: the lifecycle is made after its parts. */
  readonly state: () => LifecycleState;
  /** Starts an orderly end and returns at once. */
  readonly drain: (reason: string) => void;
  /** Default: `/calls` shows none. */
  readonly calls?: CallRecords;
  /** The process' LiveConfig; default: `/config` says that there is none. */
  readonly config?: ConfigView;
  /** Default: says nothing. */
  readonly logger?: Logger;
  /**
   * Pages of the service's own, shown on the index behind the others; default none. One with the
   * path of a page that is there already takes its place. Checked when the port is made.
   */
  readonly routes?: readonly OpsRoute[];
  /** When the process started, milliseconds since the Unix epoch; default: now. */
  readonly startEpochMs?: number;
}

export interface OpsView {
  readonly sources: OpsSources;
  readonly startEpochMs: number;
  readonly routes: readonly OpsRoute[];
}

/**
 * Answers one request, at once: it shows what there is, or sets something going. What it throws
 * becomes a 500 and a line in the log.
 */
export type Endpoint = (view: OpsView, request: OpsRequest) => OpsReply;

export interface OpsRoute {
  /**
   * Such as `/info`. One part may be a parameter, `/connections/:key/close`: anything of letters,
   * digits and `_.~-`, up to 128 of them, which the endpoint finds in the request.
   */
  readonly path: string;
  /** A GET changes nothing, and answers HEAD too. */
  readonly method: "GET" | "POST";
  readonly endpoint: Endpoint;
  /** The heading under which the index shows it. */
  readonly group: string;
  readonly description: string;
}
