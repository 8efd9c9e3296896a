/** What a subcommand is, and how it says that it cannot do what it was asked for. */
import type { ParseArgsOptionsConfig } from "node:util";
import type { Terminal } from "./terminal.ts";

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** All that `holdfast help NAME` prints. */
  readonly help: string;
  /** Without `--help` and `--debug`, which every command has. */
  readonly options: ParseArgsOptionsConfig;
  /** Resolves with the exit code; throws a CommandError for what the user can mend. */
  run(input: CommandInput, terminal: Terminal): Promise<number> | number;
}

export interface CommandInput {
  readonly positionals: readonly string[];
  readonly values: OptionValues;
  /** Stacks may be shown. */
  readonly debug: boolean;
}

export type OptionValues = Readonly<
  Record<string, string | boolean | readonly (string | boolean)[] | undefined>
>;

/** What the process ends with; part of what scripts rely on. */
export const EXIT = {
  ok: 0,
  /** The command did its work, and the answer is no: an IDL has problems, a file is stale. */
  failed: 1,
  /** The command line, the IDL or the JSON of a call is wrong; nothing was done. */
  usage: 2,
  /** The service answered with an exception that its IDL declares. */
  exception: 3,
  /** The service, or the way to it, refused or failed the call. */
  serviceError: 4,
  /** Nobody answers at the address. */
  cannotConnect: 5,
} as const;

/** Shown as `holdfast NAME: message` with the advice below it, and never with a stack. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number;
  /** What to do, as one line or several. */
  readonly advice: string;

  constructor(exitCode: number, message: string, advice: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
    this.advice = advice;
  }
}

/** A mistake on the command line. */
export function usageError(message: string, advice: string): CommandError {
  return new CommandError(EXIT.usage, message, advice);
}

/** The value of an option that takes a text. */
export function textOption(values: OptionValues, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}
