/**
 * What a client asks to be run, taken apart by an exact grammar. Blanks are single, nothing stands
 * before or after, and there are these forms only, REPOSITORY with or without quotes:
 *
 *   git-upload-pack REPOSITORY                       git upload-pack REPOSITORY
 *   git-receive-pack REPOSITORY                      git receive-pack REPOSITORY
 *   git-upload-archive REPOSITORY                    git upload-archive REPOSITORY
 *   git-lfs-authenticate REPOSITORY download         … upload
 *   hg -R REPOSITORY serve --stdio
 */
import type { Command, GitVerb, Refusal } from "./command.ts";
import { COMMAND_DEFAULTS, type CommandOptions } from "./options.ts";
import { checkRepository } from "./repository.ts";
import { readWord } from "./word.ts";

/** C0, DEL and C1: no command has any. */
// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
/** The head of each form, up to the repository. */
const HEAD = /^(?:git[- ](upload-pack|receive-pack|upload-archive)|(git-lfs-authenticate)|hg -R) /;
const HELP = "this server runs git's and Mercurial's own commands only";

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The bytes of an `exec` request. Never throws, and keeps nothing of `bytes`. */
export function parseCommand(
  bytes: Uint8Array,
  options: CommandOptions = COMMAND_DEFAULTS,
): Command | Refusal {
  const { commandMaxBytes } = options;
  if (bytes.length > commandMaxBytes) {
    return { refused: `The command is longer than ${commandMaxBytes} bytes.` };
  }
  const text = decode(bytes);
  if (text === undefined) return { refused: "The command is not valid UTF-8." };
  if (CONTROL.test(text)) return { refused: "The command has a control character in it." };
  const head = HEAD.exec(text);
  if (head === null) return { refused: unknown(text) };
  const read = readWord(text, head[0].length);
  if ("wrong" in read) return { refused: `The command cannot be understood: ${read.wrong}.` };
  const checked = checkRepository(read.word, options);
  if ("wrong" in checked) {
    return { refused: `This is no name of a repository: ${checked.wrong}.` };
  }
  const command = complete(head, checked.repository, text.slice(read.end));
  return command ?? { refused: `The command is not complete, or has more to it; ${HELP}.` };
}

/** Whether it is a refusal, and no command. */
export function isRefusal(parsed: Command | Refusal): parsed is Refusal {
  return "refused" in parsed;
}

/** `rest` is all that follows the repository. */
function complete(head: RegExpExecArray, repository: string, rest: string): Command | undefined {
  const [, gitName, lfs] = head;
  if (gitName !== undefined) {
    if (rest !== "") return undefined;
    const verb = `git-${gitName}` as GitVerb;
    return { verb, access: verb === "git-receive-pack" ? "write" : "read", repository };
  }
  if (lfs === undefined) {
    return rest === " serve --stdio"
      ? { verb: "hg-serve", access: "write", repository }
      : undefined;
  }
  const verb = "git-lfs-authenticate";
  if (rest === " download") return { verb, access: "read", operation: "download", repository };
  if (rest === " upload") return { verb, access: "write", operation: "upload", repository };
  return undefined;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Only a plain first word is repeated to the user: it finds a typing mistake, and is harmless. */
function unknown(text: string): string {
  if (text === "") return `The command is empty; ${HELP}.`;
  const [, word] = /^([A-Za-z0-9._/-]{1,40})(?: |$)/.exec(text) ?? [];
  const what = word === undefined ? "That" : `The command ${word}, as it was written,`;
  return `${what} cannot be run here; ${HELP}.`;
}
