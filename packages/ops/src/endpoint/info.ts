/** `/info`: what runs here, and since when. */
import { jsonReply } from "../http/reply.ts";
import type { Endpoint, OpsView } from "../ops-view.ts";

export interface OpsInfo {
  readonly Version: string;
  readonly StartTimeEpochSecs: number;
  readonly CurrentTimeEpochSecs: number;
  /** Such as `167h10m2s`. */
  readonly Uptime: string;
  readonly State: string;
}

export const infoEndpoint: Endpoint = (view, request) => jsonReply(request, describeInfo(view));

export function describeInfo({ sources, startEpochMs }: OpsView): OpsInfo {
  const start = Math.floor(startEpochMs / 1_000);
  const current = Math.floor(sources.clock.epochMs() / 1_000);
  return {
    Version: sources.version,
    StartTimeEpochSecs: start,
    CurrentTimeEpochSecs: current,
    Uptime: formatUptime(current - start),
    State: sources.state().kind,
  };
}

/** As Go writes durations: units above the largest that is not 0 are left out. */
export function formatUptime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60];
  if (hours > 0) return `${hours}h${minutes}m${whole % 60}s`;
  return minutes > 0 ? `${minutes}m${whole % 60}s` : `${whole}s`;
}
