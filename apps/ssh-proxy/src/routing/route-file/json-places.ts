/**
 * Where in a JSON text each value stands, so that a complaint can name the line; and which names
 * stand twice in one object, of which `JSON.parse` silently takes the last.
 */

export interface JsonPlaces {
  /** Line (from 1) of each value, by its JSON pointer (RFC 6901); `""` is the whole. */
  readonly lines: ReadonlyMap<string, number>;
  /** Pointers of the names that had been there before. */
  readonly duplicates: readonly string[];
}

/** What of JSON matters here: texts, the signs of structure, line ends; the rest is values. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|\n|[^\s"{}[\],:]+/g;

interface Level {
  readonly pointer: string;
  /** Undefined in a list. */
  readonly names: Set<string> | undefined;
  index: number;
  /** The name that was read last, in an object. */
  name: string | undefined;
}

/**
 * What lies deeper is part of what is there: pointers into a text of nothing but brackets would
 * take the square of its length.
 */
const DEPTH_MAX = 8;

/** `text` must be what `JSON.parse` takes. */
export function findJsonPlaces(text: string): JsonPlaces {
  const lines = new Map<string, number>();
  const duplicates: string[] = [];
  const levels: Level[] = [];
  let line = 1;
  let tooDeep = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === "\n") line++;
    else if (levels.length === DEPTH_MAX && isOpening(token)) tooDeep++;
    else if (tooDeep > 0) tooDeep -= isClosing(token) ? 1 : 0;
    else if (isClosing(token)) levels.pop();
    else if (token === ",") stepOn(level!);
    else if (token === ":") continue;
    else if (level?.names !== undefined && level.name === undefined) {
      const name = JSON.parse(token) as string;
      level.name = name;
      if (level.names.has(name)) duplicates.push(pointerIn(level));
      level.names.add(name);
      lines.set(pointerIn(level), line);
    } else {
      const pointer = level === undefined ? "" : pointerIn(level);
      if (!lines.has(pointer)) lines.set(pointer, line);
      if (token === "{") levels.push({ pointer, names: new Set(), index: 0, name: undefined });
      else if (token === "[") levels.push({ pointer, names: undefined, index: 0, name: undefined });
    }
  }
  return { lines, duplicates };
}

/** The pointer to what stands below `pointer` under that name. */
export function pointerTo(pointer: string, name: string | number): string {
  return `${pointer}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

function isOpening(token: string): boolean {
  return token === "{" || token === "[";
}

function isClosing(token: string): boolean {
  return token === "}" || token === "]";
}

function pointerIn({ pointer, names, index, name = "" }: Level): string {
  return pointerTo(pointer, names === undefined ? index : name);
}

function stepOn(level: Level): void {
  level.index++;
  level.name = undefined;
}
