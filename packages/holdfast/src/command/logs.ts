/** `holdfast logs`: one SSH session's story out of a log, and whether an audit file is whole. */
import { escapeControl } from "@holdfast/core";
import { type Command, CommandError, type CommandInput, EXIT, usageError } from "./command.ts";
import { openLogFile } from "./logs/open-log-file.ts";
import { readLines } from "./logs/read-lines.ts";
import { SessionFinder } from "./logs/session-finder.ts";
import { tellStory } from "./logs/tell-story.ts";
import { verifyChain } from "./logs/verify-chain.ts";
import type { Terminal } from "./terminal.ts";

const HELP = `holdfast logs: tells the story of one SSH session, or checks an audit file

usage: holdfast logs SESSIONKEY [FILE…]
       holdfast logs --verify FILE…

  SESSIONKEY   eight hexadecimal digits, as in /connections and on every line of the log
  FILE         log files of ssh-proxy, audit files and crash dumps too; those that end in .gz are
               unpacked, - is standard input; without any, standard input is read
  --json       prints the session's lines as they are, in the order in which things happened
  --verify     checks the hash chain of audit files, and says which line is the first bad one
  --debug      show stacks

Files may be large: they are read once, from the beginning, and not kept. Times are those since the
accept; what happened in a channel has the channel's number in brackets.

exit: 0 told, or whole; 1 no line has this key, or a file is not whole; 2 wrong usage, or a file
cannot be read

examples:
  holdfast logs 106abc0c ssh-proxy.log
  curl -s 'http://127.0.0.1:6060/forensics?key=106abc0c&format=lines' | holdfast logs 106abc0c
  holdfast logs --verify audit.log`;

export const logsCommand: Command = {
  name: "logs",
  summary: "tells the story of one SSH session; checks audit files",
  help: HELP,
  options: { json: { type: "boolean" }, verify: { type: "boolean" } },
  run: runLogs,
};

const SESSION_KEY = /^[0-9a-f]{8}$/;
/** A line of ours has a few KiB; what is longer is passed over. */
const LINE_MAX_BYTES = 64 * 1024;

async function runLogs(input: CommandInput, terminal: Terminal): Promise<number> {
  const { positionals, values } = input;
  if (values["verify"] === true) {
    if (values["json"] === true) throw usageError("--verify shows no lines: leave --json out", HOW);
    return verifyFiles(positionals, terminal);
  }
  const [word, ...files] = positionals;
  if (word === undefined) throw usageError("the SessionKey is missing", HOW);
  const sessionKey = word.toLowerCase();
  if (!SESSION_KEY.test(sessionKey)) {
    throw usageError(`${JSON.stringify(word)} is no SessionKey`, "it has 8 hexadecimal digits");
  }
  const finder = new SessionFinder(sessionKey);
  for (const file of files.length === 0 ? ["-"] : files) {
    const source = openLogFile(file, terminal);
    await readLines(source, LINE_MAX_BYTES, (line) => finder.take(line));
  }
  const { lines, leftOutCount } = finder.found();
  if (lines.length === 0) throw unknownKey(sessionKey, finder);
  const shown = values["json"] === true ? lines.map(({ text }) => text) : tellStory(lines);
  // In JSON what is escaped here means the same.
  terminal.out(shown.map(escapeControl).join("\n"));
  if (leftOutCount > 0) terminal.err(`${leftOutCount} more lines of it are left out`);
  return EXIT.ok;
}

const HOW = "holdfast logs SESSIONKEY [FILE…], or holdfast logs --verify FILE…";

async function verifyFiles(files: readonly string[], terminal: Terminal): Promise<number> {
  if (files.length === 0) throw usageError("the audit file is missing", HOW);
  let code: number = EXIT.ok;
  for (const file of files) {
    const { whole, text } = await verifyChain(openLogFile(file, terminal));
    terminal.out(escapeControl(`${file}: ${text}`));
    if (!whole) code = EXIT.failed;
  }
  return code;
}

function unknownKey(sessionKey: string, finder: SessionFinder): CommandError {
  const last = finder.lastLogins().map(({ sessionKey: key, account, at }) => {
    return escapeControl(`${key}  ${account}, ${at}`);
  });
  const advice =
    last.length === 0
      ? "there is no login at all in these lines: are they the log of ssh-proxy?"
      : ["the last who logged in:", ...last].join("\n");
  return new CommandError(EXIT.failed, `no line has the SessionKey ${sessionKey}`, advice);
}
