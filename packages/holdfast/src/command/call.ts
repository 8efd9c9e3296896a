/** `holdfast call`: one call to a running service, with nothing but its IDL. */
import { resolve } from "node:path";
import { type Address, parseAddress } from "@holdfast/core";
import type { Framing, ProtocolName } from "@holdfast/rpc";
import { compileIdlFile, formatProblem, type ProgramSchema, schemaOf } from "@holdfast/thrift";
import { readArguments } from "./call/arguments.ts";
import { findMethod, methodList } from "./call/find-method.ts";
import { placeCall } from "./call/place-call.ts";
import { showOutcome } from "./call/show-outcome.ts";
import {
  type Command,
  CommandError,
  type CommandInput,
  EXIT,
  type OptionValues,
  textOption,
  usageError,
} from "./command.ts";
import type { Terminal } from "./terminal.ts";

const HELP = `holdfast call: calls a method of a running service, without generated code

usage: holdfast call HOST:PORT Service.Method '{json}' --idl FILE [options]

  --idl FILE         the Thrift IDL of the service
  --deadline MS      how long the call may take, dialling included (default 5000)
  --framing NAME     ttheader (default: Holdfast, Kitex), framed or buffered (Apache Thrift)
  --protocol NAME    binary (default) or compact
  --caller NAME      who the service is told that calls (default holdfast-call)
  --request-id ID    what its log lines carry (default: a fresh one)
  --include DIR      also look for includes of the IDL there; may be given several times
  --debug            show stacks

The JSON holds the arguments by name: '{"name": "Ada"}'. A method with one struct for an argument
takes the struct itself too. An i64 may be a number or a string, binary is base64, an enum is its
name or number, a map is an object or a list of [key, value]. Unix sockets are unix:PATH.

The reply goes to standard output as JSON, everything else to standard error.
exit: 0 replied, 2 wrong usage, IDL or JSON (nothing was sent), 3 an exception that the IDL
declares (as JSON), 4 the call failed, 5 cannot connect

examples:
  holdfast call 127.0.0.1:9090 Greeter.Greet '{"name": "Ada"}' --idl idl/greeter.thrift
  holdfast call [::1]:9090 Greeter.Greet '{"name": "Ada"}' --idl idl/greeter.thrift \\
    --framing framed --deadline 200`;

export const callCommand: Command = {
  name: "call",
  summary: "calls a method of a running service",
  help: HELP,
  options: {
    idl: { type: "string" },
    deadline: { type: "string" },
    framing: { type: "string" },
    protocol: { type: "string" },
    caller: { type: "string" },
    "request-id": { type: "string" },
    include: { type: "string", multiple: true },
  },
  run: runCall,
};

const DEADLINE_DEFAULT_MS = "5000";
/** A day: what is longer is a typing mistake. */
const DEADLINE_MAX_MS = 86_400_000;
const FRAMINGS: readonly Framing[] = ["ttheader", "framed", "buffered"];
const PROTOCOLS: readonly ProtocolName[] = ["binary", "compact"];

async function runCall(input: CommandInput, terminal: Terminal): Promise<number> {
  const { positionals, values, debug } = input;
  const [place, method, json = "{}", ...more] = positionals;
  if (place === undefined) throw usageError("the address is missing", HOW);
  const address = readAddress(place);
  if (more.length > 0) {
    throw usageError(`${more[0]} is one word too many`, "put the JSON between single quotes");
  }
  const deadlineMs = readDeadline(values);
  const framing = readChoice(values, "framing", FRAMINGS);
  const protocol = readChoice(values, "protocol", PROTOCOLS);
  const program = readIdl(values, terminal);
  if (method === undefined) {
    throw usageError("the method is missing", `the IDL has ${methodList(program)}`);
  }
  const called = findMethod(program, method);
  const outcome = await placeCall({
    ...called,
    ...{ address, args: readArguments(called.method, json), deadlineMs, framing, protocol },
    caller: textOption(values, "caller") ?? "holdfast-call",
    requestId: textOption(values, "request-id"),
  });
  return showOutcome(outcome, called.method, debug, terminal);
}

const HOW = "holdfast call HOST:PORT Service.Method '{json}' --idl FILE";

function readAddress(place: string): Address {
  const address = parseAddress(place);
  if (address !== undefined) return address;
  const advice = "it must be HOST:PORT, such as 127.0.0.1:9090 or [::1]:9090, or unix:PATH";
  throw usageError(`${place} is no address`, advice);
}

function readDeadline(values: OptionValues): number {
  const text = textOption(values, "deadline") ?? DEADLINE_DEFAULT_MS;
  const deadlineMs = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (deadlineMs >= 1 && deadlineMs <= DEADLINE_MAX_MS) return deadlineMs;
  const advice = `it must be whole milliseconds from 1 to ${DEADLINE_MAX_MS}`;
  throw usageError(`--deadline is ${text}`, advice);
}

/** The first choice is the default. */
function readChoice<Choice extends string>(
  values: OptionValues,
  name: string,
  choices: readonly Choice[],
): Choice {
  const text = textOption(values, name) ?? choices[0];
  const choice = choices.find((each) => each === text);
  if (choice !== undefined) return choice;
  throw usageError(`--${name} is ${text}`, `it must be one of ${choices.join(", ")}`);
}

function readIdl(values: OptionValues, terminal: Terminal): ProgramSchema {
  const path = textOption(values, "idl");
  if (path === undefined) {
    throw usageError("--idl is missing", "add --idl FILE: the Thrift IDL of the service");
  }
  const { include } = values;
  const includePaths = Array.isArray(include)
    ? include.map((folder) => resolve(terminal.cwd, String(folder)))
    : [];
  const { program, problems } = compileIdlFile(resolve(terminal.cwd, path), { includePaths });
  if (program !== undefined) return schemaOf(program);
  const errors = problems.filter(({ severity }) => severity === "error");
  const advice = errors.map(formatProblem).join("\n");
  throw new CommandError(EXIT.usage, "the IDL has problems; nothing was sent", advice);
}
