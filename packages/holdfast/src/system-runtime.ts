/** The world as production has it: the system's clock, randomness and network, and a log. */
import { type Logger, type Runtime, SystemClock, systemRandom } from "@holdfast/core";
import { createPinoLogger } from "@holdfast/ops";
import { TcpNetwork } from "@holdfast/rpc";

export interface SystemRuntimeOptions {
  /** Default: JSON lines on standard output, from level `info` on. */
  readonly logger: Logger;
}

/** One for each process: its clock's one timer serves every deadline of the process. */
export function systemRuntime(options: Partial<SystemRuntimeOptions> = {}): Runtime {
  const clock = new SystemClock();
  return {
    clock,
    random: systemRandom(),
    network: new TcpNetwork(clock),
    logger: options.logger ?? createPinoLogger({ clock }),
  };
}
