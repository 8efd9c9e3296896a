/** Where `holdfast config` reads and writes: etcd or a file, with the versions that were before. */
import type { ConfigChange } from "@holdfast/core";
import { CommandError, EXIT } from "../command.ts";

export interface StoredDocument {
  readonly text: string;
  /** Of this document: it changes with every write of it, and with none of another one. */
  readonly revision: string;
}

/** All documents at one moment. */
export interface StoreView {
  /** Of the store as a whole. */
  readonly revision: string;
  /** By path. */
  readonly documents: ReadonlyMap<string, StoredDocument>;
}

/** A version that another one took the place of. */
export interface KeptVersion {
  readonly path: string;
  /** Undefined: there was no document. */
  readonly text: string | undefined;
  /** `""` where there was no document. */
  readonly revision: string;
  /** Who replaced it, when and why. */
  readonly replaced: ConfigChange;
}

export interface ConfigStore {
  /** For people, such as `etcd 127.0.0.1:2379`. */
  readonly name: string;
  read(): Promise<StoreView>;
  /** Of one path, oldest first; the current one is not among them. */
  history(path: string): Promise<readonly KeptVersion[]>;
  /**
   * Replaces one document (undefined: takes it away) if it is still as `seen` shows it, and keeps
   * the version before. Resolves with the store's new revision.
   */
  write(
    seen: StoreView,
    path: string,
    text: string | undefined,
    change: ConfigChange,
  ): Promise<string>;
  close(): void;
}

/** Versions that are kept of each path: the oldest go first. */
export const VERSIONS_MAX = 50;

/** Somebody else was faster. */
export function conflict(path: string): CommandError {
  return new CommandError(
    EXIT.failed,
    `${path} was changed by somebody else meanwhile; nothing was written`,
    `holdfast config history ${path} … shows who it was; then run the command again`,
  );
}

/** Undefined for a text that is no version: a history can be spoilt, and nothing else with it. */
export function readVersion(path: string, text: string): KeptVersion | undefined {
  try {
    const { document, revision, replaced } = JSON.parse(text) as Record<string, unknown>;
    if (typeof revision !== "string" || typeof replaced !== "object") return undefined;
    if (document !== null && typeof document !== "string") return undefined;
    return { path, text: document ?? undefined, revision, replaced: replaced as ConfigChange };
  } catch {
    return undefined;
  }
}

export function formatVersion({ text, revision, replaced }: KeptVersion): string {
  return JSON.stringify({ document: text ?? null, revision, replaced });
}
