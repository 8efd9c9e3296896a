/**
 * A public key on a line of text, `[options] type base64 [comment]`, as `authorized_keys` and the
 * `.pub` files of ssh-keygen have it (sshd(8), AUTHORIZED_KEYS FILE FORMAT).
 */
import { CURVES } from "./curve.ts";
import { parsePublicKey, type PublicKey } from "./public-key.ts";
import { ED25519, RSA } from "./signature.ts";
import { quoteName, SshKeyError } from "./ssh-key-error.ts";

export interface PublicKeyLine {
  readonly key: PublicKey;
  /** What its owner calls it; `""` without one. No control characters. */
  readonly comment: string;
  /** In the order they stand there; a name may stand there twice. */
  readonly options: readonly PublicKeyLineOption[];
}

export interface PublicKeyLineOption {
  /** Lower case: upper and lower case are the same. */
  readonly name: string;
  /** What stands behind `=`, without its quotes; undefined: nothing does. */
  readonly value: string | undefined;
}

/** A key of 16,384 bits takes 2,800 characters; sshd reads lines up to 8 KiB. */
const LINE_MAX_LENGTH = 8_192;

const KEY_TYPES: ReadonlySet<string> = new Set([ED25519, RSA, ...CURVES.map(({ type }) => type)]);
/** What a type of key looks like, ours or not: no option has such a name. */
const KEY_TYPE = /^(?:ssh-|ecdsa-sha2-|sk-|webauthn-)/u;
/**
 * A name, then maybe `=` and a value, with quotes or without; within quotes `\"` is a quote. What
 * follows is a comma or the end.
 */
const OPTION = /^([A-Za-z0-9@._-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^",\s]+)))?(,(?=\S)|(?= |$))/su;
const CONTROL = /\p{Cc}/u;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/u;

/** Throws a SshKeyError that says, for users, what is wrong with the line. */
export function parsePublicKeyLine(text: string): PublicKeyLine {
  if (text.length > LINE_MAX_LENGTH) {
    throw new SshKeyError(`a line of ${text.length} characters; at most ${LINE_MAX_LENGTH}`);
  }
  // Tabs stand for blanks, and some editors end lines with a carriage return.
  const line = text.replaceAll("\t", " ").trim();
  if (CONTROL.test(line)) throw new SshKeyError("a control character in the line");
  const { options, rest } = splitOptions(line);
  const [, type = "", base64 = "", comment = ""] = /^(\S*) *(\S*) *(.*)$/su.exec(rest) ?? [];
  if (!KEY_TYPES.has(type)) {
    throw new SshKeyError(
      KEY_TYPE.test(type)
        ? `keys of type ${quoteName(type)} are not taken`
        : "a type of key, such as ssh-ed25519, is expected",
    );
  }
  const key = parsePublicKey(decodeBase64(base64));
  if (key.type !== type) {
    throw new SshKeyError(`the line says ${type}, the key in it is of type ${key.type}`);
  }
  return { key, comment, options };
}

/** Options are there when the first word is no type of key. */
function splitOptions(line: string): { options: PublicKeyLineOption[]; rest: string } {
  const options: PublicKeyLineOption[] = [];
  if (KEY_TYPE.test(line)) return { options, rest: line };
  let rest = line;
  while (rest !== "" && !rest.startsWith(" ")) {
    const found = OPTION.exec(rest);
    if (found === null) throw new SshKeyError(`neither a key nor an option: ${quoteName(rest)}`);
    const [whole, name = "", quoted, plain] = found;
    options.push({ name: name.toLowerCase(), value: quoted?.replaceAll('\\"', '"') ?? plain });
    rest = rest.slice(whole.length);
  }
  return { options, rest: rest.trimStart() };
}

/** Strict, unlike Node's own: what is not base64 is a mistake in the file. */
function decodeBase64(text: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  if (!BASE64.test(text) || bytes.toString("base64") !== text) {
    throw new SshKeyError("the key is not in base64, or cut off");
  }
  return bytes;
}
