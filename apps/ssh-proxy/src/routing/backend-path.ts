/**
 * The path of a repository on its backend, made from what a route says: a text with `{account}`,
 * `{name}`, `{repository}`, and `{1}` to `{9}` for what the stars of the pattern stand for. What
 * comes out is looked at again, wherever it came from: a file, or a service that was asked.
 */

/** What stands for the names in braces. */
export interface PathValues {
  readonly account: string;
  readonly name: string;
  readonly repository: string;
  /** What the stars stand for, from the left. */
  readonly stars: readonly string[];
}

/** What Linux takes as a path. */
const PATH_MAX_BYTES = 4_096;
const PLACE = /\{([^{}]*)\}/g;
const NAMES: ReadonlySet<string> = new Set(["account", "name", "repository"]);
/** Whatever cannot be seen, and line ends of every kind. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/u;

export class PathTemplate {
  readonly text: string;

  /** `starCount`: of the pattern. Throws a RangeError that says what is wrong with it. */
  constructor(text: string, starCount: number) {
    for (const [place, name] of text.matchAll(PLACE)) {
      if (!NAMES.has(name!) && !isStar(name!, starCount)) {
        const stars = starCount === 0 ? "" : `, {1} to {${starCount}}`;
        throw new RangeError(`has ${place}; there are {account}, {name}, {repository}${stars}`);
      }
    }
    const example = text.replaceAll(PLACE, "x");
    if (/[{}]/.test(example)) throw new RangeError("has a brace without its other half");
    const wrong = complaintAboutBackendPath(example);
    if (wrong !== undefined) throw new RangeError(wrong);
    this.text = text;
  }

  /** The path, or why these values give none. */
  pathOf(values: PathValues): { readonly path: string } | { readonly wrong: string } {
    let wrong: string | undefined;
    const path = this.text.replaceAll(PLACE, (_, name: string) => {
      const value = valueOf(values, name);
      // An account is called what somebody called it; in a path it is one name, or part of one.
      if (name === "account" || name === "name") wrong ??= complaintAboutOneName(name, value);
      return value;
    });
    wrong ??= complaintAboutBackendPath(path);
    return wrong === undefined ? { path } : { wrong };
  }
}

/** Why it is no path to send to a backend; undefined when it is one. */
export function complaintAboutBackendPath(path: string): string | undefined {
  if (path === "") return "is empty";
  if (!path.isWellFormed() || INVISIBLE.test(path)) return "has a character that cannot be seen";
  if (Buffer.byteLength(path) > PATH_MAX_BYTES) return `is longer than ${PATH_MAX_BYTES} bytes`;
  if (/^[-~]/.test(path)) return `begins with "${path[0]}"`;
  if (path.includes("\\")) return "has a backslash";
  const names = path.replace(/^\//, "").split("/");
  if (names.includes("")) return "has a slash too much";
  if (names.includes(".") || names.includes("..")) return 'has the part "." or ".."';
  return undefined;
}

function isStar(name: string, starCount: number): boolean {
  return /^[1-9]$/.test(name) && Number(name) <= starCount;
}

function valueOf(values: PathValues, name: string): string {
  if (name === "account" || name === "name" || name === "repository") return values[name];
  return values.stars[Number(name) - 1] ?? "";
}

function complaintAboutOneName(what: string, value: string): string | undefined {
  if (value === "") return `has an empty {${what}}`;
  if (/[/\\]/.test(value)) return `has a slash within {${what}}`;
  // Beside other text two dots would be harmless; but whoever is called so wants to climb.
  if (/^\.{1,2}$/.test(value) || /^[-~]/.test(value)) return `cannot have this {${what}}`;
  return undefined;
}
