/** What the checks need to know of a Markdown page: which lines are prose, and which are code. */

export interface Line {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

export interface CodeBlock extends Line {
  /** What stands behind the opening fence: `ts`. */
  readonly language: string;
}

export function linesOutsideCode(markdown: string): Line[] {
  return split(markdown).prose;
}

/** Fenced blocks; `line` is that of the opening fence. */
export function codeBlocks(markdown: string): CodeBlock[] {
  return split(markdown).blocks;
}

function split(markdown: string): { prose: Line[]; blocks: CodeBlock[] } {
  const prose: Line[] = [];
  const blocks: CodeBlock[] = [];
  let open: { line: number; language: string; fence: string; body: string[] } | undefined;
  for (const [index, text] of markdown.split("\n").entries()) {
    const fence = /^\s*(`{3,}|~{3,})\s*(\w*)/.exec(text);
    if (open !== undefined) {
      if (fence !== null && fence[1]!.startsWith(open.fence) && fence[2] === "") {
        const { line, language, body } = open;
        blocks.push({ line, language, text: body.map((each) => `${each}\n`).join("") });
        open = undefined;
      } else open.body.push(text);
    } else if (fence !== null) {
      open = { line: index + 1, language: fence[2]!, fence: fence[1]!, body: [] };
    } else prose.push({ line: index + 1, text });
  }
  return { prose, blocks };
}
