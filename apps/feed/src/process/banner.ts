/** What the process says once it answers. */

export interface BannerFacts {
  readonly rpc: string;
  /** A URL. */
  readonly ops: string;
  /** Where the history is looked for. */
  readonly source: string;
  readonly items: number;
}

const IDL = "apps/feed/idl/feed.thrift";

export function banner({ rpc, ops, source, items }: BannerFacts): string {
  return [
    `feed answers; ${items} items to show, what was seen is kept by the history in ${source}`,
    `  calls  ${rpc}`,
    `  ops    ${ops}`,
    "try:",
    `  ${exampleCall(rpc)}`,
    `  npx holdfast top ${ops}`,
    "Ctrl-C drains and ends.",
  ].join("\n");
}

export function exampleCall(rpc: string): string {
  const json = '{"request":{"userId":"7","count":3}}';
  return `npx holdfast call ${rpc} Feed.Refresh '${json}' --idl ${IDL}`;
}
