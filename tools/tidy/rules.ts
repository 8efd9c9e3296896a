/** Every rule of the repository; CONTRIBUTING.md says how to run them. */
import type { Rule } from "./rule.ts";
import { bannedNames } from "./rules/banned-names.ts";
import { deadFiles } from "./rules/dead-files.ts";
import { fileHeader } from "./rules/file-header.ts";
import { fileLength } from "./rules/file-length.ts";
import { fileNames } from "./rules/file-names.ts";
import { functionLength } from "./rules/function-length.ts";
import { layers } from "./rules/layers.ts";
import { leftovers } from "./rules/leftovers.ts";
import { lineLength } from "./rules/line-length.ts";
import { lockFiles } from "./rules/lock-files.ts";
import { machineNames } from "./rules/machine-names.ts";
import { markdownHeading } from "./rules/markdown-heading.ts";
import { moduleState } from "./rules/module-state.ts";

export const RULES: readonly Rule[] = [
  layers,
  bannedNames,
  moduleState,
  functionLength,
  fileLength,
  lineLength,
  fileHeader,
  fileNames,
  deadFiles,
  leftovers,
  markdownHeading,
  machineNames,
  lockFiles,
];
