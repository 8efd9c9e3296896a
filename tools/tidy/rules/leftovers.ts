/** Notes to oneself are done or become an issue; they are not kept in the code. */
import { isGenerated } from "../../source/place.ts";
import type { SourceTree } from "../../source/source-tree.ts";
import type { Finding, Rule } from "../rule.ts";

const NOTE = /\b(TODO|FIXME|XXX|HACK)\b/;

export const leftovers: Rule = {
  name: "leftovers",
  promise: "no notes to oneself are left",
  check: (tree) =>
    [...tree.files.keys()]
      .filter((path) => !isGenerated(path))
      .flatMap((path) => notes(tree, path)),
};

function notes(tree: SourceTree, path: string): Finding[] {
  const found = path.endsWith(".ts") ? notesInComments(tree, path) : notesInText(tree.text(path));
  return found.map(({ line, note }) => {
    return { path, line, message: `${note}: do it, or open an issue` };
  });
}

interface Note {
  readonly line: number;
  readonly note: string;
}

/** Code may have such a word in a string, as this file has. */
function notesInComments(tree: SourceTree, path: string): Note[] {
  const module = tree.module(path);
  return module.comments.flatMap(({ value, start }) => {
    const firstLine = module.lineAt(start);
    return notesInText(value).map(({ line, note }) => ({ line: firstLine + line - 1, note }));
  });
}

function notesInText(text: string): Note[] {
  return text.split("\n").flatMap((line, index) => {
    const note = NOTE.exec(line)?.[1];
    return note === undefined ? [] : [{ line: index + 1, note }];
  });
}
