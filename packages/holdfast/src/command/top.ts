/** `holdfast top`: the circuit breakers of one running process, live. */
import { createContext, keepProcessAlive, SystemClock } from "@holdfast/core";
import { type Command, type CommandInput, EXIT, textOption, usageError } from "./command.ts";
import type { Terminal } from "./terminal.ts";
import { OpsPort } from "./top/ops-port.ts";
import { LOOK_TIMEOUT_MS, watchPort } from "./top/watch.ts";

const HELP = `holdfast top: shows the circuit breakers of a running process, closed ones too

usage: holdfast top [URL] [options]

  URL                the process's ops port (default http://127.0.0.1:6060)
  --once             prints the table once; so does output that is no terminal
  --interval MS      from one look to the next (default 1000)
  --debug            show stacks

What is wrong stands first. Calls, failures and timeouts are those of the last ten seconds. A port
that wants a token gets the one in HOLDFAST_OPS_TOKEN. Ctrl-C ends.

exit: 0 shown, 2 wrong usage, 4 the process refuses, or is something else, 5 cannot connect

examples:
  holdfast top
  holdfast top 127.0.0.1:6061 --once
  HOLDFAST_OPS_TOKEN=$(cat token) holdfast top http://10.0.0.7:6060`;

export const topCommand: Command = {
  name: "top",
  summary: "shows the circuit breakers of a running process",
  help: HELP,
  options: {
    once: { type: "boolean" },
    interval: { type: "string" },
  },
  run: runTop,
};

const DEFAULT_URL = "http://127.0.0.1:6060";
const INTERVAL_DEFAULT_MS = "1000";
const INTERVAL_MIN_MS = 100;
const INTERVAL_MAX_MS = 3_600_000;
/** As many as the ops port shows at once. */
const BREAKERS_MAX = 10_000;

async function runTop(input: CommandInput, terminal: Terminal): Promise<number> {
  const { positionals, values } = input;
  const [place = DEFAULT_URL, ...more] = positionals;
  if (more.length > 0) throw usageError(`${more[0]} is one word too many`, HOW);
  const intervalMs = readInterval(textOption(values, "interval") ?? INTERVAL_DEFAULT_MS);
  const port = new OpsPort(readUrl(place), process.env["HOLDFAST_OPS_TOKEN"]);
  const clock = new SystemClock();
  const release = keepProcessAlive();
  try {
    const screen = values["once"] === true ? undefined : terminal.openScreen?.();
    if (screen !== undefined) await watchPort({ port, screen, clock, intervalMs });
    else {
      const context = createContext({ clock }).withTimeout(LOOK_TIMEOUT_MS);
      terminal.out((await port.read(context, BREAKERS_MAX)).join("\n"));
    }
    return EXIT.ok;
  } finally {
    release();
  }
}

const HOW = "holdfast top [URL]";

/** The origin alone, with the scheme that may be left out. */
function readUrl(place: string): string {
  const text = place.includes("://") ? place : `http://${place}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url?.pathname === "/" && url.search === "" && url.username === "";
  if (url !== undefined && plain && /^https?:$/.test(url.protocol)) return url.origin;
  const advice = "it must be the address of an ops port, such as http://127.0.0.1:6060";
  throw usageError(`${place} is no address`, advice);
}

function readInterval(text: string): number {
  const intervalMs = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (intervalMs >= INTERVAL_MIN_MS && intervalMs <= INTERVAL_MAX_MS) return intervalMs;
  const advice = `it must be whole milliseconds from ${INTERVAL_MIN_MS} to ${INTERVAL_MAX_MS}`;
  throw usageError(`--interval is ${text}`, advice);
}
