/** A packet is not what the peer sealed: somebody changed it, or the keys differ. */
import { DISCONNECT, SshError } from "../../ssh-error.ts";

export function macError(what: string): SshError {
  return new SshError(DISCONNECT.macError, what);
}
