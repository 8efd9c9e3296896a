// A moleculer node as both ends use it: its TCP transporter with fixed addresses, no discovery by
// multicast, no logs, metrics or tracing; everything else as it comes.
import { ServiceBroker } from "moleculer";

/** `remoteUrl` is `host:port/nodeId` of a node to know from the start. */
export function createBroker(nodeId: string, port: number, remoteUrl?: string): ServiceBroker {
  const urls = remoteUrl === undefined ? {} : { urls: remoteUrl };
  return new ServiceBroker({
    nodeID: nodeId,
    logger: false,
    transporter: {
      type: "TCP",
      options: { port, udpDiscovery: false, useHostname: false, ...urls },
    },
  });
}
