/**
 * The name of a repository as a client may write it: a relative path of plain names. It becomes
 * part of a path on a backend, and a backend may be anything (a shell script, a server on Windows,
 * something that decodes URLs), so that what is a trick anywhere is refused here.
 *
 * Decided:
 * - One leading slash is dropped (`ssh://host/team/x.git` sends `/team/x.git`), and one at the end;
 *   so there are no absolute paths. Two slashes side by side are refused.
 * - A leading `~` is refused: nobody has a home folder here, and a name of that kind would mean one
 *   on the backend.
 * - Percent signs are what they are: nothing is decoded. But `%2e`, `%2f`, `%5c`, `%25` and the
 *   control characters are refused, for the sake of a backend that decodes.
 * - No name begins with a dash (an option), ends with a dot or a blank (Windows drops them), or is
 *   the inside of a repository: `.git`, `.hg`, `git~1`, or anything below `x.git`.
 * - What shells and Mercurial's `-R` (`bundle:…`) give a meaning to is refused, although it is
 *   always sent on in quotes: the backend's own scripts may be less careful. `'`, `!` and `#` pass.
 * - Letters of all scripts pass in NFC only: two spellings of one name would be two repositories.
 */
import type { CommandOptions } from "./options.ts";

export type CheckedRepository = { readonly repository: string } | { readonly wrong: string };

/** Other, separators of lines and paragraphs, and every blank but the plain one. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;
const SPECIAL = /["$&()*:;<>?[\\\]^`{|}]/;
const DECODES_TO_TRICK = /%(?:2e|2f|5c|25|[01][0-9a-f]|7f)/i;
const INSIDE = /^(?:\.git|\.hg|git~[0-9]+)$/i;

/** `word` is without quotes, and as the client wrote it. */
export function checkRepository(
  word: string,
  { repositoryMaxBytes }: Pick<CommandOptions, "repositoryMaxBytes">,
): CheckedRepository {
  if (Buffer.byteLength(word) > repositoryMaxBytes) {
    return { wrong: `it is longer than ${repositoryMaxBytes} bytes` };
  }
  const complaint = complaintAboutText(word);
  if (complaint !== undefined) return { wrong: complaint };
  const repository = word.replace(/^\//, "").replace(/\/$/, "");
  if (repository === "") return { wrong: "it is empty" };
  if (repository.startsWith("~")) return { wrong: "there are no home folders here" };
  const names = repository.split("/");
  for (const [index, name] of names.entries()) {
    const wrong = complaintAboutName(name, index === names.length - 1);
    if (wrong !== undefined) return { wrong };
  }
  return { repository };
}

function complaintAboutText(word: string): string | undefined {
  if (INVISIBLE.test(word)) return "it has a control character or one that cannot be seen";
  if (SPECIAL.test(word)) return "it has a special character";
  if (DECODES_TO_TRICK.test(word)) return "it has an encoded dot, slash or control character";
  if (word.normalize("NFC") !== word) return "it is not in the Unicode form NFC";
  return undefined;
}

function complaintAboutName(name: string, last: boolean): string | undefined {
  if (name === "") return "it has two slashes side by side";
  if (name === "." || name === "..") return `it has the part "${name}"`;
  if (name.startsWith("-")) return "a part of it begins with a dash";
  if (name.startsWith(" ")) return "a part of it begins with a blank";
  if (name.endsWith(" ") || name.endsWith(".")) return "a part of it ends with a blank or a dot";
  if (INSIDE.test(name) || (!last && /\.git$/i.test(name))) {
    return "it is inside of a repository";
  }
  return undefined;
}
