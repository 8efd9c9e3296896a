/**
 * The directory of a store and what can be told about its files before they are opened. LMDB maps
 * its file into memory: a damaged or cut-off one must be refused here, or the process dies of it.
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { checkFormatVersion, formatVersion } from "./lmdb/format.ts";
import { describeCause, StoreError } from "./store-error.ts";

const storeName = "holdfast feed-history";

/** Makes the directory if need be; throws when it cannot be used. */
export function prepareDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (cause) {
    const code: unknown = cause instanceof Error ? Reflect.get(cause, "code") : undefined;
    const text = code === "EEXIST" || code === "ENOTDIR" ? "not a directory" : describeCause(cause);
    throw unavailable(`the data directory ${directory} cannot be used: ${text}`, cause);
  }
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const need = "this process may not read, write and enter it";
    throw unavailable(`the data directory ${directory} cannot be used: ${need}`, cause);
  }
}

/** Throws when the files are those of something else, of another version, or damaged. */
export function checkFiles(directory: string): void {
  const marked = checkFormat(directory);
  for (const name of ["journal", "pages"]) {
    const path = join(directory, name, "data.mdb");
    let bytes: number;
    try {
      bytes = statSync(path).size;
    } catch (cause) {
      if (!marked && Reflect.get(cause as Error, "code") === "ENOENT") continue;
      throw unavailable(`the data file ${path} cannot be used: ${describeCause(cause)}`, cause);
    }
    if (bytes > 0 || marked) checkDataFile(path, bytes);
  }
}

/**
 * Marks the directory as a complete store, unless it is marked. From then on an empty data file
 * is a loss.
 */
export function markFormat(directory: string): void {
  const path = join(directory, "format.json");
  if (existsSync(path)) return;
  writeWhole(path, { store: storeName, format: formatVersion });
  // The names of new files are on the disk only when their directories are.
  flush(directory);
  flush(dirname(directory));
}

/** Writes a file so that whoever reads it finds the old one or all of the new one. */
export function writeWhole(path: string, value: object): void {
  // Other processes may write the same file just now.
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, `${JSON.stringify(value)}\n`);
    flush(draft);
    renameSync(draft, path);
  } catch (cause) {
    throw unavailable(`cannot write ${path}: ${describeCause(cause)}`, cause);
  }
}

function checkFormat(directory: string): boolean {
  const path = join(directory, "format.json");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if (Reflect.get(cause as Error, "code") === "ENOENT") return false;
    throw unavailable(`${path} cannot be read: ${describeCause(cause)}`, cause);
  }
  const { store, format } = parseObject(text);
  if (store !== storeName) throw unavailable(`${path} is not that of a feed-history store`);
  checkFormatVersion(Number(format), directory);
  return true;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

const metaMagic = 0xbeef_c0de;
const metaMagicOffset = 24;
const metaPageBytesOffset = 48;
const metaLastPageOffset = 144;
const metaCommitOffset = 152;
/** LMDB leaves out free pages at the end of its file, a few at most; more are missing. */
const missingMaxBytes = 2 ** 20;

/** Looks at the two roots at the head of LMDB's file, and whether the file reaches as far. */
function checkDataFile(path: string, bytes: number): void {
  let file: number;
  try {
    file = openSync(path, "r+");
  } catch (cause) {
    throw unavailable(`the data file ${path} cannot be used: ${describeCause(cause)}`, cause);
  }
  try {
    const head = Buffer.alloc(2 ** 17);
    const read = readSync(file, head, 0, head.length, 0);
    const pageBytes = read < 4096 ? 0 : head.readUInt32LE(metaPageBytesOffset);
    const roots = [0, pageBytes];
    const isSound = pageBytes >= 512 && pageBytes <= 65_536 && read >= 2 * pageBytes;
    if (!isSound || roots.some((at) => head.readUInt32LE(at + metaMagicOffset) !== metaMagic)) {
      throw unavailable(`the data file ${path} is damaged: no LMDB roots at its beginning`);
    }
    const [first, second] = roots.map((at) => head.readBigUInt64LE(at + metaCommitOffset));
    const root = (second as bigint) > (first as bigint) ? pageBytes : 0;
    const lastPage = Number(head.readBigUInt64LE(root + metaLastPageOffset));
    const expected = (lastPage + 1) * pageBytes;
    if (bytes + missingMaxBytes < expected) {
      throw unavailable(`the data file ${path} is cut off: ${bytes} bytes of ${expected}`);
    }
    // Reading a page that the file does not reach would kill the process; zeros do not.
    if (bytes < expected) ftruncateSync(file, expected);
  } finally {
    closeSync(file);
  }
}

function flush(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function unavailable(message: string, cause?: unknown): StoreError {
  return new StoreError("unavailable", message, { cause });
}
