/**
 * JSON of whatever parts show of themselves: bigints and what JSON has no word for become text,
 * circles are cut, and nothing in it can move the cursor of the terminal it is printed on.
 */
import { escapeControl } from "@holdfast/core";

/** Throws only when a getter or a `toJSON` in it throws. */
export function renderJson(value: unknown, pretty: boolean): string {
  const text = JSON.stringify(value, createReplacer(), pretty ? 2 : undefined) ?? "null";
  // JSON itself escapes what is below 0x20 and leaves the rest; between tokens there are only the
  // line ends and blanks of its own.
  return pretty ? text.split("\n").map(escapeControl).join("\n") : escapeControl(text);
}

/** Remembers the way from the root to where it is: what stands on it must not come again. */
function createReplacer(): (this: unknown, key: string, value: unknown) => unknown {
  const way: { readonly source: object; readonly shown: unknown }[] = [];
  return function replace(this: unknown, _key: string, value: unknown): unknown {
    if (typeof value === "bigint") return String(value);
    if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
    if (typeof value !== "object" || value === null) return value;
    while (way.length > 0 && way.at(-1)!.shown !== this) way.pop();
    if (way.some(({ source }) => source === value)) return "[circular]";
    const shown = showObject(value);
    way.push({ source: value, shown });
    return shown;
  };
}

function showObject(value: object): unknown {
  if (value instanceof Error) {
    const { name, message } = value;
    return { name, message, code: (value as { code?: unknown }).code };
  }
  if (value instanceof Map || value instanceof Set) return [...value];
  if (ArrayBuffer.isView(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  }
  return value;
}
