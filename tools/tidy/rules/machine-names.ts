/** What is committed works anywhere: it names no folder of one machine, and no registry. */
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Rule } from "../rule.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
/** Folders that every Unix machine has. */
const COMMON = /^\/(bin|dev|etc|lib|mnt|opt|proc|run|sbin|srv|sys|tmp|usr|var)?$/;
const HOMES = /(?<![\w.:/-])\/(home|Users|root)\/[\w.-]+/;
const REGISTRIES = /\bhttps?:\/\/[\w.-]*(registry|npmmirror|artifactory|nexus|verdaccio)[\w.-]*/;

export const machineNames: Rule = {
  name: "machine-names",
  promise: "no committed file names a place on one machine, or a registry",
  check: (tree) =>
    [...tree.files].flatMap(([path, text]) =>
      text.split("\n").flatMap((line, index) => {
        const found = machineNameIn(line);
        if (found === undefined) return [];
        return [{ path, line: index + 1, message: `${found} is there on one machine only` }];
      }),
    ),
};

/** The name found, whatever machine this is: where this checkout stands is one as well. */
function machineNameIn(line: string): string | undefined {
  const here = HERE.find((place) => standsIn(line, place));
  return here ?? HOMES.exec(line)?.[0] ?? REGISTRIES.exec(line)?.[0];
}

/** Whether a path begins there: what only ends like it, such as a part of a URL, is another. */
function standsIn(line: string, place: string): boolean {
  for (let at = line.indexOf(place); at !== -1; at = line.indexOf(place, at + 1)) {
    if (at === 0 || !/[\w.:/-]/.test(line.charAt(at - 1))) return true;
  }
  return false;
}

/** This checkout, and what is below the user's home or beside the checkout. */
const HERE = [ROOT, `${homedir()}/`, `${dirname(ROOT)}/`].filter(
  (place) => !COMMON.test(place.replace(/\/$/, "")),
);
