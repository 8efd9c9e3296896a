/** Where does this repository live? The door to where routes are kept. */
import type { Context } from "holdfast";
import type { Identity } from "../accounts/account-directory.ts";
import type { Access, Verb } from "../command/command.ts";

export interface RouteRequest {
  readonly identity: Identity;
  readonly verb: Verb;
  readonly access: Access;
  /** As in the command. */
  readonly repository: string;
}

export interface Route {
  /** Name of a pool of backends. */
  readonly backend: string;
  /** The repository's path there, such as `/srv/git/team/project.git`. */
  readonly path: string;
}

export interface Router {
  /**
   * Rejects with a ServiceError: `not-found` when there is no such repository or the account may
   * not see it (one text for both); anything else means "try again".
   */
  route(context: Context, request: RouteRequest): Promise<Route>;
}
