/** Apache Thrift for Go, in the version that Debian packages. */
import { join } from "node:path";
import { describePeer } from "./describe-peer.ts";

const program = join(import.meta.dirname, ".generated", "go-peer");
const transports = ["framed", "buffered"];
const protocols = ["binary", "compact"];

describePeer("Go thrift", {
  command: { name: "go", program, leading: [] },
  clients: { transports, protocols },
  servers: { transports, protocols },
  without: ["testUuid"],
});
