/** The two steps of a session that ask others, ③ and ④, each with its line in the log. */
import { createContext, ServiceError } from "holdfast";
import type { Borrowed } from "../backend/backend-connections.ts";
import type { Command } from "../command/command.ts";
import type { Route } from "../routing/router.ts";
import type { SessionInput } from "./session.ts";

/** Rejects with a ServiceError: `not-found`, or something that may be better in a moment. */
export async function findRoute(input: SessionInput, command: Command): Promise<Route> {
  const { parts, identity, log, channel } = input;
  const { clock } = parts;
  const startMs = clock.nowMs();
  const context = createContext({ clock }).withTimeout(parts.routeMs);
  const { backend, path } = await parts.route(context, identity, command);
  const { verb, access, repository } = command;
  const durationMs = clock.nowMs() - startMs;
  const asked = { channel: channel.id, verb, access, repository };
  log.record({ event: "route", ...asked, backend, path, durationMs });
  return { backend, path };
}

/** Rejects with a ServiceError `unavailable`. */
export async function borrowBackend(
  input: SessionInput,
  route: Route,
  fresh: boolean,
): Promise<Borrowed> {
  const { parts, identity, log, channel } = input;
  const startMs = parts.clock.nowMs();
  const dial = { event: "dial", channel: channel.id, backend: route.backend } as const;
  try {
    const borrowed = await parts.borrow(route, identity.account, fresh);
    const { reused, connection } = borrowed;
    const durationMs = parts.clock.nowMs() - startMs;
    log.record({ ...dial, addr: connection.address, reused, durationMs });
    return borrowed;
  } catch (thrown) {
    const error = ServiceError.from(thrown);
    const durationMs = parts.clock.nowMs() - startMs;
    log.record({ ...dial, addr: "", reused: false, durationMs, error: error.message });
    throw error;
  }
}
