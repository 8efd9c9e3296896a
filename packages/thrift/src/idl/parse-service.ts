// Services and their functions.

import { parseAnnotations } from "./parse-annotations.ts";
import { parseField } from "./parse-field.ts";
import { parseList } from "./parse-list.ts";
import { parseType } from "./parse-type.ts";
import { closestName, didYouMean } from "./suggest.ts";
import { describeToken } from "./token.ts";
import type { TokenCursor } from "./token-cursor.ts";
import type { FieldNode, FunctionNode, NameNode, ServiceDefinition } from "./tree.ts";
import type { Token } from "./token.ts";

/** What follows the word `service`; the name is told as soon as it is known. */
export function parseService(
  cursor: TokenCursor,
  doc: string | undefined,
  onName: (name: NameNode) => void,
): ServiceDefinition {
  const name = cursor.expectName("a name for the service");
  onName(name);
  const parent = cursor.takeWord("extends") && parseParent(cursor);
  let damaged = false;
  const functions = parseList(
    cursor,
    {
      opener: "{",
      closer: "}",
      owner: `service "${name.text}"`,
      item: "a function",
      withIds: false,
    },
    (items) => {
      const parsed = parseFunction(items);
      damaged ||= parsed.damaged;
      return parsed.node;
    },
  );
  return {
    kind: "service",
    name,
    extends: parent,
    functions: functions.items,
    annotations: parseAnnotations(cursor),
    doc,
    damaged: damaged || functions.damaged,
  };
}

function parseParent(cursor: TokenCursor): NameNode {
  if (cursor.peek().kind !== "word") cursor.fail("expected the name of a service after extends");
  return cursor.next();
}

function parseFunction(cursor: TokenCursor): { node: FunctionNode; damaged: boolean } {
  const doc = cursor.doc();
  const oneway = cursor.takeWord("oneway") ?? parseAsync(cursor);
  const isVoid = cursor.takeWord("void") !== undefined;
  const result = isVoid ? undefined : parseType(cursor, "a function");
  const name = cursor.expectName("a name for the function");
  const owner = `the arguments of "${name.text}"`;
  const parameters = parseParenthesized(cursor, owner, "an argument");
  let throws: { items: readonly FieldNode[]; damaged: boolean } = { items: [], damaged: false };
  if (cursor.takeWord("throws") !== undefined || takeMisspeltThrows(cursor)) {
    throws = parseParenthesized(cursor, `the throws list of "${name.text}"`, "an exception");
  }
  const node: FunctionNode = {
    name,
    oneway,
    result,
    arguments: parameters.items,
    throws: throws.items,
    annotations: parseAnnotations(cursor),
    doc,
  };
  return { node, damaged: parameters.damaged || throws.damaged };
}

/** Takes `throw (` and the like as the `throws (` it was meant to be. */
function takeMisspeltThrows(cursor: TokenCursor): boolean {
  const word = cursor.peek();
  if (word.kind !== "word" || word.firstOnLine || !cursor.atSymbol("(", 1)) return false;
  if (closestName(word.text, ["throws"]) === undefined) return false;
  cursor.report(word, {
    code: "syntax",
    message: `expected throws, "," or the next function, found ${describeToken(word)}`,
    hint: didYouMean(word.text, ["throws"]),
  });
  cursor.next();
  return true;
}

/** `async` was the word for `oneway` before 2009. */
function parseAsync(cursor: TokenCursor): Token | undefined {
  const word = cursor.takeWord("async");
  if (word !== undefined) {
    cursor.report(word, {
      severity: "warning",
      code: "historical",
      message: '"async" is the old word for "oneway"',
    });
  }
  return word;
}

/** Words that start a function but no argument. */
const FUNCTION_WORDS: ReadonlySet<string> = new Set(["oneway", "async", "void"]);

function parseParenthesized(cursor: TokenCursor, owner: string, item: string) {
  const endsBefore = (items: TokenCursor) => {
    const token = items.peek();
    if (token.kind !== "word") return false;
    return token.text === "throws" || (token.firstOnLine && FUNCTION_WORDS.has(token.text));
  };
  return parseList(
    cursor,
    { opener: "(", closer: ")", owner, item, withIds: true, endsBefore },
    parseField,
  );
}
