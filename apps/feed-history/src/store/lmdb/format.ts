/**
 * The version of everything the engine writes. A store of another version is refused: by
 * format.json before its files are opened, and by the states in them.
 */
import { StoreError } from "../store-error.ts";

export const formatVersion = 2;

export function checkFormatVersion(format: number, directory: string): void {
  if (format === formatVersion) return;
  const found = `format ${format}; this program reads format ${formatVersion}`;
  throw new StoreError("unavailable", `the store in ${directory} has ${found}`);
}
