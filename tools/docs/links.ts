/** Links between pages, and from pages to code, lead somewhere. */
import { linesOutsideCode } from "../source/markdown.ts";
import { resolveRelative } from "../source/place.ts";
import type { SourceTree } from "../source/source-tree.ts";
import type { Finding, Rule } from "../tidy/rule.ts";

/** `[text](target)`, with a title or without; pictures too. */
const LINK = /\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g;
/** A path of this repository in code type, as prose mentions it. */
const MENTION = /`((?:packages|apps|tools|docs|tests|bench)\/[\w./-]+\.(?:ts|md|sh|thrift))`/g;

export const links: Rule = {
  name: "links",
  promise: "every link leads to a file, and every #part to a heading or a line of it",
  check: (tree) =>
    [...tree.files.keys()].filter((path) => path.endsWith(".md")).flatMap((p) => check(tree, p)),
};

function check(tree: SourceTree, path: string): Finding[] {
  return linesOutsideCode(tree.text(path)).flatMap(({ line, text }) => {
    const targets = Array.from(withoutCode(text).matchAll(LINK), ([, target]) => target!);
    const mentions = Array.from(text.matchAll(MENTION), ([, target]) => target!);
    return [
      ...targets.map((target) => complaintAbout(tree, path, target)),
      ...mentions.map((target) => (tree.files.has(target) ? undefined : `${target} is not there`)),
    ].flatMap((message) => (message === undefined ? [] : [{ path, line, message }]));
  });
}

function complaintAbout(tree: SourceTree, from: string, target: string): string | undefined {
  // An address elsewhere: tests do not need the network.
  if (/^[a-z]+:/.test(target)) return undefined;
  const [file, part] = target.split("#") as [string, string | undefined];
  const path = file === "" ? from : resolveRelative(from, file.replace(/\/$/, ""));
  const text = tree.files.get(path);
  if (text === undefined) {
    return isFolder(tree, path) ? undefined : `${target} leads to nothing: there is no ${path}`;
  }
  if (part === undefined || hasPart(path, text, part)) return undefined;
  return `${target} leads to nothing: ${path} has no such part`;
}

function isFolder(tree: SourceTree, path: string): boolean {
  if (path === "") return true;
  for (const file of tree.files.keys()) if (file.startsWith(`${path}/`)) return true;
  return false;
}

function hasPart(path: string, text: string, part: string): boolean {
  const line = /^L(\d+)$/.exec(part)?.[1];
  if (line !== undefined) return Number(line) <= text.split("\n").length;
  return path.endsWith(".md") && headingIds(text).has(part);
}

/** As forges make them: lower case, without signs, blanks as hyphens, a number when repeated. */
export function headingIds(markdown: string): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { text } of linesOutsideCode(markdown)) {
    const heading = /^#{1,6} +(.*?)(?: +#+)?$/.exec(text)?.[1];
    if (heading === undefined) continue;
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const id = words.replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
    let unique = id;
    for (let count = 1; ids.has(unique); count++) unique = `${id}-${count}`;
    ids.add(unique);
  }
  return ids;
}

function withoutCode(line: string): string {
  return line.replace(/`[^`]*`/g, "`code`");
}
