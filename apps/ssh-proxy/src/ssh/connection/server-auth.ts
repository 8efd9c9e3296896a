/**
 * User authentication, the server's side (RFC 4252), by public key only. The one place where a
 * signature is verified, and where an identity comes from: the request that was verified, never
 * from a key that somebody only offered.
 */
import type { Identity } from "../../accounts/account-directory.ts";
import { parsePublicKey, type PublicKey } from "../keys/public-key.ts";
import { MESSAGE } from "../message-numbers.ts";
import { MessageReader } from "../message-reader.ts";
import { MessageWriter } from "../message-writer.ts";
import { DISCONNECT, SshError } from "../ssh-error.ts";
import type { SshTransport } from "../transport/ssh-transport.ts";
import type { SshConnectionOptions } from "./connection-options.ts";
import type { AuthAnswer, AuthAttempt } from "./ssh-connection.ts";

export interface ServerAuthInput {
  readonly transport: SshTransport;
  readonly options: SshConnectionOptions;
  readonly findIdentity: (user: string, key: PublicKey) => Promise<AuthAnswer>;
  readonly onAuth: (attempt: AuthAttempt) => void;
  readonly onAuthenticated: (identity: Identity) => void;
  /** Ends the connection with a text for the user. */
  readonly disconnect: (reason: number, text: string) => void;
}

const METHODS = ["publickey"];
const TEXT_MAX_BYTES = 255;
/** Keys of 16,384 bits are 2 KiB; their certificates, which we do not read, a few more. */
const KEY_MAX_BYTES = 16_384;

/**
 * Requests that wait for the one before them. Nobody in his senses sends many ahead; each may hold
 * twice the longest packet.
 */
const WAITING_MAX = 8;

/** One request, copied out of its message, for it may have to wait for the one before. */
type AuthRequest = KeyRequest | OtherRequest;

interface OtherRequest {
  readonly method: string;
  readonly user: string;
}

interface KeyRequest {
  readonly user: string;
  readonly algorithm: string;
  readonly blob: Buffer;
  /** Undefined for an offer. */
  readonly signature: Buffer | undefined;
  /** What was signed: the session's id and the request. */
  readonly signed: Buffer;
}

export class ServerAuth {
  private readonly input: ServerAuthInput;
  private user: string | undefined = undefined;
  private requests = 0;
  private failures = 0;
  private services = 0;
  private readonly waiting: AuthRequest[] = [];
  private working = false;
  private accepted = false;
  /** Nobody logs in here any more: somebody has, or the connection ends. */
  private over = false;
  /** What was proven so far, where one key is not enough: fingerprints of one account. */
  private readonly proven = new Set<string>();
  private provenAccount = "";

  constructor(input: ServerAuthInput) {
    this.input = input;
  }

  get authenticated(): boolean {
    return this.accepted;
  }

  /** How many keys did not do. */
  get failureCount(): number {
    return this.failures;
  }

  /** How many requests there were, offers included. */
  get requestCount(): number {
    return this.requests;
  }

  /** Handles the messages 5 and 50 to 79; throws an SshError for what is not allowed. */
  onMessage(payload: Buffer): void {
    const number = payload[0]!;
    if (number === MESSAGE.serviceRequest) return this.onService(payload);
    if (number !== MESSAGE.userauthRequest) {
      throw new SshError(DISCONNECT.protocolError, `message ${number} is not for a server`);
    }
    // After the success they are ignored (RFC 4252, 5.3).
    if (!this.over) this.onRequest(payload);
  }

  /** Nothing is answered any more. */
  close(): void {
    this.over = true;
    this.waiting.length = 0;
  }

  private onService(payload: Buffer): void {
    const name = new MessageReader(payload).text(TEXT_MAX_BYTES);
    // Each is answered, and one is enough.
    if (++this.services > this.input.options.authRequestsMax) {
      throw new SshError(DISCONNECT.protocolError, `${this.services} requests of a service`);
    }
    if (name !== "ssh-userauth") {
      throw new SshError(DISCONNECT.serviceNotAvailable, "the first service is ssh-userauth");
    }
    this.input.transport.send(new MessageWriter(MESSAGE.serviceAccept).string(name).finish());
  }

  private onRequest(payload: Buffer): void {
    if (this.services === 0) {
      throw new SshError(DISCONNECT.protocolError, "a login before its service was asked for");
    }
    const reader = new MessageReader(payload);
    const user = reader.text(TEXT_MAX_BYTES);
    const service = reader.text(TEXT_MAX_BYTES);
    const method = reader.text(TEXT_MAX_BYTES);
    if (++this.requests > this.input.options.authRequestsMax) {
      return this.giveUp(`more than ${this.input.options.authRequestsMax} login requests`);
    }
    if (service !== "ssh-connection") {
      throw new SshError(DISCONNECT.serviceNotAvailable, "only ssh-connection can be asked for");
    }
    this.user ??= user;
    if (user !== this.user) {
      throw new SshError(DISCONNECT.protocolError, "the user may not change during the login");
    }
    if (this.waiting.length >= WAITING_MAX) {
      throw new SshError(DISCONNECT.protocolError, `${WAITING_MAX} login requests wait already`);
    }
    this.waiting.push(
      method === "publickey" ? this.readKeyRequest(user, payload, reader) : { user, method },
    );
    void this.work();
  }

  private readKeyRequest(user: string, payload: Buffer, reader: MessageReader): KeyRequest {
    const isSigned = reader.boolean();
    const algorithm = reader.text(TEXT_MAX_BYTES);
    const blob = Buffer.from(reader.string(KEY_MAX_BYTES));
    const end = reader.position;
    const signature = isSigned ? Buffer.from(reader.string(KEY_MAX_BYTES)) : undefined;
    reader.end();
    const signed = new MessageWriter().string(this.input.transport.sessionId);
    return {
      ...{ user, algorithm, blob, signature },
      signed: isSigned ? signed.raw(payload.subarray(0, end)).finish() : EMPTY,
    };
  }

  /** One request after the other, in the order they came, however long each takes. */
  private async work(): Promise<void> {
    if (this.working) return;
    this.working = true;
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      if (isOfKey(next)) await this.judge(next);
      else this.refuseMethod(next);
    }
    this.working = false;
  }

  private refuseMethod({ user, method }: OtherRequest): void {
    this.input.onAuth({ user, method, result: "refused", why: "only public keys do" });
    // "none" only asks what would do.
    this.fail(method !== "none");
  }

  private async judge(request: KeyRequest): Promise<void> {
    const { user, algorithm, signature } = request;
    const key = parseKey(request.blob);
    if (typeof key === "string") return this.refuse(user, undefined, key);
    if (!key.signatureAlgorithms.includes(algorithm)) {
      return this.refuse(user, key, `keys of type ${key.type} do not sign as asked for`);
    }
    const found = await this.find(user, key);
    if (this.over) return;
    if (found.answer === "unavailable") return this.postpone(user, key, found.why);
    if (found.answer === "unknown") return this.refuse(user, key, "nobody's key");
    if (signature === undefined) return this.wouldDo(user, algorithm, request.blob, key);
    // Known first: a key that somebody made up may be made to cost much to verify with.
    if (!key.verify(algorithm, request.signed, signature)) {
      return this.refuse(user, key, "the signature is not right");
    }
    this.accept(user, key, found.identity);
  }

  private async find(user: string, key: PublicKey): Promise<AuthAnswer> {
    try {
      return await this.input.findIdentity(user, key);
    } catch (error) {
      return { answer: "unavailable", why: error instanceof Error ? error.message : String(error) };
    }
  }

  /** The key would do: now sign with it (RFC 4252, 7). It changes nothing here. */
  private wouldDo(user: string, algorithm: string, blob: Buffer, key: PublicKey): void {
    const { fingerprint } = key;
    this.input.onAuth({ user, method: "publickey", fingerprint, result: "offered" });
    const reply = new MessageWriter(MESSAGE.userauthPkOk).string(algorithm).string(blob);
    this.input.transport.send(reply.finish());
  }

  private accept(user: string, key: PublicKey, identity: Identity): void {
    const { fingerprint } = key;
    const attempt = { user, method: "publickey", fingerprint, identity };
    if (identity.account !== this.provenAccount) this.proven.clear();
    this.provenAccount = identity.account;
    this.proven.add(fingerprint);
    if (this.proven.size < (identity.keysNeeded ?? 1)) {
      this.input.onAuth({ ...attempt, result: "partial" });
      const reply = new MessageWriter(MESSAGE.userauthFailure).names(METHODS).boolean(true);
      return this.input.transport.send(reply.finish());
    }
    this.close();
    this.accepted = true;
    this.input.onAuth({ ...attempt, result: "accepted" });
    this.input.transport.send(new MessageWriter(MESSAGE.userauthSuccess).finish());
    this.input.onAuthenticated(identity);
  }

  private refuse(user: string, key: PublicKey | undefined, why: string): void {
    const known = key === undefined ? {} : { fingerprint: key.fingerprint };
    this.input.onAuth({ user, method: "publickey", ...known, result: "refused", why });
    this.fail(true);
  }

  /** Nobody is told "denied" because something of ours is down. */
  private postpone(user: string, key: PublicKey, why: string): void {
    const { fingerprint } = key;
    this.input.onAuth({ user, method: "publickey", fingerprint, result: "unavailable", why });
    this.close();
    const text = "keys cannot be looked up right now, please try again in a moment";
    this.input.disconnect(DISCONNECT.byApplication, text);
  }

  private fail(counts: boolean): void {
    if (counts && ++this.failures >= this.input.options.authFailuresMax) {
      return this.giveUp(`none of ${this.failures} keys is known here`);
    }
    const reply = new MessageWriter(MESSAGE.userauthFailure).names(METHODS).boolean(false);
    this.input.transport.send(reply.finish());
  }

  private giveUp(text: string): void {
    this.close();
    this.input.disconnect(DISCONNECT.noMoreAuthMethodsAvailable, text);
  }
}

const EMPTY = Buffer.alloc(0);

function isOfKey(request: AuthRequest): request is KeyRequest {
  return "blob" in request;
}

/** The key, or why it is none: a key that we cannot read fails the attempt, not the connection. */
function parseKey(blob: Buffer): PublicKey | string {
  try {
    return parsePublicKey(blob);
  } catch (error) {
    return error instanceof Error ? error.message : "not a key";
  }
}
