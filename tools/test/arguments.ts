/** What the command line of tools/test.ts asks for. */
import { isAbsolute, join } from "node:path";
import { parseArgs } from "node:util";

export interface TestArguments {
  /** Only packages and tools: nothing outside this repository is needed. */
  readonly unit: boolean;
  /** The searches instead of the tests. */
  readonly fuzz: boolean;
  readonly withNode24: boolean;
  /** The program that runs the tests. */
  readonly node: string;
  /** Only files below these; none means all. */
  readonly paths: readonly string[];
  /** Files that are left out, because what they test was just looked at. */
  readonly without: readonly string[];
}

/** The arguments, or what is wrong with them. */
export function parseTestArguments(args: readonly string[]): TestArguments | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        unit: { type: "boolean", default: false },
        fuzz: { type: "boolean", default: false },
        "with-node-24": { type: "boolean", default: false },
        node: { type: "string", default: process.execPath },
        without: { type: "string", multiple: true, default: [] },
      },
    });
    const { unit, fuzz, node, without } = values;
    return {
      unit,
      fuzz,
      withNode24: values["with-node-24"],
      // Tests run in the repository's root, wherever the command was typed.
      node: node.includes("/") && !isAbsolute(node) ? join(process.cwd(), node) : node,
      paths: positionals,
      without,
    };
  } catch (error) {
    return (error as Error).message;
  }
}
