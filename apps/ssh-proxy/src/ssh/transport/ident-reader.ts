/**
 * The first line of the peer (RFC 4253, 4.2), in any pieces. A client lets lines of greeting go by
 * before it; a server takes nothing else, and says so at the first byte that is wrong.
 */
import { DISCONNECT, SshError } from "../ssh-error.ts";
import { escapeText } from "./escape-text.ts";

/** 255 bytes with the end of the line (RFC 4253, 4.2). */
export const IDENT_MAX_BYTES = 255;

/** 20 lines of greeting before the server's identification: a banner for lawyers fits. */
export const GREETING_LINES_MAX = 20;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const TLS_HANDSHAKE = 0x16;
const SSH = Buffer.from("SSH-");
const HTTP = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE|PRI|HTTP\/)/;

export class IdentReader {
  private readonly role: "server" | "client";
  private readonly line = Buffer.alloc(IDENT_MAX_BYTES);
  private lineBytes = 0;
  private greetingLines = 0;
  /** How many bytes of the chunk last read belong to the lines; the rest are packets. */
  usedBytes = 0;

  constructor(role: "server" | "client") {
    this.role = role;
  }

  /** The identification, once it is there, in Latin-1, without its end. Throws an `SshError`. */
  read(chunk: Buffer): string | undefined {
    this.usedBytes = 0;
    while (this.usedBytes < chunk.length) {
      const lineEnd = chunk.indexOf(LINE_FEED, this.usedBytes);
      const end = lineEnd === -1 ? chunk.length : lineEnd + 1;
      this.add(chunk.subarray(this.usedBytes, end));
      this.usedBytes = end;
      const ident = lineEnd === -1 ? undefined : this.endLine();
      if (ident !== undefined) return ident;
    }
    return undefined;
  }

  private add(bytes: Buffer): void {
    const room = IDENT_MAX_BYTES - this.lineBytes;
    bytes.copy(this.line, this.lineBytes, 0, room);
    this.lineBytes += Math.min(bytes.length, room);
    const line = this.line.subarray(0, this.lineBytes);
    const checkedBytes = Math.min(SSH.length, line.length);
    if (this.role === "server" && line.compare(SSH, 0, checkedBytes, 0, checkedBytes) !== 0) {
      throw notSsh(line);
    }
    if (bytes.length > room) {
      throw protocolError(`no end of line in the first ${IDENT_MAX_BYTES} bytes of one`);
    }
    if (bytes.includes(0)) throw protocolError("a NUL where the SSH identification should be");
  }

  /** The identification, or undefined when it was a greeting. */
  private endLine(): string | undefined {
    let end = this.lineBytes - 1;
    if (end > 0 && this.line[end - 1] === CARRIAGE_RETURN) end--;
    const line = this.line.toString("latin1", 0, end);
    this.lineBytes = 0;
    if (line.startsWith("SSH-")) {
      if (/^SSH-(2\.0|1\.99)-/.test(line)) return line;
      throw new SshError(
        DISCONNECT.protocolVersionNotSupported,
        `only SSH 2.0 is spoken here, not "${escapeText(line)}"`,
      );
    }
    this.greetingLines++;
    if (this.greetingLines <= GREETING_LINES_MAX && this.role === "client") return undefined;
    throw protocolError(`no SSH identification in the first ${this.greetingLines} lines`);
  }
}

/** What most peers of a server that are no SSH clients are, said as plainly as may be. */
function notSsh(line: Buffer): SshError {
  if (line[0] === TLS_HANDSHAKE) return protocolError("this is TLS, not SSH");
  const text = line.toString("latin1");
  if (HTTP.test(text)) return protocolError("this is HTTP, not SSH");
  return protocolError(`not an SSH identification: "${escapeText(text, 40)}"`);
}

function protocolError(what: string): SshError {
  return new SshError(DISCONNECT.protocolError, what);
}
