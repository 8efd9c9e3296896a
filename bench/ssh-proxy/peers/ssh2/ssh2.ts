// The part of ssh2 that the minimal proxy uses; ssh2 comes without types.
import type { Duplex } from "node:stream";

export interface Ssh2 {
  Client: new () => SshClient;
  Server: new (
    settings: { hostKeys: Buffer[] },
    onConnection: (front: Front) => void,
  ) => { listen(port: number, host: string, onListening: () => void): void };
  utils: { parseKey(text: Buffer): Key };
}

/** A connection of a client. */
export interface Front {
  setNoDelay(on: boolean): void;
  on(event: "authentication", listener: (attempt: LoginAttempt) => void): void;
  on(event: "session", listener: (accept: () => Session) => void): void;
  on(event: "error" | "close", listener: () => void): void;
}

export type LoginAttempt = {
  accept(): void;
  reject(methods: string[]): void;
} & (
  | { method: "none" | "password" }
  | {
      method: "publickey";
      key: { algo: string; data: Buffer };
      blob: Buffer;
      signature?: Buffer;
      hashAlgo: string | undefined;
    }
);

export interface Session {
  on(
    event: "exec",
    listener: (accept: () => Channel, reject: () => void, info: { command: string }) => void,
  ): void;
}

export interface Channel extends Duplex {
  stderr: Duplex;
  exit(status: number | string): void;
  close(): void;
}

export interface SshClient {
  connect(settings: {
    host: string;
    port: number;
    username: string;
    privateKey: Buffer;
    hostVerifier: (key: Buffer) => boolean;
  }): void;
  setNoDelay(on: boolean): void;
  exec(command: string, done: (error: Error | undefined, channel: Channel) => void): void;
  end(): void;
  on(event: "ready", listener: () => void): void;
  on(event: "error", listener: (error: Error) => void): void;
}

export interface Key {
  type: string;
  getPublicSSH(): Buffer;
  /** True, false, or an Error that says why it could not be verified. */
  verify(data: Buffer, signature: Buffer, hash: string | undefined): boolean | Error;
}
