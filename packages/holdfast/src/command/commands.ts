/** The subcommands, in the order in which `holdfast --help` shows them. */
import { callCommand } from "./call.ts";
import type { Command } from "./command.ts";
import { configCommand } from "./config.ts";
import { genCommand } from "./gen.ts";
import { logsCommand } from "./logs.ts";
import { newCommand } from "./new.ts";
import { topCommand } from "./top.ts";
import { upCommand } from "./up.ts";

export const COMMANDS: readonly Command[] = [
  newCommand,
  genCommand,
  callCommand,
  topCommand,
  configCommand,
  logsCommand,
  upCommand,
];
