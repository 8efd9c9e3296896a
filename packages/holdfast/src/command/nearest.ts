/** "Did you mean …?" for a word of the command line. */

/** Only words that differ by at most this much of their length are meant. */
const DIFFERENCE_MAX_RATIO = 0.5;
/** Longer words are no typo of ours, and comparing grows with the square of the length. */
const LENGTH_MAX = 64;

/** The nearest of a few candidates, or undefined when none is near enough to be meant. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > LENGTH_MAX) return undefined;
  const [best] = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate) }))
    .filter(({ candidate, distance }) => {
      return distance <= Math.max(word.length, candidate.length) * DIFFERENCE_MAX_RATIO;
    })
    .toSorted((one, other) => one.distance - other.distance);
  return best?.candidate;
}

/** How many letters to add, drop, change or swap with their neighbour make one word the other. */
function editDistance(one: string, other: string): number {
  const rows = [Array.from({ length: other.length + 1 }, (_, index) => index)];
  for (let row = 1; row <= one.length; row++) {
    const [last, beforeLast] = [rows[row - 1]!, rows[row - 2]];
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const changed = last[column - 1]! + (one[row - 1] === other[column - 1] ? 0 : 1);
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      const swap = swapped ? (beforeLast?.[column - 2] ?? Infinity) + 1 : Infinity;
      current.push(Math.min(changed, last[column]! + 1, current[column - 1]! + 1, swap));
    }
    rows.push(current);
  }
  return rows[one.length]![other.length]!;
}
