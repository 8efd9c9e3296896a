/**
 * One look at a host: it is connected to, and must say that it speaks SSH. Then it is told who
 * looked, and left: an SSH server writes less into its log about one who introduces himself.
 */
import {
  type Address,
  after,
  type Clock,
  cutText,
  escapeControl,
  type Network,
  ServiceError,
  type Socket,
  type SocketHandler,
} from "holdfast";

export type HostCheckResult =
  /** Its first line, such as `SSH-2.0-OpenSSH_9.2p1`. */
  | { readonly kind: "well"; readonly ident: string }
  | { readonly kind: "ill"; readonly why: string };

export interface HostCheckParts {
  readonly network: Network;
  readonly clock: Clock;
  readonly address: Address;
  readonly timeoutMs: number;
}

/** A server may say something else first (RFC 4253, 4.2); OpenSSH's own client reads as much. */
const TALK_MAX_BYTES = 8_192;
const IDENT_MAX_BYTES = 255;
const OUR_LINE = Buffer.from("SSH-2.0-holdfast_check\r\n");

export class HostCheck implements SocketHandler {
  /** Never rejects. */
  readonly result: Promise<HostCheckResult>;
  private readonly parts: HostCheckParts;
  private readonly settle: (result: HostCheckResult) => void;
  private readonly stopTimer: () => void;
  private socket: Socket | undefined = undefined;
  private heard = "";
  private isWell = false;
  private ended = false;

  constructor(parts: HostCheckParts) {
    this.parts = parts;
    const { promise, resolve } = Promise.withResolvers<HostCheckResult>();
    this.result = promise;
    this.settle = resolve;
    const { clock, timeoutMs } = parts;
    this.stopTimer = after(clock, timeoutMs, () => {
      this.fail(`it said nothing of SSH within ${timeoutMs} ms`);
      this.stop();
    });
    void this.connect();
  }

  /** Ends it now; a result that is not there yet never comes to be `well`. */
  stop(): void {
    this.ended = true;
    this.stopTimer();
    this.fail("it was not waited for");
    this.socket?.destroy();
  }

  onBytes(bytes: Uint8Array): void {
    if (this.isWell) return;
    this.heard += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
    const ident = /^(SSH-(?:2\.0|1\.99)-[^\r\n]*)\r?\n/m.exec(this.heard)?.[1];
    if (ident !== undefined && ident.length <= IDENT_MAX_BYTES) {
      this.isWell = true;
      this.settle({ kind: "well", ident: escapeControl(ident) });
      this.socket?.write(OUR_LINE);
      // What is left is to see it close; the timer is for one that does not.
      this.socket?.end();
    } else if (this.heard.length > TALK_MAX_BYTES) {
      this.fail("it speaks, but not SSH");
      this.stop();
    }
  }

  onEnd(): void {
    this.fail(this.heard === "" ? "it closed without a word" : "it speaks, but not SSH");
    this.stop();
  }

  onDrain(): void {}

  onClose(error: ServiceError | undefined): void {
    this.fail(`it closed: ${error?.message ?? "without a word"}`);
    this.stopTimer();
  }

  private async connect(): Promise<void> {
    const { network, address, timeoutMs } = this.parts;
    try {
      this.socket = await network.connect(address, { timeoutMs });
    } catch (error) {
      this.fail(ServiceError.from(error).message);
      this.stopTimer();
      return;
    }
    if (this.ended) this.socket.destroy();
    else this.socket.start(this);
  }

  /** No effect once there is a result. */
  private fail(why: string): void {
    this.settle({ kind: "ill", why: escapeControl(cutText(why, 200)) });
  }
}
