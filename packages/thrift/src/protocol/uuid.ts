/** UUIDs: 16 bytes on the wire, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` in code. */
import { badValue } from "./error.ts";

const PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function parseUuid(text: string, into: Buffer, at: number): void {
  if (!PATTERN.test(text)) throw badValue(`"${text.slice(0, 64)}" is not a uuid`);
  into.hexWrite(text.replaceAll("-", ""), at, 16);
}

export function formatUuid(buffer: Buffer, at: number): string {
  const hex = buffer.hexSlice(at, at + 16);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${parts.join("-")}-${hex.slice(20)}`;
}
