/** Why a session or a connection ended, in a sentence each; what is right to have happened, too. */

export interface EndReasonText {
  /** Whether that is how it should be. */
  readonly good: boolean;
  /** One sentence; it follows "what went wrong:" where it is not good. */
  readonly sentence: string;
}

const good = (sentence: string): EndReasonText => ({ good: true, sentence });
const bad = (sentence: string): EndReasonText => ({ good: false, sentence });

/** By the reasons of the log. */
export const END_REASON_TEXTS: Readonly<Record<string, EndReasonText>> = {
  done: good("The command ran to its end."),
  "client-closed": good("The client closed the connection in order."),
  "client-lost": bad("The connection to the client broke."),
  "client-disconnected": good("The client said that it disconnects."),
  "protocol-error": bad("The client broke the SSH protocol."),
  "ident-timeout": bad("The client did not say in time that it speaks SSH."),
  "login-timeout": bad("Nobody logged in within the time for that."),
  "auth-failed": bad("No key that was shown is allowed in."),
  inactive: bad("Nothing was sent in either direction for longer than allowed."),
  "total-time": bad("It took longer in all than a session may."),
  keepalive: bad(
    "The peer did not answer keepalives any more: its machine or its network is gone.",
  ),
  "backend-unreachable": bad("No host of the backend could be connected to."),
  "backend-refused": bad("The backend refused the proxy's login or the command."),
  "backend-lost": bad("The connection to the backend broke."),
  refused: bad("The proxy refused what was asked for."),
  limit: bad("A limit was reached: of sessions, channels, keys or memory."),
  drain: bad("The proxy was restarted, and the time to finish was over."),
  "closed-by-operator": bad("An operator closed the connection."),
  "audit-failed": bad("The audit file could not be written, so no session could begin."),
  internal: bad("The proxy itself failed: see the log's errors at that time."),
};
