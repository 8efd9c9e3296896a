/**
 * The door to an SSH connection on which somebody has logged in, on either side. Everything above
 * this line (sessions, routes, backends, the embedded backend) knows no other SSH.
 */
import type { Identity } from "../../accounts/account-directory.ts";
import type { PublicKey } from "../keys/public-key.ts";
import type { SshError } from "../ssh-error.ts";
import type { AgreedAlgorithms } from "../transport/ssh-transport.ts";
import type { ChannelHandler, RefusedSession, SshChannel } from "./ssh-channel.ts";

export interface SshConnection {
  /** Such as `SSH-2.0-OpenSSH_9.2p1`. */
  readonly remoteIdent: string;
  /** How many channels are open. */
  readonly channelCount: number;
  /** Bytes of channel data in and out, since the start. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Bytes that the socket has not taken. */
  readonly pendingBytes: number;
  /** While true, answers to keepalives cannot be seen. */
  readonly readingPaused: boolean;
  /** Stops and starts reading from the socket. Only ever waits for another socket to be drained. */
  pauseReading(): void;
  resumeReading(): void;
  /** Asks the peer for a sign of life (`keepalive@openssh.com`); any answer is one. */
  sendKeepalive(): void;
  /** Says DISCONNECT with a text that the user reads, and closes. */
  disconnect(reason: number, text: string): void;
  /** Closes now, without a word. */
  destroy(): void;
}

/** A server's connection tells these, in this order. */
export interface ServerConnectionHandler {
  onIdent(ident: string): void;
  /** Bytes came, whatever they are. */
  onReceived(): void;
  onKeys(algorithms: AgreedAlgorithms, first: boolean): void;
  /**
   * Whose key this is: asked for keys that somebody offers and for those that somebody signed with
   * alike. The answer logs nobody in; a signature does, which is verified after it.
   */
  findIdentity(user: string, key: PublicKey): Promise<AuthAnswer>;
  onAuth(attempt: AuthAttempt): void;
  onAuthenticated(identity: Identity): void;
  /** A session is asked for: its handler, or why not (it is refused with that text). */
  onSession(channel: SshChannel): ChannelHandler | RefusedSession;
  /** The last call, always made, once. */
  onClose(end: ConnectionEnd): void;
}

export type AuthAnswer =
  | { readonly answer: "known"; readonly identity: Identity }
  | { readonly answer: "unknown" }
  /** Cannot be found out now: the user is told to try again, and it counts as no failure. */
  | { readonly answer: "unavailable"; readonly why: string };

export interface AuthAttempt {
  readonly user: string;
  readonly method: string;
  readonly fingerprint?: string;
  readonly result: "offered" | "refused" | "accepted" | "partial" | "unavailable";
  readonly why?: string;
  readonly identity?: Identity;
}

export interface ConnectionEnd {
  readonly kind:
    /** The peer closed its side in order. */
    | "closed"
    /** The socket broke. */
    | "lost"
    /** The peer said DISCONNECT. */
    | "disconnected"
    /** The peer broke the protocol. */
    | "protocol-error"
    /** A mistake of ours; `cause` is what was thrown. */
    | "internal"
    /** It was never looked at: see `LinkInput.admit`. */
    | "not-admitted"
    /** We ended it. */
    | "ended";
  readonly error: SshError | undefined;
  readonly text: string;
  readonly cause?: unknown;
}

/** A client's connection: `connectSsh` resolves with it once it has logged in. */
export interface SshClientConnection extends SshConnection {
  /** Rejects when the server refuses the channel; `initialGrantBytes` is its first window. */
  openSession(handler: ChannelHandler, initialGrantBytes: number): Promise<SshChannel>;
  /** Resolves when the connection has ended. */
  readonly ended: Promise<ConnectionEnd>;
}
