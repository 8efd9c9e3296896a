/** Every check of the documentation, and what `--write` writes. */
import type { SourceTree } from "../source/source-tree.ts";
import type { Rule } from "../tidy/rule.ts";
import { errorsPage } from "./errors-page.ts";
import { links } from "./links.ts";
import { OPTIONS_PAGE, optionsPage, writeOptionsPage } from "./options-page.ts";
import { readmes } from "./readmes.ts";
import { fillSnippets, pages, snippets } from "./snippets.ts";

export const DOC_CHECKS: readonly Rule[] = [links, readmes, errorsPage, optionsPage, snippets];

/** Pages that are written from the sources, and are not as they should be: path and text. */
export function stalePages(tree: SourceTree): [path: string, text: string][] {
  const written: [string, string][] = [
    [OPTIONS_PAGE, writeOptionsPage(tree)],
    ...pages(tree)
      .filter((path) => path !== OPTIONS_PAGE)
      .map((path): [string, string] => [path, fillSnippets(tree, path)]),
  ];
  return written.filter(([path, text]) => tree.files.get(path) !== text);
}
