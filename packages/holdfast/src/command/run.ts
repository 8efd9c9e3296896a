/** From the command line to a subcommand, and from what it throws to a few clear lines. */
import { parseArgs } from "node:util";
import { type Command, CommandError, type CommandInput, EXIT, usageError } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { nearest } from "./nearest.ts";
import type { Terminal } from "./terminal.ts";
import { holdfastVersion } from "./version.ts";

const ASK_FOR_HELP = "holdfast --help lists the commands";

/** Resolves with the exit code; never rejects. */
export async function runHoldfast(args: readonly string[], terminal: Terminal): Promise<number> {
  const [first, ...rest] = args;
  let speaker = "holdfast";
  try {
    if (first === undefined) {
      terminal.err(overview());
      return EXIT.usage;
    }
    if (first === "--help" || first === "-h") return print(terminal, overview());
    if (first === "--version" || first === "-v") return print(terminal, holdfastVersion());
    if (first === "help") return print(terminal, helpOf(rest));
    const command = findCommand(first);
    speaker = `holdfast ${command.name}`;
    if (rest.some((arg) => arg === "--help" || arg === "-h")) return print(terminal, command.help);
    return await command.run(parse(command, rest), terminal);
  } catch (error) {
    return explain(error, speaker, rest.includes("--debug"), terminal);
  }
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const list = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `holdfast: Thrift services that stay up

usage: holdfast COMMAND …

${list.join("\n")}
  ${"help".padEnd(width)}  says all about a command: holdfast help call

  --version  the release        --debug  after a command: shows stacks

examples:
  holdfast new greeter
  holdfast gen idl/greeter.thrift --out src/gen
  holdfast call 127.0.0.1:9090 Greeter.Greet '{"name": "Ada"}' --idl idl/greeter.thrift`;
}

function print(terminal: Terminal, text: string): number {
  terminal.out(text);
  return EXIT.ok;
}

function helpOf(words: readonly string[]): string {
  const [name] = words;
  return name === undefined ? overview() : findCommand(name).help;
}

function findCommand(name: string): Command {
  const found = COMMANDS.find((command) => command.name === name);
  if (found !== undefined) return found;
  const close = nearest(name, [...COMMANDS.map((command) => command.name), "help"]);
  const advice = close === undefined ? ASK_FOR_HELP : `did you mean ${close}? ${ASK_FOR_HELP}`;
  const what = name.startsWith("-") ? "option" : "command";
  throw usageError(`there is no ${what} ${JSON.stringify(name)}`, advice);
}

function parse(command: Command, args: readonly string[]): CommandInput {
  const options = { ...command.options, debug: { type: "boolean" } } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { values, positionals, debug: values.debug === true };
  } catch (error) {
    throw parseError(command, Object.keys(options), error);
  }
}

/** Node's words are right but long; the name of the option is what matters. */
function parseError(command: Command, names: readonly string[], error: unknown): CommandError {
  const { code, message } = error as NodeJS.ErrnoException;
  const help = `holdfast help ${command.name} lists the options`;
  const [, given = ""] = /'(-[^' ]*)/.exec(message) ?? [];
  if (code !== "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    return usageError(message.split(".")[0] ?? message, help);
  }
  const close = nearest(given.replace(/^-+/, ""), names);
  const advice = close === undefined ? help : `did you mean --${close}? ${help}`;
  return usageError(`there is no option ${given}`, advice);
}

function explain(error: unknown, speaker: string, debug: boolean, terminal: Terminal): number {
  if (error instanceof CommandError) {
    const advice = error.advice.replace(/^/gm, "  ");
    terminal.err(`${speaker}: ${error.message}\n${advice}`);
    if (debug) terminal.err(stackOf(error.cause ?? error));
    return error.exitCode;
  }
  const message = error instanceof Error ? error.message : String(error);
  const advice = debug ? stackOf(error) : "  run it again with --debug to see where";
  terminal.err(`${speaker}: ${message}\n${advice}`);
  return EXIT.failed;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
