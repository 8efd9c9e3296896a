/** A listening address of the simulated network. */
import type { Address, Listener } from "@holdfast/core";
import type { SimSocket } from "./sim-socket.ts";

export class SimListener implements Listener {
  readonly address: Address;
  readonly reusePort: boolean;
  readonly onSocket: (socket: SimSocket) => void;
  private readonly onClose: (listener: SimListener) => void;

  constructor(
    address: Address,
    reusePort: boolean,
    onSocket: (socket: SimSocket) => void,
    onClose: (listener: SimListener) => void,
  ) {
    this.address = address;
    this.reusePort = reusePort;
    this.onSocket = onSocket;
    this.onClose = onClose;
  }

  close(): Promise<void> {
    this.onClose(this);
    return Promise.resolve();
  }
}
