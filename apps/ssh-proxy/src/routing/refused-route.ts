/** What a router answers when there is no way: the same words whoever it was that knew. */
import { ServiceError } from "holdfast";
import type { Verb } from "../command/command.ts";

/** One text for what is not there and for what may not be seen. */
export function noSuchRepository(): ServiceError {
  return new ServiceError("not-found", "There is no such repository, or you may not see it.");
}

/** Only for who may read it, so that it tells nobody of what is not to be seen. */
export function readOnly(verb: Verb): ServiceError {
  // Mercurial has one command for both, and what goes on inside is the backend's to know.
  const why = verb === "hg-serve" ? ", and Mercurial's command could write" : "";
  return new ServiceError("not-found", `You may only read this repository${why}.`);
}
