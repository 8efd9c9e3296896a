/** The message of a declared exception that has no field of that name: what its fields hold. */

/** Longer ones say no more in a log. */
const VALUE_MAX_CHARACTERS = 200;

export function exceptionMessage(fields: object): string {
  const parts = Object.entries(fields).flatMap(([name, value]) => {
    const text = describeValue(value);
    return text === undefined ? [] : [`${name}: ${text.slice(0, VALUE_MAX_CHARACTERS)}`];
  });
  return parts.join(", ");
}

function describeValue(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "boolean":
    case "bigint":
      return String(value);
    default:
      return undefined;
  }
}
