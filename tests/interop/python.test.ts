/** Apache Thrift for Python, as Debian packages it. */
import { describePeer } from "./describe-peer.ts";

const transports = ["framed", "buffered"];
const protocols = ["binary", "accelerated", "old", "compact"];

describePeer("python3-thrift", {
  // Not any Python that comes first on the path: Debian's knows Debian's packages.
  command: { name: "python", program: "/usr/bin/python3", leading: ["peers/python/peer.py"] },
  clients: { transports, protocols },
  servers: { transports, protocols },
  without: ["testUuid"],
});
