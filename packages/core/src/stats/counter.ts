/** A number that only grows: calls, bytes, refusals. */
export class Counter {
  /** Read it freely; change it with `add`. */
  value = 0;

  /** `amount` is 0 or more; a counter that went back would read as a restart. */
  add(amount = 1): void {
    this.value += amount;
  }
}
