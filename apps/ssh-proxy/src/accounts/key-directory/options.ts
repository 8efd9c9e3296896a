/** Limits and times of a directory of key files. */

export interface KeyDirectoryOptions {
  /**
   * From one look at the directory to the next, in ms, 10 to 3,600,000, default 1,000. Shorter
   * takes a change sooner, also a key that is taken away; a look asks the file system about each
   * file, and the pause is never shorter than nine times what the look before it took.
   */
  readonly lookMs: number;
  /** Files, 1 to 1,000,000, default 20,000. With more of them nothing new is taken. */
  readonly filesMax: number;
  /** A larger file is not taken, in bytes, 1 KiB to 256 MiB, default 16 MiB. */
  readonly fileMaxBytes: number;
  /**
   * Keys in all files together, 1 to 10,000,000, default 500,000, about 300 bytes each;
   * a file that brings more is not taken.
   */
  readonly keysMax: number;
  /**
   * The users that anybody logs in as, default `git` and `hg`; any other user must be the name of
   * the account that has the key. Empty: everybody uses the name of the account.
   */
  readonly sharedUsers: readonly string[];
}

export const KEY_DIRECTORY_DEFAULTS: KeyDirectoryOptions = {
  lookMs: 1_000,
  filesMax: 20_000,
  fileMaxBytes: 16 * 1024 * 1024,
  keysMax: 500_000,
  sharedUsers: ["git", "hg"],
};

const RANGES = {
  lookMs: [10, 3_600_000],
  filesMax: [1, 1_000_000],
  fileMaxBytes: [1_024, 256 * 1024 * 1024],
  keysMax: [1, 10_000_000],
} as const;

/** Throws a RangeError that says what is out of range. */
export function completeKeyDirectoryOptions(
  input: Partial<KeyDirectoryOptions> = {},
): KeyDirectoryOptions {
  const options = { ...KEY_DIRECTORY_DEFAULTS, ...input };
  for (const name of Object.keys(RANGES) as (keyof typeof RANGES)[]) {
    const [min, max] = RANGES[name];
    if (options[name] >= min && options[name] <= max) continue;
    throw new RangeError(`${name} is ${options[name]}; it must be from ${min} to ${max}`);
  }
  if (options.sharedUsers.includes("")) throw new RangeError('sharedUsers has "" in it');
  return options;
}
