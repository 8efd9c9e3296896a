/** `holdfast new`: a small service that runs and tests at once. */
import { readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import {
  type Command,
  CommandError,
  type CommandInput,
  EXIT,
  textOption,
  usageError,
} from "./command.ts";
import { findDependencies } from "./new/dependencies.ts";
import { checkServiceName } from "./new/service-name.ts";
import { serviceFiles } from "./new/service-files.ts";
import type { Terminal } from "./terminal.ts";
import { writeFiles } from "./write-files.ts";

const HELP = `holdfast new: makes a small service that runs and tests at once

usage: holdfast new NAME [options]

  NAME         lower-case words joined by dashes, such as feed-counter
  --dir DIR    where it is made (default ./NAME); must be empty or not there yet
  --local DIR  take Holdfast from the packed .tgz files in DIR, not from the npm registry

It has an IDL, a handler, a main of ten lines, a test that calls it, and a README.
exit: 0 done, 1 it cannot be written, 2 wrong usage

examples:
  holdfast new greeter && cd greeter && npm install && npm test && npm start
  holdfast new feed-counter --dir services/feed-counter`;

export const newCommand: Command = {
  name: "new",
  summary: "makes a small service that runs and tests at once",
  help: HELP,
  options: { dir: { type: "string" }, local: { type: "string" } },
  run: runNew,
};

async function runNew({ positionals, values }: CommandInput, terminal: Terminal): Promise<number> {
  const [name, ...more] = positionals;
  if (name === undefined) throw usageError("the name is missing", "holdfast new greeter");
  if (more.length > 0) {
    const advice = `a name is one word; did you mean ${[name, ...more].join("-")}?`;
    throw usageError("more than one name was given", advice);
  }
  checkServiceName(name);
  const folder = resolve(terminal.cwd, textOption(values, "dir") ?? name);
  refuseOccupied(folder);
  const local = textOption(values, "local");
  const from = local === undefined ? undefined : resolve(terminal.cwd, local);
  const dependencies = await findDependencies(folder, from);
  const files = serviceFiles(name, dependencies);
  writeFiles(folder, files);
  const place = relative(terminal.cwd, folder) || ".";
  terminal.out(`made ${name} in ${place}: ${files.size} files`);
  terminal.out(nextSteps(place));
  return EXIT.ok;
}

/** Nobody's files are written over. */
function refuseOccupied(folder: string): void {
  let entries: string[];
  try {
    entries = readdirSync(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return;
    const advice = "choose another folder with --dir";
    throw new CommandError(EXIT.usage, `cannot use ${folder}: ${message}`, advice, error);
  }
  if (entries.length === 0) return;
  throw usageError(`${folder} is not empty`, "choose another folder with --dir, or empty it first");
}

function nextSteps(place: string): string {
  const enter =
    place === "." ? "" : `cd ${place.includes(" ") ? JSON.stringify(place) : place} && `;
  return `next:
  ${enter}npm install
  npm test
  npm start
${join(place, "README.md")} says how to call it.`;
}
