/** What must hold when a run is over, whatever happened in it. */
import type { World } from "./world.ts";

/**
 * Throws with a list of what is left: scheduled timers, sockets whose onClose was not called,
 * open listeners. Close everything and run the world on for a while first.
 */
export function checkNothingLeft(world: World): void {
  const { clock, network } = world;
  const left = [
    ...network.openSockets().map((name) => `socket ${name}`),
    ...network.openListeners().map((name) => `listener ${name}`),
  ];
  if (clock.scheduledCount > 0) left.push(`${clock.scheduledCount} scheduled timers`);
  if (left.length > 0) {
    throw new Error(`left at the end of seed ${world.seed}:\n  ${left.join("\n  ")}`);
  }
}
