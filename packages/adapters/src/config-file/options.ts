/** Options of the watched file. */

export interface FileConfigOptions {
  /**
   * Milliseconds between two looks at the file, 10 to 60,000, default 250. Lower lets a change
   * arrive sooner; each look is one system call.
   */
  readonly lookMs: number;
  /** Bytes of the file, 2 to 64 MiB, default 1 MiB; a larger one is not read. */
  readonly fileMaxBytes: number;
}

export const FILE_CONFIG_DEFAULTS: FileConfigOptions = {
  lookMs: 250,
  fileMaxBytes: 1024 * 1024,
};

export function completeFileConfigOptions(options: Partial<FileConfigOptions>): FileConfigOptions {
  const complete = { ...FILE_CONFIG_DEFAULTS, ...options };
  const { lookMs, fileMaxBytes } = complete;
  if (!(lookMs >= 10 && lookMs <= 60_000)) {
    throw new RangeError(`lookMs is ${lookMs}; it must be from 10 to 60000`);
  }
  if (!(fileMaxBytes >= 2 && fileMaxBytes <= 64 * 1024 * 1024)) {
    throw new RangeError(`fileMaxBytes is ${fileMaxBytes}; it must be from 2 to 64 MiB`);
  }
  return complete;
}
