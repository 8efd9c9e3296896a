/** The human-readable header: `PROXY TCP4 192.0.2.7 198.51.100.1 51234 22` and a line end. */
import { type Address, escapeControl } from "holdfast";
import { isIPv4, isIPv6 } from "node:net";
import { badHeader, MORE, type ProxyHeaderStep } from "./header.ts";
import { tcpAddress } from "./tcp-address.ts";

export const VERSION_1_START = Buffer.from("PROXY ", "latin1");
/** The longest line that the protocol knows, its end included. */
export const VERSION_1_MAX_BYTES = 107;

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const FIELDS = /^PROXY (TCP4|TCP6) (\S+) (\S+) (\d{1,5}) (\d{1,5})$/;
const UNKNOWN = /^PROXY UNKNOWN(?: |$)/;

/** `bytes` begin with `VERSION_1_START`. Throws a ServiceError, `protocol`. */
export function readVersion1(bytes: Buffer): ProxyHeaderStep {
  const within = bytes.subarray(0, VERSION_1_MAX_BYTES);
  const end = within.indexOf(LINE_FEED);
  if (end < 0) {
    if (within.length < VERSION_1_MAX_BYTES) return MORE;
    throw badHeader(`no line end within ${VERSION_1_MAX_BYTES} bytes`);
  }
  if (bytes[end - 1] !== CARRIAGE_RETURN) throw badHeader("its line does not end with CR LF");
  const line = bytes.toString("latin1", 0, end - 1);
  const headerBytes = end + 1;
  if (UNKNOWN.test(line)) {
    return { kind: "done", header: { kind: "own", version: 1 }, headerBytes };
  }
  const [, family, source, destination, sourcePort, destinationPort] = FIELDS.exec(line) ?? [];
  if (family !== "TCP4" && family !== "TCP6") {
    throw badHeader(`${escapeControl(JSON.stringify(line))} is not as version 1 has it`);
  }
  return {
    kind: "done",
    header: {
      kind: "proxied",
      version: 1,
      source: endpoint(family, source!, sourcePort!),
      destination: endpoint(family, destination!, destinationPort!),
    },
    headerBytes,
  };
}

function endpoint(family: "TCP4" | "TCP6", host: string, port: string): Address {
  // A zone (fe80::1%eth0) would be one of another machine.
  const fits = family === "TCP4" ? isIPv4(host) : isIPv6(host) && !host.includes("%");
  if (!fits) {
    throw badHeader(`${escapeControl(JSON.stringify(host))} is no address of ${family}`);
  }
  if (Number(port) > 65_535 || (port.length > 1 && port.startsWith("0"))) {
    throw badHeader(`${port} is no port`);
  }
  return tcpAddress(host, Number(port));
}
