// The bounds of one compilation. An IDL may come from a stranger (a web form, a package), so every
// loop and every recursion of the front end ends at one of these numbers.

/** Options of {@link compileIdl}, all of them completed. */
export interface IdlOptions {
  /**
   * Folders searched for an include, in this order, after the folder of the including file.
   * Default: none.
   */
  readonly includePaths: readonly string[];
  /**
   * The largest source file, in bytes of UTF-8; 1 or more. Default 4 MiB: the largest IDL known to
   * us (Evernote, Hive) is under 200 KiB. Higher costs memory, about 100 times the file at worst.
   */
  readonly sourceMaxBytes: number;
  /** The most files of one compilation; 1 or more. Default 1000. Higher costs time and memory. */
  readonly filesMax: number;
  /** The deepest chain of includes; 1 or more. Default 64. */
  readonly includeDepthMax: number;
  /**
   * How deep a type, a constant or a chain of `extends` may go, typedefs and named constants
   * counted as steps; 1 to 500. Default 64, the depth the protocols read as well. Everything that
   * walks the model may recurse this deep, hence the upper end: it keeps them off the stack's end.
   */
  readonly nestingDepthMax: number;
  /**
   * The most nodes a type may have when every typedef in it is written out; 1 or more.
   * Default 1000. Without it, 60 lines of `typedef map<T1, T1> T2` are a type of 2^60 nodes.
   */
  readonly typeNodesMax: number;
  /**
   * The most nodes a constant may have when every constant it names is written out; 1 or more.
   * Default 1,000,000, for the same reason.
   */
  readonly constantNodesMax: number;
  /**
   * The most errors reported, and separately the most warnings; 1 or more. Default 100. One more
   * problem says that there were more.
   */
  readonly problemsMax: number;
}

const DEFAULTS: IdlOptions = {
  includePaths: [],
  sourceMaxBytes: 4 * 1024 * 1024,
  filesMax: 1000,
  includeDepthMax: 64,
  nestingDepthMax: 64,
  typeNodesMax: 1000,
  constantNodesMax: 1_000_000,
  problemsMax: 100,
};

/** The deepest nesting that may be asked for; see {@link IdlOptions.nestingDepthMax}. */
const NESTING_DEPTH_MAX = 500;

/** Fills in the defaults; throws a RangeError on a number that is no bound at all. */
export function completeIdlOptions(options: Partial<IdlOptions> = {}): IdlOptions {
  const completed = { ...DEFAULTS, ...options };
  for (const [name, value] of Object.entries(completed)) {
    if (typeof value === "number" && !(Number.isSafeInteger(value) && value >= 1)) {
      throw new RangeError(`${name} is ${value}; it must be a whole number of at least 1`);
    }
  }
  if (completed.nestingDepthMax > NESTING_DEPTH_MAX) {
    throw new RangeError(
      `nestingDepthMax is ${completed.nestingDepthMax}; it must be at most ${NESTING_DEPTH_MAX}`,
    );
  }
  return completed;
}
