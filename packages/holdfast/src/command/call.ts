/** `holdfast call`: one call to a running service, with nothing but its IDL. */
import { type Command, EXIT } from "./command.ts";

export const callCommand: Command = {
  name: "call",
  summary: "calls a method of a running service",
  help: "",
  options: {},
  run: () => EXIT.failed,
};
