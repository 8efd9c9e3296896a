/** The check that most options need. */

/** Throws a RangeError with the value and the range unless `value` is a whole number within it. */
export function checkWhole(option: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`${option} is ${value}; it must be a whole number from ${min} to ${max}`);
}
