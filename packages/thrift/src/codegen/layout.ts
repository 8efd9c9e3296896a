/**
 * Lays generated text out as the repository's formatter would: a group stands on one line when it
 * fits the width, and otherwise breaks at all of its lines. The method is Wadler's ("A prettier
 * printer"), cut down to what generated code needs.
 */

/** What a line of generated code may be wide; the formatter's `printWidth`. */
export const WIDTH = 100;
const INDENT = 2;

export type Layout =
  | string
  | readonly Layout[]
  | { readonly kind: "group"; readonly content: Layout; readonly broken: boolean }
  | { readonly kind: "indent"; readonly content: Layout }
  | { readonly kind: "line"; readonly flat: string; readonly hard: boolean }
  | { readonly kind: "ifBroken"; readonly text: string }
  | { readonly kind: "fill"; readonly items: readonly Layout[]; readonly separator: Layout };

/** A blank, or a line break where the group around it breaks. */
export const line: Layout = { kind: "line", flat: " ", hard: false };
/** Nothing, or a line break where the group around it breaks. */
export const softLine: Layout = { kind: "line", flat: "", hard: false };
/** A line break, which breaks all groups around it. */
export const hardLine: Layout = { kind: "line", flat: "", hard: true };

export function group(content: Layout): Layout {
  return { kind: "group", content, broken: hasHardLine(content) };
}

function brokenGroup(content: Layout): Layout {
  return { kind: "group", content, broken: true };
}

export function indent(content: Layout): Layout {
  return { kind: "indent", content };
}

/** As many items on each line as fit it. */
export function fill(items: readonly Layout[], separator: Layout): Layout {
  return { kind: "fill", items, separator };
}

export function join(items: readonly Layout[], separator: Layout): Layout {
  return items.flatMap((item, index) => (index === 0 ? [item] : [separator, item]));
}

/** Items between brackets: on one line, or each on its own with a comma behind the last. */
export function list(open: string, items: readonly Layout[], close: string): Layout {
  if (items.length === 0) return open + close;
  return group([
    open,
    indent([softLine, join(items, [",", line])]),
    trailingComma,
    softLine,
    close,
  ]);
}

/** Items between square brackets, each on its own line whatever their length. */
export function brokenList(items: readonly Layout[]): Layout {
  return brokenGroup([
    "[",
    indent([softLine, join(items, [",", line])]),
    trailingComma,
    softLine,
    "]",
  ]);
}

/** Parameters and result of a function; the parameters are the first to break. */
export function signature(name: string, parameters: readonly Layout[], result: Layout): Layout {
  if (parameters.length === 0) return [`${name}(): `, result];
  const inside = indent([softLine, join(parameters, [",", line])]);
  return group([`${name}(`, inside, trailingComma, softLine, "): ", result]);
}

export const trailingComma: Layout = { kind: "ifBroken", text: "," };

/** An object literal on one line or, when it does not fit, with each property on its own. */
export function objectLiteral(properties: readonly Layout[]): Layout {
  if (properties.length === 0) return "{}";
  return group(["{", indent([line, join(properties, [",", line])]), trailingComma, line, "}"]);
}

/** The type of an object, on one line or with each property on its own. */
export function objectType(properties: readonly Layout[]): Layout {
  const semicolon: Layout = { kind: "ifBroken", text: ";" };
  return group(["{", indent([line, join(properties, [";", line])]), semicolon, line, "}"]);
}

/** An object literal with each property on its own line, whatever its length. */
export function tallObject(properties: readonly Layout[]): Layout {
  if (properties.length === 0) return "{}";
  return ["{", indent(properties.map((property) => [hardLine, property, ","])), hardLine, "}"];
}

/** Types between `|`; each on its own line when they do not fit on one. */
export function union(types: readonly Layout[]): Layout {
  return group([{ kind: "ifBroken", text: "| " }, join(types.map(indent), [line, "| "])]);
}

/** `head: A | B`, with the type on the next line when both do not fit on one. */
export function typed(head: string, types: readonly Layout[]): Layout {
  if (types.length === 1) return [`${head}: `, types];
  return group([`${head}:`, indent([line, union(types)])]);
}

/** `head = value`, with the value on the next line when both do not fit on one. */
export function assign(head: Layout, value: Layout): Layout {
  return group([head, " =", indent([line, value])]);
}

/** Types in angle brackets. One that is only a name stays where it is. */
export function typeArguments(types: readonly Layout[]): Layout {
  const [only] = types;
  if (types.length === 1 && isTypeName(only)) return ["<", only ?? "", ">"];
  return group(["<", indent([softLine, join(types, [",", line])]), softLine, ">"]);
}

function isTypeName(type: Layout | undefined): boolean {
  return typeof type === "string" && /^[\w$.]+$/.test(type);
}

/** `a ?? b`; an array or an object stays on the line of its operator. */
export function orElse(value: string, fallback: Layout, inline: boolean): Layout {
  return inline ? [`${value} ?? `, fallback] : group([`${value} ??`, indent([line, fallback])]);
}

/** `head<A, B> = {…}`, where the types go on lines of their own when the head is too long. */
export function assignTypedObject(head: string, types: readonly string[], object: Layout): Layout {
  const flat = `${head}<${types.join(", ")}>`;
  const isName = types.length === 1 && isTypeName(types[0]);
  if (isName || flat.length + " =".length <= WIDTH) return assignObject(flat, object);
  return [head, "<", indent([hardLine, join(types, [",", hardLine])]), hardLine, "> = ", object];
}

/** `head = {…}`, where the object is broken already: its brace stays on the line if it fits. */
export function assignObject(head: string, object: Layout): Layout {
  const oneLine = head.length + " = {".length <= WIDTH;
  return oneLine ? [head, " = ", object] : [head, " =", indent([hardLine, object])];
}

/** `head {`, the statements, `}`. */
export function block(head: Layout, statements: readonly Layout[]): Layout {
  if (statements.length === 0) return [head, " {}"];
  return [head, " {", indent([hardLine, join(statements, hardLine)]), hardLine, "}"];
}

function hasHardLine(layout: Layout): boolean {
  if (typeof layout === "string") return false;
  if ("length" in layout) return layout.some(hasHardLine);
  switch (layout.kind) {
    case "line":
      return layout.hard;
    case "ifBroken":
      return false;
    case "group":
      return layout.broken;
    case "indent":
      return hasHardLine(layout.content);
    case "fill":
      return layout.items.some(hasHardLine);
  }
}

interface Piece {
  readonly layout: Layout;
  readonly depth: number;
  readonly flat: boolean;
}

/** The text of a layout; without blanks at line ends. */
export function print(layout: Layout): string {
  const out: string[] = [];
  let column = 0;
  const pieces: Piece[] = [{ layout, depth: 0, flat: false }];
  for (let piece = pieces.pop(); piece !== undefined; piece = pieces.pop()) {
    const { depth, flat } = piece;
    const { layout: current } = piece;
    if (typeof current === "string") {
      out.push(current);
      column += current.length;
    } else if ("length" in current) {
      pushAll(pieces, current, depth, flat);
    } else if (current.kind === "line" && (!flat || current.hard)) {
      out.push("\n", " ".repeat(depth * INDENT));
      column = depth * INDENT;
    } else if (current.kind === "line") {
      out.push(current.flat);
      column += current.flat.length;
    } else if (current.kind === "indent") {
      pieces.push({ layout: current.content, depth: depth + 1, flat });
    } else if (current.kind === "ifBroken") {
      if (!flat) pieces.push({ layout: current.text, depth, flat });
    } else if (current.kind === "group") {
      const stays = flat || (!current.broken && fits(current.content, WIDTH - column, pieces));
      pieces.push({ layout: current.content, depth, flat: stays });
    } else {
      pushAll(pieces, fillLines(current, WIDTH - depth * INDENT, WIDTH - column), depth, flat);
    }
  }
  return out.join("").replaceAll(/[ \t]+$/gm, "");
}

function pushAll(pieces: Piece[], layouts: readonly Layout[], depth: number, flat: boolean): void {
  for (const layout of layouts.toReversed()) pieces.push({ layout, depth, flat });
}

/** Whether a layout on one line, and what stands behind it on that line, takes at most `width`. */
function fits(layout: Layout, width: number, rest: readonly Piece[]): boolean {
  const ahead: Piece[] = [{ layout, depth: 0, flat: true }];
  let restIndex = rest.length;
  let left = width;
  while (left >= 0) {
    let piece = ahead.pop();
    if (piece === undefined) {
      piece = rest[--restIndex];
      if (piece === undefined) return true;
    }
    const { layout: current, flat, depth } = piece;
    if (typeof current === "string") left -= current.length;
    else if ("length" in current) pushAll(ahead, current, depth, flat);
    else if (current.kind === "line") {
      if (!flat || current.hard) return true;
      left -= current.flat.length;
    } else if (current.kind === "ifBroken") {
      if (!flat) left -= current.text.length;
    } else if (current.kind === "fill") {
      pushAll(ahead, [join(current.items, current.separator)].flat(), depth, flat);
    } else {
      const staysFlat = current.kind === "group" && current.broken ? false : flat;
      ahead.push({ layout: current.content, depth, flat: staysFlat });
    }
  }
  return false;
}

/** The items of a fill with breaks where the next one would not fit. */
function fillLines(
  current: Extract<Layout, { kind: "fill" }>,
  width: number,
  firstWidth: number,
): Layout[] {
  const out: Layout[] = [];
  let left = firstWidth;
  for (const [index, item] of current.items.entries()) {
    // Items are short texts without lines; the comma behind each counts.
    const size = (typeof item === "string" ? item.length : WIDTH) + 1;
    if (index > 0 && size + 1 > left) {
      out.push(",", hardLine);
      left = width;
    } else if (index > 0) {
      out.push(", ");
      left--;
    }
    out.push(item);
    left -= size;
  }
  return out;
}
