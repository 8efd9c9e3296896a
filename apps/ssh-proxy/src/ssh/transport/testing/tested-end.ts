/** One transport with everything it told and wrote on record. */
import type { SshError } from "../../ssh-error.ts";
import { createSshTransport } from "../own-transport.ts";
import type {
  AgreedAlgorithms,
  CreateTransport,
  SshTransport,
  TransportHandler,
  TransportInput,
} from "../ssh-transport.ts";

export type EndOptions = Omit<TransportInput, "handler" | "write"> & {
  readonly createTransport?: CreateTransport;
};

export class TestedEnd implements TransportHandler {
  readonly transport: SshTransport;
  /** What it wrote and nobody has taken. */
  written: Buffer[] = [];
  readonly idents: string[] = [];
  readonly keys: AgreedAlgorithms[] = [];
  readonly messages: Buffer[] = [];
  readonly disconnects: { readonly reason: number; readonly text: string }[] = [];
  readonly errors: SshError[] = [];
  /** Is told of each message besides. */
  whenMessage: (payload: Buffer) => void = () => {};
  whenKeys: () => void = () => {};

  constructor({ createTransport = createSshTransport, ...options }: EndOptions) {
    this.transport = createTransport({
      ...options,
      handler: this,
      write: (bytes) => {
        this.written.push(bytes);
      },
    });
  }

  /** All that it wrote, which is then taken. */
  take(): Buffer {
    const bytes = Buffer.concat(this.written);
    this.written = [];
    return bytes;
  }

  /** Whether it is over, one way or another; a handler hears of one end at most. */
  get ended(): boolean {
    return this.errors.length + this.disconnects.length > 0;
  }

  onIdent(ident: string): void {
    this.checkGoingOn();
    this.idents.push(ident);
  }

  onKeys(algorithms: AgreedAlgorithms): void {
    this.checkGoingOn();
    this.keys.push(algorithms);
    this.whenKeys();
  }

  onMessage(payload: Buffer): void {
    this.checkGoingOn();
    this.messages.push(Buffer.from(payload));
    this.whenMessage(payload);
  }

  onDisconnect(reason: number, text: string): void {
    this.checkGoingOn();
    this.disconnects.push({ reason, text });
  }

  onError(error: SshError): void {
    this.checkGoingOn();
    this.errors.push(error);
  }

  private checkGoingOn(): void {
    if (this.ended) throw new Error("told something after the end");
  }
}
