/**
 * What the operating system says about addresses and connections, in sentences that tell somebody
 * who started a program what to do. Every one is `unavailable`.
 */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { type Address, formatAddress, ServiceError } from "@holdfast/core";

/** An address that could not be listened on. */
export function listenError(address: Address, cause: Error): ServiceError {
  const message = `${placeOf(address)} ${listenReason(address, cause)}`;
  return new ServiceError("unavailable", message, { cause, workStarted: "no" });
}

/** A connection that was not made. */
export function connectError(address: Address, cause: Error): ServiceError {
  const message = `cannot connect to ${formatAddress(address)}: ${connectReason(cause)}`;
  return new ServiceError("unavailable", message, { cause, workStarted: "no" });
}

/** A connection that was lost. */
export function lostError(remote: string, cause: Error): ServiceError {
  const message = `connection to ${remote} lost: ${lostReason(cause)}`;
  return new ServiceError("unavailable", message, { cause });
}

function placeOf(address: Address): string {
  return address.kind === "unix"
    ? `socket file ${address.path}`
    : `port ${address.port} on ${address.host}`;
}

function listenReason(address: Address, cause: Error): string {
  switch (codeOf(cause)) {
    case "EADDRINUSE":
      return "is taken by another process";
    case "EACCES":
    case "EPERM":
      // libuv says EACCES where the kernel said ENOENT.
      if (address.kind === "unix" && !existsSync(dirname(address.path))) {
        return "cannot be made: its folder does not exist";
      }
      return "may not be opened by this user";
    case "EADDRNOTAVAIL":
      return "cannot be opened: this machine does not have that address";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "cannot be opened: the host name is not known";
    case "ENOTSOCK":
      return "cannot be made: there is a file that is not a socket";
    case "EINVAL":
      // The only thing that can be wrong with a path is its length: sun_path has 108 bytes.
      if (address.kind === "unix") return "cannot be made: the path is too long";
      break;
    default:
  }
  return `cannot be opened: ${textOf(cause)}`;
}

function connectReason(cause: Error): string {
  switch (codeOf(cause)) {
    case "ECONNREFUSED":
    case "ENOENT":
      return "nobody listens there";
    case "ENOTFOUND":
      return "the host name is not known";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "there is no way to it from this machine";
    case "ETIMEDOUT":
      return "no answer";
    case "ECONNRESET":
      return "the peer closed the connection";
    default:
      return textOf(cause);
  }
}

function lostReason(cause: Error): string {
  switch (codeOf(cause)) {
    case "ECONNRESET":
    case "EPIPE":
      return "reset by the peer";
    case "ETIMEDOUT":
      return "the peer does not answer any more";
    default:
      return textOf(cause);
  }
}

function codeOf(cause: Error): string | undefined {
  return (cause as NodeJS.ErrnoException).code;
}

/** Node's error about several addresses of one name has a code but no message. */
function textOf(cause: Error): string {
  return cause.message === "" ? (codeOf(cause) ?? cause.name) : cause.message;
}
