/** Limits of the command line that a client may send. */

export interface CommandOptions {
  /**
   * A longer command line is refused unread, in bytes, 64 to 65,536, default 4,096. Git's are
   * hardly longer than the repository's name; more only gives strangers more to have parsed.
   */
  readonly commandMaxBytes: number;
  /**
   * A longer name of a repository is refused, in bytes of UTF-8 without quotes, 1 to
   * `commandMaxBytes`, default 1,024. File systems stop at 4,096 for a whole path, so that more
   * leaves no room for the folder that it stands in; less refuses deep trees.
   */
  readonly repositoryMaxBytes: number;
}

export const COMMAND_DEFAULTS: CommandOptions = {
  commandMaxBytes: 4_096,
  repositoryMaxBytes: 1_024,
};

/** Throws a RangeError that says what is out of range. */
export function completeCommandOptions(input: Partial<CommandOptions> = {}): CommandOptions {
  const options = { ...COMMAND_DEFAULTS, ...input };
  const { commandMaxBytes, repositoryMaxBytes } = options;
  if (!(commandMaxBytes >= 64 && commandMaxBytes <= 65_536)) {
    throw new RangeError(`commandMaxBytes is ${commandMaxBytes}; it must be from 64 to 65536`);
  }
  if (!(repositoryMaxBytes >= 1 && repositoryMaxBytes <= commandMaxBytes)) {
    throw new RangeError(
      `repositoryMaxBytes is ${repositoryMaxBytes}; it must be from 1 to commandMaxBytes, ` +
        `which is ${commandMaxBytes}`,
    );
  }
  return options;
}
