/**
 * What a part needs of the world around it, passed in: with the system's, it is production; with
 * the simulator's, a whole fleet runs in one process under virtual time.
 */
import type { Logger } from "./log/logger.ts";
import type { Network } from "./network/network.ts";
import type { Random } from "./random/random.ts";
import type { Clock } from "./time/clock.ts";

export interface Runtime {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly logger: Logger;
}
