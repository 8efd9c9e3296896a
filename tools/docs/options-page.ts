/**
 * The page of options is written from the sources' comments: `node tools/docs.ts --write`. What a
 * comment says of a default is compared with the default.
 */
import { packageFolderOf } from "../source/place.ts";
import type { SourceTree } from "../source/source-tree.ts";
import type { Finding, Rule } from "../tidy/rule.ts";
import { type OptionsInterface, readOptions } from "./read-options.ts";

export const OPTIONS_PAGE = "docs/reference/options.md";
const COLUMNS_MAX = 100;
/** With what must not begin a line behind it: the number or sign of a list, of a heading. */
const WORD = /\S+(?: (?:\d+[.)]|[-+*#>=|]+)(?= |$))*/g;
const BINARY_UNITS: Readonly<Record<string, number>> = {
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

export const optionsPage: Rule = {
  name: "options-page",
  promise: "the page of options says what the sources say, defaults included",
  check(tree) {
    const interfaces = readOptions(tree);
    const findings = interfaces.flatMap(checkComments);
    if (findings.length === 0 && tree.files.get(OPTIONS_PAGE) !== writeOptionsPage(tree)) {
      findings.push({ path: OPTIONS_PAGE, message: "not what the sources say; run: make gen" });
    }
    return findings;
  },
};

function checkComments({ name: owner, path, options }: OptionsInterface): Finding[] {
  return options.flatMap(({ name, line, doc, fallback }) => {
    if (fallback === undefined) return [];
    const label = `${owner}.${name}`;
    const said = saidDefault(doc ?? "");
    if (said === undefined) {
      return [{ path, line, message: `${label}: its comment does not say the default` }];
    }
    if (said === fallback) return [];
    const message = `${label}: its comment says the default is ${said}, and it is ${fallback}`;
    return [{ path, line, message }];
  });
}

/** `default 16 MiB`, `Default: "x"`, and `x (default)` where the values are listed. */
const LISTED = /[`"]([\w.-]*)[`"]* \(default\)/i;
const SAID =
  /\bdefault:? (?:is )?(?:["`]+([\w./-]*)["`]+|(\d+(?:,\d{3})*(?:\.\d+)*|\w+)(?: ([KMGT]iB))?)/i;

/** What a comment says behind the word "default"; as it is written when it is no number. */
export function saidDefault(doc: string): number | boolean | string | undefined {
  const [, quoted, bare, unit] = SAID.exec(doc.replaceAll("\n", " ")) ?? [];
  const word = LISTED.exec(doc)?.[1] ?? quoted ?? bare;
  if (word === undefined) return undefined;
  if (word === "true" || word === "false") return word === "true";
  const number = Number(word.replaceAll(",", ""));
  if (word === "" || Number.isNaN(number)) return word;
  return number * (unit === undefined ? 1 : BINARY_UNITS[unit]!);
}

export function writeOptionsPage(tree: SourceTree): string {
  const interfaces = readOptions(tree);
  const folders = [...new Set(interfaces.map(({ path }) => packageFolderOf(path)!))];
  const sections = folders
    .toSorted(byOrder)
    .flatMap((folder) => [
      `## ${nameOf(tree, folder)}`,
      ...interfaces
        .filter(({ path }) => packageFolderOf(path) === folder)
        .flatMap((each) => describeInterface(each)),
    ]);
  return `${[...HEAD, ...sections].join("\n\n")}\n`;
}

/** What readers turn most comes first; then by name. */
const ORDER = ["packages/holdfast", "packages/rpc", "packages/resilience", "packages/ops"];

function byOrder(a: string, b: string): number {
  return placeOf(a) - placeOf(b) || (a < b ? 1 : -1);
}

function placeOf(folder: string): number {
  const place = ORDER.indexOf(folder);
  return place < 0 ? ORDER.length : place;
}

/** As it is installed. */
function nameOf(tree: SourceTree, folder: string): string {
  const manifest = tree.files.get(`${folder}/package.json`) ?? "{}";
  return (JSON.parse(manifest) as { name?: string }).name ?? folder;
}

const HEAD = [
  "# Options",
  wrap(
    "Every option, with its meaning, unit, range, default and what moving it costs. Written from " +
      "the comments of the sources by `make gen`; edit those instead. All of them may be left " +
      "out: what is given is completed with the defaults and checked when it is given, and what " +
      "is out of its range throws at once. The ops port shows the effective values at `/options`.",
    "",
  ),
];

function describeInterface({ name, path, doc, options }: OptionsInterface): string[] {
  const documented = options.filter((each) => each.doc !== undefined);
  return [
    `### ${name}`,
    wrap(plain(doc), ""),
    linkTo(path),
    documented.map((each) => wrap(`- **${each.name}**: ${plain(each.doc!)}`, "  ")).join("\n"),
  ].filter((part) => part !== "");
}

/** A link cannot be broken: with the file's name only, where the path is too long. */
function linkTo(path: string): string {
  const parts = path.split("/");
  const line = `In [${parts.slice(2).join("/")}](../../${path}):`;
  return line.length <= COLUMNS_MAX ? line : `In [${parts.at(-1)}](../../${path}):`;
}

/** A comment in one line, its links as names. */
function plain(doc: string): string {
  return doc
    .replace(/\{@link ([^}]*)\}/g, "`$1`")
    .replace(/\s+/g, " ")
    .trim();
}

/** Breaks between words; never before what Markdown takes for the beginning of something. */
function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const [word] of text.matchAll(WORD)) {
    if (line !== "" && line.length + 1 + word.length > COLUMNS_MAX) {
      lines.push(line);
      line = indent + word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
