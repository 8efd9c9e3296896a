/** What users read on stderr, whatever happened; escaped, for it is on their terminals. */
import type { Identity } from "../accounts/account-directory.ts";
import { escapeForTerminal } from "./terminal-text.ts";

export const SESSION_TEXTS = {
  noSubsystem: "There is no sftp or other subsystem here: use git or hg.",
  commandRefused: "The backend does not run this command. Please tell its administrators.",
  backendLost: "The connection to the backend was lost. Please try again.",
  backendSilent: "The backend ended without saying how.",
} as const;

/** For who logs in without a command, to see whether it works. */
export function greeting({ account, name, publicKeyName }: Identity): string {
  const key = publicKeyName === "" ? "" : `, with the key ${escapeForTerminal(publicKeyName)}`;
  const who = `Hi ${escapeForTerminal(name)}! You are logged in to ${escapeForTerminal(account)}`;
  return `${who}${key}.\nThere is no shell here: use git or hg with this host's name.`;
}

export function routeUnknown(repository: string): string {
  return `It cannot be found out now where ${escapeForTerminal(repository)} is. Please try again.`;
}

export function backendAway(repository: string): string {
  return `The backend of ${escapeForTerminal(repository)} cannot be reached now. Please try again.`;
}
