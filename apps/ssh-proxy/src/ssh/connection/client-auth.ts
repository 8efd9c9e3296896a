/** User authentication, the client's side (RFC 4252): logs in at a backend with our keys. */
import type { PrivateKey } from "../keys/private-key.ts";
import { MESSAGE } from "../message-numbers.ts";
import { MessageReader } from "../message-reader.ts";
import { MessageWriter } from "../message-writer.ts";
import { DISCONNECT, SshError } from "../ssh-error.ts";
import { escapeText } from "../transport/escape-text.ts";
import type { SshTransport } from "../transport/ssh-transport.ts";

export interface ClientAuthInput {
  readonly transport: SshTransport;
  readonly user: string;
  /** Tried in this order; where a server wants several, each is used once. */
  readonly keys: readonly PrivateKey[];
  readonly onAuthenticated: () => void;
}

const TEXT_MAX_BYTES = 255;

export class ClientAuth {
  private readonly input: ClientAuthInput;
  private next = 0;
  private phase: "service" | "login" | "done" = "service";

  constructor(input: ClientAuthInput) {
    this.input = input;
  }

  /** Once keys are in force. */
  start(): void {
    this.input.transport.send(
      new MessageWriter(MESSAGE.serviceRequest).string("ssh-userauth").finish(),
    );
  }

  /** Handles the messages 6 and 50 to 79; throws an SshError when it cannot go on. */
  onMessage(payload: Buffer): void {
    const number = payload[0]!;
    if (this.phase === "service" && number === MESSAGE.serviceAccept) {
      this.phase = "login";
      return this.tryNext();
    }
    if (this.phase !== "login") {
      throw new SshError(DISCONNECT.protocolError, `message ${number} before or after the login`);
    }
    switch (number) {
      case MESSAGE.userauthSuccess:
        this.phase = "done";
        return this.input.onAuthenticated();
      case MESSAGE.userauthFailure:
        return this.onFailure(new MessageReader(payload));
      case MESSAGE.userauthBanner:
        // For people; here are none.
        return undefined;
      default:
        throw new SshError(DISCONNECT.protocolError, `message ${number} is not for a client`);
    }
  }

  private onFailure(reader: MessageReader): void {
    const methods = reader.names();
    if (!methods.includes("publickey")) throw this.refused(methods);
    this.tryNext();
  }

  /** Signs at once, without asking whether the key would do: one round trip less. */
  private tryNext(): void {
    const key = this.input.keys[this.next++];
    if (key === undefined) throw this.refused(["publickey"]);
    const algorithm = this.algorithmFor(key);
    const request = new MessageWriter(MESSAGE.userauthRequest)
      .string(this.input.user)
      .string("ssh-connection")
      .string("publickey")
      .boolean(true)
      .string(algorithm)
      .string(key.publicKey.blob)
      .finish();
    const signed = new MessageWriter().string(this.input.transport.sessionId).raw(request).finish();
    const signature = key.sign(algorithm, signed);
    this.input.transport.send(new MessageWriter().raw(request).string(signature).finish());
  }

  private algorithmFor(key: PrivateKey): string {
    const { signatureAlgorithms } = key.publicKey;
    const known = this.input.transport.serverSignatureAlgorithms;
    const shared = signatureAlgorithms.find((name) => known?.includes(name) ?? true);
    return shared ?? signatureAlgorithms[0]!;
  }

  private refused(methods: readonly string[]): SshError {
    const list = escapeText(methods.join(", "), TEXT_MAX_BYTES);
    const text = `it does not let ${this.input.user} in with the proxy's key (it takes: ${list})`;
    return new SshError(DISCONNECT.noMoreAuthMethodsAvailable, text);
  }
}
