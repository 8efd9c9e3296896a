/** How likely it is that a connection is dropped before all places are taken. */
import type { AdmissionOptions } from "./front-options.ts";

/**
 * As MaxStartups of OpenSSH has it (start:rate:full): nothing below the start, the rate at the
 * start, and from there evenly up to 1 at the limit. 0 to 1.
 */
export function earlyDropProbability(
  options: Pick<AdmissionOptions, "unauthenticatedMax" | "earlyDropFromRatio" | "earlyDropRatio">,
  unauthenticated: number,
): number {
  const { unauthenticatedMax, earlyDropFromRatio, earlyDropRatio } = options;
  if (unauthenticated >= unauthenticatedMax) return 1;
  const start = unauthenticatedMax * earlyDropFromRatio;
  if (unauthenticated < start) return 0;
  const part = (unauthenticated - start) / (unauthenticatedMax - start);
  return earlyDropRatio + (1 - earlyDropRatio) * part;
}
