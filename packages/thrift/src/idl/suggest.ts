// "Did you mean …?": the known name that is nearest to a misspelt one.

/** Names longer than this are not compared: the work grows with the square of the length. */
const NAME_LENGTH_MAX = 64;
/** At most this many names are compared, so that a suggestion stays a small part of the work. */
const CANDIDATES_MAX = 5000;

/** The nearest of the candidates, or undefined when none is near enough to be meant. */
export function closestName(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > NAME_LENGTH_MAX) return undefined;
  const wanted = name.toLowerCase();
  let best: string | undefined;
  // One change for short names, two from 4 letters, three from 8.
  let bestDistance = name.length < 4 ? 2 : name.length < 8 ? 3 : 4;
  let compared = 0;
  for (const candidate of candidates) {
    if (candidate === name) continue;
    if (++compared > CANDIDATES_MAX) break;
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    if (candidate.length > NAME_LENGTH_MAX) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  // Two words of which nothing is common are not a typo of one another.
  return bestDistance < name.length ? best : undefined;
}

/** `did you mean "name"?`, or undefined; in the form a problem's hint has. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const closest = closestName(name, candidates);
  return closest === undefined ? undefined : `did you mean "${closest}"?`;
}

/** `its values are A, B, …`: what there is, when nothing comes close; undefined when nothing is. */
export function namedList(what: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const more = names.length > LISTED_MAX ? ", …" : "";
  return `${what} are ${names.slice(0, LISTED_MAX).join(", ")}${more}`;
}

const LISTED_MAX = 6;

/** How many letters to add, drop, change or swap with their neighbour make one word the other. */
function editDistance(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1];
      let distance = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
      );
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (swapped && row > 1 && column > 1) {
        distance = Math.min(distance, at(beforeLast, column - 2) + 1);
      }
      current.push(distance);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, other.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
