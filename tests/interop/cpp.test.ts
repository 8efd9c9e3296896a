/** Apache Thrift for C++, as Debian packages it: a thread per connection, or its event loop. */
import { join } from "node:path";
import { describePeer } from "./describe-peer.ts";

const program = join(import.meta.dirname, ".generated", "cpp-peer");
const protocols = ["binary", "compact"];

describePeer("libthrift", {
  command: { name: "cpp", program, leading: [] },
  clients: { transports: ["framed", "buffered"], protocols },
  servers: { transports: ["framed", "buffered", "nonblocking"], protocols },
  without: ["testUuid"],
});
