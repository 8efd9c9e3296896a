/** What etcd says when it does not do what it was asked, in words for a tired operator. */
import { cutText, escapeControl, ServiceError } from "@holdfast/core";

/** What is quoted of a reply, in UTF-16 units: etcd's own sentences are shorter. */
const QUOTE_MAX_LENGTH = 200;
/** gRPC's codes, of which the gateway makes statuses that mean less. */
const GRPC = { invalid: 3, denied: 7, exhausted: 8, unauthenticated: 16 } as const;
/** A log-in that is over, or none where one is needed; also where gRPC says "invalid". */
const LOGIN_OVER =
  /invalid auth token|user name is empty|revision of auth store is old|token is not provided/i;
const LOGIN_FAILED = /authentication failed/i;
const LOGIN_NEEDLESS = /authentication is not enabled/i;

/** A failure that a new log-in may mend. */
export class LoginOver extends ServiceError {}

/** etcd has no users: there is nothing to log in to. */
export class LoginNeedless extends ServiceError {}

/** The error for a reply that is not a success. */
export function etcdError(endpoint: string, status: number, body: string): ServiceError {
  const { code, message } = readFailure(body);
  return etcdFailure(endpoint, message, code, status);
}

/** The same for what ended a watch, which says it in words only. */
export function etcdWatchError(endpoint: string, reason: string): ServiceError {
  const code = /PermissionDenied/.test(reason) ? GRPC.denied : 0;
  return etcdFailure(endpoint, reason, code, 0);
}

function etcdFailure(endpoint: string, said: string, code: number, status: number): ServiceError {
  const words = quote(said);
  const by = `etcd ${endpoint}`;
  if (LOGIN_NEEDLESS.test(said)) return new LoginNeedless("invalid", `${by}: ${words}`);
  if (LOGIN_FAILED.test(said)) {
    return new ServiceError("invalid", `${by} refused the log-in: check user and password`);
  }
  if (code === GRPC.unauthenticated || LOGIN_OVER.test(said)) {
    const advice = "it wants a user that is logged in: set user and password";
    return new LoginOver("invalid", `${by}: ${words}; ${advice}`);
  }
  if (code === GRPC.denied || status === 403) {
    const advice = "grant the user a role that may read (and, to change it, write) the prefix";
    return new ServiceError("invalid", `permission denied by ${by}: ${advice}`);
  }
  if (code === GRPC.exhausted) return new ServiceError("overloaded", `${by}: ${words}`);
  if (code === GRPC.invalid || (status >= 400 && status < 500)) {
    return new ServiceError("invalid", `${by} refused (${status}): ${words}`);
  }
  return new ServiceError("unavailable", `${by} failed: ${words}`);
}

export function etcdTimedOut(endpoint: string, timeoutMs: number): ServiceError {
  const message = `etcd ${endpoint} did not answer within ${Math.round(timeoutMs)} ms`;
  return new ServiceError("unavailable", message);
}

/** Proxies and old members answer in other words; their text will do. */
function readFailure(body: string): { code: number; message: string } {
  try {
    const { code, message, error } = JSON.parse(body) as Partial<Record<string, unknown>>;
    const said = typeof message === "string" ? message : String(error);
    return { code: typeof code === "number" ? code : 0, message: said };
  } catch {
    return { code: 0, message: body };
  }
}

function quote(words: string): string {
  const text = words.trim();
  return text === "" ? "it says nothing more" : escapeControl(cutText(text, QUOTE_MAX_LENGTH));
}
