/**
 * Patterns of repositories: `*` stands for one character or more within a name, `**` for one whole
 * name or more. What each stands for is kept, for the path on the backend.
 *
 * Why no regular expression? Because the names come from strangers: with several stars it may take
 * a time that grows with a power of the name's length. Here each star takes as little as it can,
 * from the left, and never has to give anything back: whatever follows a star begins where it is
 * found first, and the last piece stands at the end.
 */

/** What stands at one place of a path: `**`, or the texts around the stars of one name. */
type Part = typeof ANY_DEPTH | readonly string[];
const ANY_DEPTH = "**";

export class RepositoryPattern {
  readonly text: string;
  /** How many stars of either kind it has. */
  readonly starCount: number;
  /** The names between two `**`. */
  private readonly runs: readonly (readonly (readonly string[])[])[];

  /** Throws a RangeError that says what is wrong with it. */
  constructor(text: string) {
    this.text = text;
    const parts = text.split("/").map(readPart);
    const runs: (readonly string[])[][] = [[]];
    for (const part of parts) {
      if (part === ANY_DEPTH) runs.push([]);
      else runs.at(-1)!.push(part);
    }
    this.runs = runs;
    this.starCount = parts.reduce(
      (sum, part) => sum + (part === ANY_DEPTH ? 1 : part.length - 1),
      0,
    );
  }

  /** What each star stands for, from the left; undefined when the name is not one of these. */
  match(repository: string): readonly string[] | undefined {
    const names = repository.split("/");
    const [first, ...others] = this.runs;
    const found: string[] = [];
    if (!matchRun(first!, names, 0, found)) return undefined;
    let at = first!.length;
    if (others.length === 0) return at === names.length ? found : undefined;
    for (const [index, run] of others.entries()) {
      const last = index === others.length - 1;
      const start = last ? names.length - run.length : firstMatch(run, names, at + 1);
      if (start === undefined || start < at + 1) return undefined;
      found.push(names.slice(at, start).join("/"));
      if (!matchRun(run, names, start, found)) return undefined;
      at = start + run.length;
    }
    return found;
  }
}

function readPart(name: string): Part {
  if (name === ANY_DEPTH) return ANY_DEPTH;
  if (name === "") throw new RangeError("has a slash too much");
  if (name.includes("**")) throw new RangeError("has ** within a name; it stands for whole names");
  return name.split("*");
}

/** Where the run is found first, at `from` or after it. */
function firstMatch(
  run: readonly (readonly string[])[],
  names: readonly string[],
  from: number,
): number | undefined {
  for (let start = from; start + run.length <= names.length; start++) {
    if (matchRun(run, names, start, [])) return start;
  }
  return undefined;
}

/** Adds what the stars stand for to `found`. */
function matchRun(
  run: readonly (readonly string[])[],
  names: readonly string[],
  start: number,
  found: string[],
): boolean {
  if (start + run.length > names.length) return false;
  return run.every((texts, index) => matchName(texts, names[start + index]!, found));
}

function matchName(texts: readonly string[], name: string, found: string[]): boolean {
  const [first, ...others] = texts;
  if (others.length === 0) return name === first;
  if (!name.startsWith(first!)) return false;
  let at = first!.length;
  for (const [index, text] of others.entries()) {
    const last = index === others.length - 1;
    const start = last ? name.length - text.length : name.indexOf(text, at + 1);
    if (start < at + 1 || (last && !name.endsWith(text))) return false;
    found.push(name.slice(at, start));
    at = start + text.length;
  }
  return true;
}
