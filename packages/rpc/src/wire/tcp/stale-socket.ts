/**
 * What a process that died leaves behind of a Unix socket: a file in the way of the next one.
 */
import { lstat, unlink } from "node:fs/promises";
import * as net from "node:net";

/**
 * Removes the socket file at `path` when nobody listens on it. False when somebody does. Rejects
 * with ENOTSOCK when the file is something else, and with whatever else stands in the way.
 */
export async function removeStaleSocket(path: string): Promise<boolean> {
  try {
    const found = await lstat(path);
    if (!found.isSocket()) {
      throw Object.assign(new Error(`${path} is not a socket`), { code: "ENOTSOCK" });
    }
    if (await isListenedOn(path)) return false;
    await unlink(path);
  } catch (error) {
    // It has gone meanwhile, which is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return true;
}

/** Asks by connecting. Only a refusal says that nobody is there. */
function isListenedOn(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = net.connect({ path }, () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") resolve(false);
      // The queue of the one who listens is full.
      else if (error.code === "EAGAIN") resolve(true);
      else reject(error);
    });
  });
}
