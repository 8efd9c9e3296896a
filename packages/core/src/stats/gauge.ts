/** A number that goes up and down: calls in flight, open connections, a limit. */
export class Gauge {
  /** Read it freely; change it with `set` or `add`. */
  value = 0;

  set(value: number): void {
    this.value = value;
  }

  /** `amount` may be negative. */
  add(amount: number): void {
    this.value += amount;
  }
}
