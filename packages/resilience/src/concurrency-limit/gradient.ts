/**
 * Finds how many calls a service can work on at once before they only wait for each other: the knee
 * of its curve. Pure bookkeeping: it is told how long work took, and says how many may be at work.
 *
 * Below the knee more calls are more throughput and the latency is that of a service without load;
 * above it the latency grows with the number of calls and the throughput stays. So the ratio of the
 * latency without load to the latency of now is the part of the calls that were worth having:
 *
 *     gradient = tolerance × latency without load / latency now
 *     limit    = limit × gradient + room for a queue, smoothed
 *
 * Where does the latency without load come from? A minimum is too low where latencies vary, and the
 * limit with it. A long average (Gradient2 of Netflix' concurrency-limits) rises with the overload
 * it should tell from normal, and the limit with it. Here it is a mean like the one it is compared
 * with, measured while there is no load to speak of: when few calls come anyway, and otherwise in
 * probes, which halve the limit for a moment. Since few calls can only be faster than many, what
 * is faster than the known latency lowers it at any time. A limit that has fallen by half without
 * help asks for a probe at once: it may be the service that has become slower, not its queue.
 */

export interface GradientOptions {
  readonly callsInitial: number;
  readonly callsMin: number;
  readonly callsMax: number;
  readonly toleranceRatio: number;
  readonly smoothing: number;
  readonly windowMs: number;
  readonly windowCallsMin: number;
  readonly probeIntervalMs: number;
}

/** Room for a queue grows with the root of the limit, as the fluctuations of many calls do. */
const QUEUE_ROOM = 0.3;
/** One window takes away at most half of the limit, before smoothing. */
const GRADIENT_MIN = 0.5;
/** What a probe leaves of the limit. */
const PROBE_RATIO = 0.5;
/** A limit below this part of what it was at the last probe asks for another. */
const FALLEN_RATIO = 0.6;
/** And one above this: a service that became faster can be overloaded at its old latency. */
const RISEN_RATIO = 1.5;
/** The pause between probes, in lengths of a probe: they cost at most a fortieth of throughput, */
const PROBE_PAUSE = 20;
/** and somewhat more as long as each finds something new. */
const PROBE_PAUSE_NEWS = 4;
/** The first pause; it doubles up to the option while probes find nothing new. */
const PROBE_PAUSE_FIRST_MS = 500;
/** A probe found something new when it differs by more than this. */
const NEWS_RATIO = 1.1;
/** How much one window without load counts. */
const BASE_SMOOTHING = 0.2;
/** How much one window counts in what is compared with the known latency. */
const RECENT_SMOOTHING = 0.2;
/** A probe goes on until its mean is as exact as this, as a part of it, */
const PROBE_ERROR_RATIO = 0.05;
/** but not for more than this many windows. */
const PROBE_WINDOWS_MAX = 4;
/** How much one probe counts, which is a window that was paid for. */
const PROBE_SMOOTHING = 0.7;

type Phase =
  | { readonly kind: "measuring" }
  /** Until calls that began before the probe have ended. */
  | { readonly kind: "settling"; readonly sinceMs: number; readonly untilMs: number }
  | { readonly kind: "probing"; readonly sinceMs: number };

const MEASURING: Phase = { kind: "measuring" };

export class Gradient {
  private options: GradientOptions;
  private estimate: number;
  private phase: Phase = MEASURING;
  private readonly window = new LatencyWindow();
  /** The latency without load; 0 until something was measured. */
  private base = 0;
  private latest = 0;
  /** The mean latency of the last windows. */
  private recent = 0;
  private probed = 0;
  private estimateAtProbe: number;
  private probePauseMs = PROBE_PAUSE_FIRST_MS;
  private nextProbeMs = 0;

  constructor(options: GradientOptions) {
    this.options = options;
    this.estimate = options.callsInitial;
    this.estimateAtProbe = options.callsInitial;
  }

  /** Calls that may be at work now. */
  get limit(): number {
    const { callsMin } = this.options;
    const now = this.phase.kind === "measuring" ? this.estimate : this.estimate * PROBE_RATIO;
    return Math.max(callsMin, Math.floor(now));
  }

  /** The latency without load, as far as it is known, in ms. */
  get baseMs(): number {
    return this.base;
  }

  /** The mean latency of the last window, in ms. */
  get latencyMs(): number {
    return this.latest;
  }

  /** How many probes there were. */
  get probes(): number {
    return this.probed;
  }

  setOptions(options: GradientOptions): void {
    this.options = options;
    this.estimate = this.clamp(this.estimate);
  }

  /** Work has ended after `latencyMs`, and `calls` were at work, it included. */
  sample(nowMs: number, latencyMs: number, calls: number): void {
    const { phase, window, options } = this;
    if (phase.kind === "settling") {
      if (nowMs < phase.untilMs || calls > this.limit) return;
      this.phase = { kind: "probing", sinceMs: phase.sinceMs };
      window.begin(nowMs);
      return;
    }
    window.add(nowMs, latencyMs, calls);
    if (window.count < options.windowCallsMin || window.ageMs(nowMs) < options.windowMs) return;
    if (phase.kind === "probing") {
      const isLong = window.ageMs(nowMs) >= PROBE_WINDOWS_MAX * options.windowMs;
      if (!isLong && window.errorRatio > PROBE_ERROR_RATIO) return;
      this.endProbe(nowMs, phase.sinceMs);
    } else this.endWindow(nowMs);
    window.begin(nowMs);
  }

  private endWindow(nowMs: number): void {
    const { window, options } = this;
    const meanMs = window.meanMs;
    this.latest = meanMs;
    if (this.base === 0) {
      this.base = meanMs;
      this.recent = meanMs;
    }
    this.recent += (meanMs - this.recent) * RECENT_SMOOTHING;
    // Half of the limit was never used: whatever the latency is, the limit is not to blame.
    const unloaded = window.callsMax < this.estimate / 2;
    // Nothing lower can be tried.
    const lowest = this.estimate <= options.callsMin;
    if (unloaded || lowest || this.recent < this.base) {
      this.base += (this.recent - this.base) * BASE_SMOOTHING;
    }
    if (unloaded) return;
    this.move(meanMs);
    if (lowest || options.probeIntervalMs === Infinity) return;
    const moved = this.estimate / this.estimateAtProbe;
    if (nowMs >= this.nextProbeMs || moved < FALLEN_RATIO || moved > RISEN_RATIO) {
      this.beginProbe(nowMs);
    }
  }

  private move(meanMs: number): void {
    const { toleranceRatio, smoothing } = this.options;
    // Above 1 as far as noise goes below it, or noise alone would lower the limit.
    const ratio = meanMs > 0 ? this.base / meanMs : 1;
    const gradient = clampTo(toleranceRatio * ratio, GRADIENT_MIN, toleranceRatio);
    const aim = this.estimate * gradient + QUEUE_ROOM * Math.sqrt(this.estimate);
    // What was not used up needs no more room: growing all the same, the limit would be far too
    // high when the load comes.
    if (aim > this.estimate && this.window.callsMax < Math.floor(this.estimate)) return;
    this.estimate = this.clamp(this.estimate + (aim - this.estimate) * smoothing);
  }

  private beginProbe(nowMs: number): void {
    this.probed++;
    this.phase = { kind: "settling", sinceMs: nowMs, untilMs: nowMs + this.window.slowestMs };
  }

  private endProbe(nowMs: number, sinceMs: number): void {
    const { probeIntervalMs } = this.options;
    const meanMs = this.window.meanMs;
    const ratio = meanMs / this.base;
    const isNews = ratio > NEWS_RATIO || ratio < 1 / NEWS_RATIO;
    this.base += (meanMs - this.base) * PROBE_SMOOTHING;
    this.probePauseMs = isNews ? PROBE_PAUSE_FIRST_MS : this.probePauseMs * 2;
    this.probePauseMs = Math.min(this.probePauseMs, probeIntervalMs);
    const lengths = isNews ? PROBE_PAUSE_NEWS : PROBE_PAUSE;
    this.nextProbeMs = nowMs + Math.max(this.probePauseMs, lengths * (nowMs - sinceMs));
    this.recent = this.base;
    this.estimateAtProbe = this.estimate;
    this.phase = MEASURING;
  }

  private clamp(estimate: number): number {
    return clampTo(estimate, this.options.callsMin, this.options.callsMax);
  }
}

/** What ended since some moment. */
class LatencyWindow {
  count = 0;
  callsMax = 0;
  slowestMs = 0;
  private sumMs = 0;
  private sumOfSquares = 0;
  private beganMs = NaN;

  get meanMs(): number {
    return this.sumMs / this.count;
  }

  /** The standard error of the mean, as a part of it. */
  get errorRatio(): number {
    const { count, meanMs } = this;
    const variance = Math.max(0, this.sumOfSquares / count - meanMs * meanMs);
    return Math.sqrt(variance / count) / meanMs;
  }

  ageMs(nowMs: number): number {
    return nowMs - this.beganMs;
  }

  begin(nowMs: number): void {
    this.count = 0;
    this.callsMax = 0;
    this.slowestMs = 0;
    this.sumMs = 0;
    this.sumOfSquares = 0;
    this.beganMs = nowMs;
  }

  add(nowMs: number, latencyMs: number, calls: number): void {
    if (Number.isNaN(this.beganMs)) this.beganMs = nowMs;
    this.count++;
    this.sumMs += latencyMs;
    this.sumOfSquares += latencyMs * latencyMs;
    if (calls > this.callsMax) this.callsMax = calls;
    if (latencyMs > this.slowestMs) this.slowestMs = latencyMs;
  }
}

function clampTo(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
