/** The command line that is sent to a backend, whose shell reads it: made anew, never passed on. */
import { ServiceError } from "holdfast";
import type { Command } from "./command.ts";
import { quoteForShell } from "./shell-quote.ts";

/** What Linux takes as a path. */
const PATH_MAX_BYTES = 4_096;
// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * The command with `path`, which the router gave, in place of the repository. Throws a
 * ServiceError (`internal`, for the route is wrong and not the user) when the path is empty, longer
 * than 4,096 bytes, begins with a dash, or has a control character.
 */
export function formatBackendCommand(command: Command, path: string): string {
  const complaint = complaintAboutPath(path);
  if (complaint !== undefined) throw new ServiceError("internal", `the route's path ${complaint}`);
  const word = quoteForShell(path);
  switch (command.verb) {
    case "hg-serve":
      return `hg -R ${word} serve --stdio`;
    case "git-lfs-authenticate":
      return `git-lfs-authenticate ${word} ${command.operation}`;
    default:
      return `${command.verb} ${word}`;
  }
}

function complaintAboutPath(path: string): string | undefined {
  if (path === "") return "is empty";
  if (path.startsWith("-")) return "begins with a dash";
  if (CONTROL.test(path)) return "has a control character";
  if (!path.isWellFormed()) return "is no valid Unicode";
  if (Buffer.byteLength(path) > PATH_MAX_BYTES) return `is longer than ${PATH_MAX_BYTES} bytes`;
  return undefined;
}
