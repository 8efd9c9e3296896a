/** What the process says once it answers: what runs, and three things to try. */
import type { DemoAuthor } from "../demo/git-history.ts";

export interface BannerFacts {
  readonly rpc: string;
  /** URLs. */
  readonly ops: readonly string[];
  readonly data: string;
  readonly log: string;
  readonly authors: readonly DemoAuthor[];
}

const IDL = "apps/feed-history/idl/feed_history.thrift";

export function banner(facts: BannerFacts): string {
  const commits = facts.authors.reduce((sum, author) => sum + author.commits, 0);
  const loaded =
    commits === 0
      ? "no git history was loaded"
      : `a demo is loaded: ${commits} commits, a user for each of ${facts.authors.length} authors`;
  return [
    `feed-history answers; ${loaded}`,
    `  calls  ${facts.rpc}  (Thrift: TTHeader, framed, buffered; Binary, Compact)`,
    `  ops    ${facts.ops.join("  ")}`,
    `  data   ${facts.data}  (log: ${facts.log})`,
    "try:",
    `  ${exampleCall(facts)}`,
    `  curl -s ${facts.ops[0]}/info`,
    `  curl -s ${facts.ops[0]}/metrics | grep holdfast_server_calls`,
    "Ctrl-C drains and ends; every answered SetHistory stays.",
  ].join("\n");
}

function exampleCall({ rpc, authors }: BannerFacts): string {
  const userId = String(authors[0]?.userId ?? 1n);
  const request = { userId, fromMs: "0", toMs: "4102444800000", limit: 3 };
  const json = JSON.stringify({ request });
  return `npx holdfast call ${rpc} FeedHistory.GetHistoryByRange '${json}' --idl ${IDL}`;
}
