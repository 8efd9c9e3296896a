/** A git history as a catalog: each commit is an item, its subject the title. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { ItemKind } from "../gen/feed_history.ts";
import type { FeedItem } from "../gen/feed.ts";
import { Catalog } from "./catalog.ts";

/** The newest so many commits: more are not asked for in a feed. */
const COMMITS_MAX = 10_000;

/** Of a folder in a git work tree or a bare repository; an empty one where there is no history. */
export async function gitCatalog(folder: string): Promise<Catalog> {
  const format = "%H %ct %s";
  const git = spawn("git", ["-C", folder, "log", `-${COMMITS_MAX}`, `--format=${format}`], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  // Without git there is no history either; the stream ends all the same.
  git.once("error", () => undefined);
  const lines = (await text(git.stdout)).split("\n");
  return new Catalog(lines.filter((line) => line !== "").map(itemOf));
}

/** The item's id is that which the demo of feed-history gives to the same commit. */
function itemOf(line: string): FeedItem {
  const [hash = "", seconds = "", ...subject] = line.split(" ");
  return {
    itemId: BigInt(`0x${hash.slice(0, 13)}`),
    publishedMs: BigInt(seconds) * 1_000n,
    title: subject.join(" "),
    kind: ItemKind.ARTICLE,
  };
}
