/** EXT_INFO (RFC 8308): the server tells by which algorithms users may sign. */
import { MESSAGE } from "../message-numbers.ts";
import { MessageReader } from "../message-reader.ts";
import { MessageWriter } from "../message-writer.ts";
import { DISCONNECT, SshError } from "../ssh-error.ts";
import { SIGNATURE_ALGORITHMS } from "./algorithms.ts";

/** OpenSSH sends three; a count from the wire is no reason to loop (CVE-2026-55199). */
const EXTENSIONS_MAX = 64;
const SERVER_SIGNATURE_ALGORITHMS = "server-sig-algs";

export function writeExtInfo(): Buffer {
  return new MessageWriter(MESSAGE.extInfo)
    .uint32(1)
    .string(SERVER_SIGNATURE_ALGORITHMS)
    .names(SIGNATURE_ALGORITHMS)
    .finish();
}

/** `server-sig-algs` if it is among them. Throws an `SshError`. */
export function readExtInfo(payload: Buffer): readonly string[] | undefined {
  const reader = new MessageReader(payload);
  const count = reader.uint32();
  if (count > EXTENSIONS_MAX) {
    throw new SshError(DISCONNECT.protocolError, `${count} extensions, at most ${EXTENSIONS_MAX}`);
  }
  let names: readonly string[] | undefined;
  for (let index = 0; index < count; index++) {
    const name = reader.string().toString("latin1");
    if (name === SERVER_SIGNATURE_ALGORITHMS) names = reader.names();
    else reader.string();
  }
  return names;
}
