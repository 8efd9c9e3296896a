/** Text of others on a user's terminal: nothing in it can move the cursor or change a colour. */
import { cutText, escapeControl } from "holdfast";

const LENGTH_MAX = 200;

export function escapeForTerminal(text: string): string {
  return escapeControl(cutText(text, LENGTH_MAX));
}
