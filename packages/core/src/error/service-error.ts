/**
 * The one error of Holdfast: a closed list of codes, whether trying again can help, and how far
 * the work had got. Nobody reads messages or classes; they read `code`.
 */

/** Every code, with whether the same call may succeed when it is simply sent again. */
const CODES = {
  /** The caller gave the call up. */
  cancelled: { retryable: false },
  /** The time allowed for the call ran out. */
  "deadline-exceeded": { retryable: false },
  /** A limit is full: a slot, a queue, a rate. */
  overloaded: { retryable: true },
  /** The other side cannot be reached, or lost the connection. */
  unavailable: { retryable: true },
  /** A circuit breaker refused the call without sending it. */
  "breaker-open": { retryable: true },
  /** The call was dropped on purpose to keep the rest going. */
  degraded: { retryable: false },
  /** The method, or the thing asked for, does not exist. */
  "not-found": { retryable: false },
  /** The request can never succeed as it is. */
  invalid: { retryable: false },
  /** The bytes on the wire were not what the protocol allows. */
  protocol: { retryable: false },
  /** A frame, a string or a container is larger than its limit. */
  "too-large": { retryable: false },
  /** A mistake in the callee; the message carries the id that finds it in the log. */
  internal: { retryable: false },
  /** The process is going away and takes no new calls. */
  draining: { retryable: true },
} as const;

export type ErrorCode = keyof typeof CODES;

/** All codes, in the order of docs/reference/errors.md. */
export const ERROR_CODES = Object.keys(CODES) as readonly ErrorCode[];

/**
 * How far the work had got when the call failed. `no`: it never began, so sending the call again
 * is always safe. `maybe`: nobody knows. `yes`: it began.
 */
export type WorkStarted = "no" | "maybe" | "yes";

export interface ServiceErrorOptions {
  readonly cause?: unknown;
  /** Default: what the code says. */
  readonly retryable?: boolean;
  /** Default: `maybe`. */
  readonly workStarted?: WorkStarted;
  /** How long to wait before the next try, in milliseconds, 0 or more. */
  readonly retryAfterMs?: number;
  /** The instance that failed the call, for whoever tries another one. */
  readonly instanceId?: string;
}

/** Refusals happen thousands of times a second under overload; a stack trace says nothing then. */
const WITHOUT_STACK: ReadonlySet<ErrorCode> = new Set([
  "cancelled",
  "deadline-exceeded",
  "overloaded",
  "unavailable",
  "breaker-open",
  "degraded",
  "draining",
]);

export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly workStarted: WorkStarted;
  readonly retryAfterMs: number | undefined;
  /** The instance that failed the call; undefined when none did, or nobody knows which. */
  readonly instanceId: string | undefined;

  constructor(code: ErrorCode, message: string, options: ServiceErrorOptions = {}) {
    const limit = Error.stackTraceLimit;
    if (WITHOUT_STACK.has(code)) Error.stackTraceLimit = 0;
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = limit;
    this.code = code;
    this.retryable = options.retryable ?? CODES[code].retryable;
    this.workStarted = options.workStarted ?? "maybe";
    this.retryAfterMs = options.retryAfterMs;
    this.instanceId = options.instanceId;
  }

  /** Turns whatever was thrown into a ServiceError; one that already is comes back as it is. */
  static from(thrown: unknown): ServiceError {
    if (thrown instanceof ServiceError) return thrown;
    const code = codeOfSystemError(thrown);
    return new ServiceError(code, messageOf(thrown), { cause: thrown });
  }
}

/** Whether a string, for example one read from the wire, is a code. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(CODES, text);
}

function messageOf(thrown: unknown): string {
  // Node's AggregateError for a name with several addresses has a code and no message.
  if (thrown instanceof Error) {
    return thrown.message || ((thrown as NodeJS.ErrnoException).code ?? thrown.name);
  }
  return typeof thrown === "string" ? thrown : `thrown: ${typeof thrown}`;
}

/** Node's own errors that have an exact counterpart; everything else is a mistake of ours. */
function codeOfSystemError(thrown: unknown): ErrorCode {
  if (!(thrown instanceof Error)) return "internal";
  if (thrown.name === "AbortError") return "cancelled";
  if (thrown.name === "TimeoutError") return "deadline-exceeded";
  switch ((thrown as NodeJS.ErrnoException).code) {
    case "ECONNREFUSED":
    case "ECONNRESET":
    case "EPIPE":
    case "ENOTFOUND":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EAI_AGAIN":
    case "ETIMEDOUT":
      return "unavailable";
    default:
      return "internal";
  }
}
