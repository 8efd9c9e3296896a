/** What Consul says when it does not do what it was asked, in words for a tired operator. */
import { cutText, escapeControl, ServiceError } from "@holdfast/core";

/** What is quoted of a reply, in UTF-16 units: Consul's own sentences are shorter. */
const QUOTE_MAX_LENGTH = 200;
/** A check or service that the agent does not have; older agents say it with a 500. */
const FORGOTTEN = /unknown (?:check|service)|does not have associated TTL/i;

/** The error for a reply that is not a success. */
export function consulError(agent: string, status: number, body: string): ServiceError {
  const said = quote(body);
  if (status === 403 || status === 401) {
    const advice = "check that the token exists and what its policies allow";
    return new ServiceError("invalid", `permission denied by consul ${agent}: ${said}; ${advice}`);
  }
  if (status === 404 || FORGOTTEN.test(body)) {
    return new ServiceError("not-found", `consul ${agent} does not know it: ${said}`);
  }
  if (status === 429) {
    return new ServiceError("overloaded", `consul ${agent} limits its callers: ${said}`);
  }
  if (status >= 500) {
    return new ServiceError("unavailable", `consul ${agent} failed (${status}): ${said}`);
  }
  return new ServiceError("invalid", `consul ${agent} refused (${status}): ${said}`);
}

/** A list that became empty because the token may not see what is on it. */
export function consulHidden(agent: string, service: string): ServiceError {
  return new ServiceError(
    "invalid",
    `permission denied by consul ${agent}: the token may not see ${service}; ` +
      "it needs service:read for it, and node:read for the nodes",
  );
}

/** An agent that answers on its own: what it says may be old, or not there yet. */
export function consulWithoutLeader(agent: string): ServiceError {
  return new ServiceError("unavailable", `consul ${agent} has no leader`);
}

export function consulTimedOut(agent: string, timeoutMs: number): ServiceError {
  const message = `consul ${agent} did not answer within ${Math.round(timeoutMs)} ms`;
  return new ServiceError("unavailable", message);
}

/** A success whose content is not Consul's: something else answers at this address. */
export function notConsul(agent: string, what: string): ServiceError {
  return new ServiceError("protocol", `${agent} does not answer as consul does: ${what}`);
}

function quote(body: string): string {
  const text = body.trim();
  return text === "" ? "it says nothing more" : escapeControl(cutText(text, QUOTE_MAX_LENGTH));
}
