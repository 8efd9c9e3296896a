/**
 * For whom a document is: `CALLER/CALLEE/METHOD`, each a name or `*` for all. Where several are for
 * one call, the most specific wins, field by field: the one with more names; among as many, one
 * that names the method, then one that names the callee.
 */

/** Whose calls go together: who calls whom, and which method. */
export interface ConfigKey {
  /** The service that calls; `""` when it has no name, which only `*` means. */
  readonly caller: string;
  /** The service that is called. */
  readonly callee: string;
  readonly method: string;
}

const PARTS = 3;
const PART_MAX_LENGTH = 128;
/** No blanks, no control characters or halves of characters, nothing that has a meaning here. */
const NAME = /^[^\s\p{C}/*]+$/u;

/** Why the path means nothing; undefined when it is one. */
export function complaintAboutPath(path: string): string | undefined {
  const parts = path.split("/");
  if (parts.length !== PARTS) return "must be CALLER/CALLEE/METHOD, each a name or *";
  for (const part of parts) {
    if (part === "*") continue;
    if (part === "") return "has an empty part; * stands for all";
    if (part.length > PART_MAX_LENGTH) return `has a part of more than ${PART_MAX_LENGTH} letters`;
    if (!NAME.test(part)) return "has a part that is neither a name nor * alone";
  }
  return undefined;
}

/** The key that a path would be; `*` becomes "", which matches no name. */
export function keyOfPath(path: string): ConfigKey {
  const [caller = "", callee = "", method = ""] = path.split("/").map((part) => {
    return part === "*" ? "" : part;
  });
  return { caller, callee, method };
}

export function pathOfKey({ caller, callee, method }: ConfigKey): string {
  return `${caller}/${callee}/${method}`;
}

/** Every path that is for the calls of `key`, the least specific first: a later one wins. */
export function pathsFor({ caller, callee, method }: ConfigKey): readonly string[] {
  return [
    "*/*/*",
    `${caller}/*/*`,
    `*/${callee}/*`,
    `*/*/${method}`,
    `${caller}/${callee}/*`,
    `${caller}/*/${method}`,
    `*/${callee}/${method}`,
    `${caller}/${callee}/${method}`,
  ];
}
