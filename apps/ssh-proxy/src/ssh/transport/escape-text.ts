/** Makes text out of what a peer sent, fit for an error: one line, plain characters, not long. */
import { cutText, escapeControl } from "holdfast";

/** 120: a version or a short list of names; what is longer is somebody's joke. */
const TEXT_MAX_CHARACTERS = 120;

/** Control characters escaped; cut, with `…` at the end. */
export function escapeText(text: string, charactersMax = TEXT_MAX_CHARACTERS): string {
  if (text.length <= charactersMax) return escapeControl(text);
  return `${escapeControl(cutText(text, charactersMax))}…`;
}
