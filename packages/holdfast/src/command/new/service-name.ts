/** Which names a new service may have: its npm package, its folder and its IDL are called so. */
import { type CommandError, usageError } from "../command.ts";

const NAME_MAX_LENGTH = 64;
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** npm does not let a package depend on one of its own name. */
const TAKEN = new Set(["holdfast", "pino", "typescript"]);

/** Throws a CommandError that says what is wrong, and a name that would do. */
export function checkServiceName(name: string): void {
  if (!NAME.test(name)) throw refuse(name, "it must be lower-case words joined by dashes");
  if (name.length > NAME_MAX_LENGTH) throw refuse(name, `it has over ${NAME_MAX_LENGTH} letters`);
  if (TAKEN.has(name)) throw refuse(name, "a package that the service needs is called so");
}

/** `feed-counter` is the service FeedCounter. */
export function pascalCase(name: string): string {
  return name.replace(/(?:^|-)([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}

function refuse(name: string, why: string): CommandError {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[-0-9]+|-+$/g, "")
    .slice(0, NAME_MAX_LENGTH / 2);
  const better = words === "" || TAKEN.has(words) ? `my-${words || "service"}` : words;
  return usageError(
    `${JSON.stringify(name)} cannot be the name of a service: ${why}`,
    `for example: holdfast new ${better}`,
  );
}
