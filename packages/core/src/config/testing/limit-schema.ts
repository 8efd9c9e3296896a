/** For tests: a policy with a field of each kind, and one whose values must go together. */
import type { LiveSchema } from "../live-schema.ts";

export interface LimitLive {
  readonly callsMax: number;
  readonly ratio: number;
  readonly dark: boolean;
  readonly mode: "fixed" | "adaptive";
  readonly reason: string | undefined;
  readonly fallback: unknown;
}

export const LIMIT_LIVE: LiveSchema<LimitLive> = {
  policy: "limit",
  fields: {
    callsMax: { kind: "number", unit: "calls", min: 1, max: 1_000, whole: true },
    ratio: { kind: "number", unit: "ratio", min: 0, max: 1 },
    dark: { kind: "boolean" },
    mode: { kind: "choice", choices: ["fixed", "adaptive"] },
    reason: { kind: "text", lengthMax: 10, optional: true },
    fallback: { kind: "json" },
  },
};

export const LIMIT_DEFAULTS: LimitLive = {
  callsMax: 100,
  ratio: 0.5,
  dark: false,
  mode: "fixed",
  reason: undefined,
  fallback: null,
};

export interface PauseLive {
  readonly pauseMinMs: number;
  readonly pauseMaxMs: number;
}

export const PAUSE_LIVE: LiveSchema<PauseLive> = {
  policy: "pause",
  fields: {
    pauseMinMs: { kind: "number", unit: "ms", min: 1, max: 10_000 },
    pauseMaxMs: { kind: "number", unit: "ms", min: 1, max: 10_000 },
  },
  check: ({ pauseMinMs, pauseMaxMs }) =>
    pauseMinMs > pauseMaxMs
      ? `pauseMinMs ${pauseMinMs} is above pauseMaxMs ${pauseMaxMs}`
      : undefined,
};

export const PAUSE_DEFAULTS: PauseLive = { pauseMinMs: 10, pauseMaxMs: 100 };
