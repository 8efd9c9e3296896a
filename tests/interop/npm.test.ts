/** npm `thrift`, Apache's own for Node. Its runtime knows the type uuid. */
import { describePeer } from "./describe-peer.ts";

const transports = ["framed", "buffered"];
const protocols = ["binary", "compact"];

describePeer("npm thrift", {
  command: { name: "npm", program: process.execPath, leading: ["peers/npm-thrift/peer.ts"] },
  clients: { transports, protocols },
  servers: { transports, protocols },
  without: [],
  flaws: ["loses the sign of zero"],
});
