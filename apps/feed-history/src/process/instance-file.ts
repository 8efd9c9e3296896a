/** The file that says which instances answer, for `FileResolver`: always a whole one. */
import { renameSync, writeFileSync } from "node:fs";
import { FeedHistory } from "../gen/feed_history.ts";

export function writeInstanceFile(path: string, addresses: readonly string[]): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify({ [FeedHistory.name]: addresses }, null, 2)}\n`);
  renameSync(draft, path);
}
