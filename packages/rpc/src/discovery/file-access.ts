/** Files as far as a resolver needs them; the system's is one implementation. */
import { open } from "node:fs/promises";

export interface FileAccess {
  /** The text of the file that stands there now. Rejects when there is none, or a larger one. */
  read(path: string, bytesMax: number): Promise<string>;
}

/** The files of this machine; symbolic links are followed. */
export const systemFiles: FileAccess = {
  async read(path, bytesMax) {
    await using file = await open(path, "r");
    const { size } = await file.stat();
    if (size > bytesMax) throw new Error(`it has ${size} bytes; at most ${bytesMax} are read`);
    const text = await file.readFile("utf8");
    // It may have grown meanwhile.
    if (text.length > bytesMax) throw new Error(`it has more than ${bytesMax} bytes`);
    return text;
  },
};
