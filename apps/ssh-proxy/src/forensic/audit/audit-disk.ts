/** The file below the audit log, as little of it as is needed: a real one, and a twin for tests. */

export interface AuditDisk {
  /** For messages. */
  readonly name: string;
  /** The end of what there is: at most `bytesMax`, all of a shorter file. */
  readTail(bytesMax: number): Promise<Buffer>;
  /**
   * Appends, and resolves with how many bytes from the first on were taken, 1 or more. Rejects
   * when none was; the error has a `code`, such as `ENOSPC`.
   */
  append(bytes: Uint8Array): Promise<number>;
  /** Resolves when what was appended survives a power failure. */
  sync(): Promise<void>;
  close(): Promise<void>;
}
