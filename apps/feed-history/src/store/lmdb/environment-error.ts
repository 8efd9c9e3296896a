/**
 * What LMDB's errors mean to an operator.
 */
import { statfsSync } from "node:fs";
import { describeCause, StoreError } from "../store-error.ts";

const errorPermission = 13;
const errorNoSpace = 28;
const errorInputOutput = 5;
const errorReadOnly = 30;
const mapFull = -30_792;
const invalidFile = -30_793;
const versionMismatch = -30_794;
const corrupted = -30_796;
const pageNotFound = -30_797;

/** Less room than this counts as a full disk: a commit writes some hundred KiB at once. */
const diskFullBytes = 8 * 2 ** 20;

/** A commit after which the environment must not be used again by this process. */
export class BrokenStoreError extends StoreError {
  override readonly name: string = "BrokenStoreError";
}

export function describeOpenFailure(directory: string, cause: unknown): StoreError {
  const code = codeOf(cause);
  const text = describeCause(cause);
  if (code === errorPermission || code === errorReadOnly) {
    return unavailable(`cannot open the store in ${directory}: ${text}`, cause);
  }
  if ([invalidFile, versionMismatch, corrupted, pageNotFound].includes(code)) {
    return unavailable(`the data file in ${directory} is damaged (${text})`, cause);
  }
  if (code === errorNoSpace) return unavailable(`no room on the disk of ${directory}`, cause);
  return unavailable(`cannot open the store in ${directory}: ${text}`, cause);
}

/**
 * LMDB reports a full disk as an input/output error, the same as a broken one. The first can be
 * lived through; after the second nothing in memory can be trusted to match the disk.
 */
export function describeCommitFailure(directory: string, cause: unknown): StoreError {
  const code = codeOf(cause);
  const text = describeCause(cause);
  const free = freeBytes(directory);
  if (code === mapFull || code === errorNoSpace || free < diskFullBytes) {
    const room = `${Math.floor(free / 1024)} KiB are free`;
    return unavailable(`disk full: nothing more fits into ${directory} (${room})`, cause);
  }
  const kind = code === errorInputOutput ? "the disk failed" : "the commit failed";
  const message = `${kind} in ${directory} (${text}); no sets are taken until a restart`;
  return new BrokenStoreError("unavailable", message, { cause });
}

function unavailable(message: string, cause: unknown): StoreError {
  return new StoreError("unavailable", message, { cause });
}

function codeOf(cause: unknown): number {
  const code: unknown = cause instanceof Error ? Reflect.get(cause, "code") : undefined;
  return typeof code === "number" ? code : 0;
}

function freeBytes(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    // The error that is being described says more than this one would.
    return Number.POSITIVE_INFINITY;
  }
}
