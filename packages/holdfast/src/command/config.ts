/** `holdfast config`: the live configuration of running processes, in etcd or in a file. */
import { complaintAboutPath, silentLogger } from "@holdfast/core";
import { systemRuntime } from "../system-runtime.ts";
import { type Command, type CommandInput, usageError } from "./command.ts";
import { changeDocument, rollBack, type Workplace } from "./config/change-config.ts";
import { openProcesses, openStore, STORE_OPTIONS } from "./config/open-store.ts";
import { showDocuments, showHistory } from "./config/show-config.ts";
import { nearest } from "./nearest.ts";
import type { Terminal } from "./terminal.ts";

const HELP = `holdfast config: reads and changes the live configuration of running processes

usage: holdfast config get [PATH] STORE
       holdfast config diff PATH DOCUMENT STORE [--ops URL]
       holdfast config set PATH DOCUMENT STORE [--ops URL] [--why TEXT]
       holdfast config rollback PATH STORE [--to REVISION] [--ops URL]
       holdfast config history PATH STORE

PATH is CALLER/CALLEE/METHOD, each a name or *. DOCUMENT is JSON, '{"retry": {"triesMax": 2}}',
which replaces what is there; or fields, retry.triesMax=2, that are set, or taken away
(retry.triesMax=); or null, which takes the document away. STORE is --etcd or --file.

  --etcd HOST:PORT   members of etcd, separated by commas
  --file FILE        a watched file
  --prefix TEXT      below which etcd has it (default /holdfast/config/)
  --user NAME        who logs in to etcd; the password is taken from HOLDFAST_ETCD_PASSWORD
  --ca FILE          trusts this authority, and speaks TLS; with --cert FILE and --key FILE
  --cert FILE        the certificate that is shown to etcd, in PEM form
  --key FILE         its key
  --ops URL          the ops port of a process: shows which of its calls the change is for, how many
                     there are now, and each value before and after; may be given several times
                     (HOLDFAST_OPS_TOKEN is sent to it)
  --expect REVISION  write only if the document still has this revision (get shows it)
  --to REVISION      which version to go back to (history shows them); default: the one before
  --why TEXT         kept with the change      --by NAME  who makes it (default: you, here)

diff shows what set would do. set writes only if nobody wrote that document since it was read, and
keeps the version before, with who and when; with --ops it waits until those processes have taken
it. A second rollback takes the first one back.

exit: 0 done, 1 somebody else was faster, there is no such version, or a process did not take what
was written, 2 wrong usage or document (nothing was written), 4 etcd refused, 5 nobody answers

examples:
  holdfast config get --etcd 127.0.0.1:2379
  holdfast config diff feed/history/Get retry.triesMax=2 --etcd 127.0.0.1:2379 \\
    --ops http://127.0.0.1:6060
  holdfast config set '*/history/*' '{"retry": {"triesMax": 1}}' --file live.json --why "slow disk"
  holdfast config rollback '*/history/*' --file live.json`;

export const configCommand: Command = {
  name: "config",
  summary: "reads and changes live configuration, with a look at what it would do",
  help: HELP,
  options: {
    ...STORE_OPTIONS,
    ops: { type: "string", multiple: true },
    expect: { type: "string" },
    to: { type: "string" },
    why: { type: "string" },
    by: { type: "string" },
  },
  run: runConfig,
};

const ACTIONS = ["get", "diff", "set", "rollback", "history"];

async function runConfig(input: CommandInput, terminal: Terminal): Promise<number> {
  const [action, path, ...words] = input.positionals;
  if (action === undefined || !ACTIONS.includes(action)) throw noAction(action);
  if (path === undefined && action !== "get") {
    throw usageError("the path is missing", "it must be CALLER/CALLEE/METHOD, each a name or *");
  }
  const complaint = path === undefined ? undefined : complaintAboutPath(path);
  if (complaint !== undefined) {
    throw usageError(`the path ${JSON.stringify(path)} ${complaint}`, "such as feed/history/*");
  }
  const changes = action === "set" || action === "diff";
  if (!changes && words.length > 0) throw usageError(`${words[0]} is one word too many`, SEE_HELP);
  const runtime = systemRuntime({ logger: silentLogger });
  const processes = openProcesses(input, runtime);
  const store = openStore(input.values, runtime, terminal);
  try {
    const place = { store, processes, runtime, terminal, values: input.values };
    return await runAction(action, place, path, words);
  } finally {
    store.close();
  }
}

const SEE_HELP = "holdfast help config shows how";

function runAction(
  action: string,
  place: Workplace,
  path: string | undefined,
  words: readonly string[],
): Promise<number> {
  const { store, terminal } = place;
  if (path === undefined || action === "get") return showDocuments(store, path, terminal);
  if (action === "history") return showHistory(store, path, terminal);
  if (action === "rollback") return rollBack(place, path);
  return changeDocument(place, path, words, action === "set");
}

function noAction(action: string | undefined): Error {
  const list = `there are ${ACTIONS.join(", ")}; ${SEE_HELP}`;
  if (action === undefined) return usageError("what to do is missing", list);
  const close = nearest(action, ACTIONS);
  const advice = close === undefined ? list : `did you mean ${close}? ${list}`;
  return usageError(`there is no action ${JSON.stringify(action)}`, advice);
}
