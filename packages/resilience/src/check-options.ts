/** Checks options against the schema that live documents are checked against: one set of ranges. */
import { describeField, fits, type LiveField, type LiveSchema } from "@holdfast/core";

/** Throws a RangeError that names the value, or the two that do not go together. */
export function checkOptions<Live extends object>(schema: LiveSchema<Live>, options: Live): void {
  const fields: Readonly<Record<string, LiveField>> = schema.fields;
  const values = options as Readonly<Record<string, unknown>>;
  for (const [name, field] of Object.entries(fields)) {
    const value = values[name];
    if (fits(field, value ?? null)) continue;
    throw new RangeError(`${name} is ${String(value)}; it must be ${describeField(field)}`);
  }
  const complaint = schema.check?.(options);
  if (complaint !== undefined) throw new RangeError(complaint);
}

/** For bounds that cannot change while it runs. */
export function checkCount(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new RangeError(`${name} is ${value}; it must be a whole number from 1`);
}
