/**
 * How an accepted connection reads into a buffer we own. Clients ask for it with net.Socket's
 * documented `onread`; Node's server makes its sockets itself and has no such option, so the
 * connection is taken out of the socket Node made and put into one made with `onread`.
 *
 * Why take the trouble? A 'data' event costs an allocation of 64 KiB, its trimming, a Buffer and
 * the stream's bookkeeping for every read. tcp-network.bench.ts, Node 26, server CPU per echo of
 * 144 bytes, medians of alternating rounds: 10 connections × 1 call in flight 4.8 µs with 'data'
 * events, 3.9 to 4.3 µs this way; 10 × 32, where a read is shared by many calls, 0.17 to 0.21 µs
 * and 0.16 to 0.17 µs. Setting Node's internal symbols on the
 * accepted socket was no faster, nor was writing to its handle past the stream.
 *
 * Two things here are not documented by Node: the property `_handle`, and that the constructor
 * takes one as `handle`. Both are as old as Node's streams. Where they are missing the answer is
 * undefined, and the caller uses 'data' events.
 */
import * as net from "node:net";

interface WithHandle {
  _handle: unknown;
}

/**
 * The connection of `accepted` as a paused stream that reads through `onread`, or undefined, with
 * `accepted` as it was, when this Node does not allow it. `accepted` comes from a server with
 * `pauseOnConnect` and nothing has been done with it.
 */
export function withOnRead(accepted: net.Socket, onread: net.OnReadOpts): net.Socket | undefined {
  const before = accepted as unknown as WithHandle;
  const handle = before._handle;
  if (!readsIntoBuffer(handle)) return undefined;
  before._handle = null;
  const options = { handle, allowHalfOpen: true, onread };
  const stream = new net.Socket(options as net.SocketConstructorOpts);
  if ((stream as unknown as WithHandle)._handle !== handle) {
    before._handle = handle;
    return undefined;
  }
  stream.pause();
  // What is left has no connection; its end keeps the server's count of connections right.
  accepted.destroy();
  return stream;
}

function readsIntoBuffer(handle: unknown): handle is object {
  if (typeof handle !== "object" || handle === null) return false;
  return "useUserBuffer" in handle && "readStart" in handle && "readStop" in handle;
}
