/**
 * What comes from the surroundings is passed in: time, randomness, the environment. And a few names
 * that are mistakes everywhere. Each with what to use instead.
 */
import type { Module, Node } from "../../source/module.ts";
import { isForTests, isGenerated } from "../../source/place.ts";
import type { Finding, Rule } from "../rule.ts";

interface Ban {
  /** `name`, `object.name`, `new Name()`, `Name()` or `module:name` for an import. */
  readonly names: readonly string[];
  readonly instead: string;
  /** Where it may stand: beginnings of paths, and why. */
  readonly allowed: readonly string[];
  /** Whether tests, benches and tools may use it; default true. */
  readonly inTests?: boolean;
}

const TIME = "packages/core/src/time/";
const RANDOM = "packages/core/src/random/";
/** The programs' first files and those that run their processes; the command, and what starts. */
const PROGRAMS = [
  "apps/feed/src/main.ts",
  "apps/feed-history/src/main.ts",
  "apps/feed-history/src/process/",
  "apps/ssh-proxy/src/main.ts",
  "apps/ssh-proxy/src/process/start-proxy.ts",
  "apps/ssh-proxy/src/main.ts",
  "packages/holdfast/src/command/",
  "packages/holdfast/src/start-service.ts",
  "docs/snippets/",
];

const BANS: readonly Ban[] = [
  {
    names: ["Date.now", "new Date()", "Date()", "performance", "process.hrtime"],
    instead: "clock.nowMs() for durations, clock.epochMs() for dates",
    allowed: [TIME],
  },
  {
    names: ["setTimeout", "setInterval", "clearTimeout", "clearInterval", "AbortSignal.timeout"],
    instead: "clock.schedule(), after() or sleep() of core; context.withTimeout() for a call",
    allowed: [TIME],
  },
  {
    names: ["setImmediate", "clearImmediate"],
    instead: "clock.afterTurn()",
    allowed: [
      TIME,
      // The simulator's clock is what gives turns.
      "packages/sim/src/virtual-clock.ts",
      // Real sockets and real disks take real turns.
      "packages/rpc/src/wire/tcp/",
      "apps/feed-history/src/store/lmdb/",
    ],
  },
  {
    names: ["node:timers:*", "node:timers/promises:*", "node:perf_hooks:*"],
    instead: "the Clock of core",
    allowed: [TIME],
  },
  {
    names: [
      "Math.random",
      ...["randomBytes", "randomFill", "randomFillSync", "randomInt", "randomUUID"].flatMap(
        (name) => [`node:crypto:${name}`, `crypto.${name}`],
      ),
      "crypto.getRandomValues",
      "node:crypto:getRandomValues",
    ],
    instead: "a stream of the Random that is passed in",
    allowed: [RANDOM],
  },
  {
    names: ["process.env"],
    instead: "an option; programs read the environment in main.ts",
    allowed: PROGRAMS,
  },
  {
    names: ["process.exit", "process.abort"],
    instead: "process.exitCode, or the Lifecycle, which drains first",
    allowed: [...PROGRAMS, "packages/core/src/lifecycle/signals.ts"],
  },
  {
    names: ["console"],
    instead: "the Logger that is passed in; programs write to process.stdout",
    allowed: PROGRAMS,
  },
  {
    names: ["new Buffer()", "Buffer()"],
    instead: "Buffer.from() or Buffer.alloc()",
    allowed: [],
    inTests: false,
  },
  {
    names: ["it.only", "describe.only", "test.only", "suite.only"],
    instead: "`node tools/test.ts PATH` or --test-name-pattern; the others would be left out",
    allowed: [],
    inTests: false,
  },
  {
    names: ["an enum", "a namespace"],
    instead: "`const X = {…} as const` and a union, or a module: types must be erasable",
    allowed: [],
    inTests: false,
  },
];

export const bannedNames: Rule = {
  name: "banned-names",
  promise: "time, randomness and the environment are passed in",
  check: (tree) =>
    tree.typescript
      .filter((path) => !isGenerated(path))
      .flatMap((path) => checkModule(tree.module(path))),
};

function checkModule(module: Module): Finding[] {
  const { path } = module;
  const banned = new Map<string, Ban>();
  for (const ban of BANS) {
    if (ban.allowed.some((place) => path.startsWith(place))) continue;
    if (isForTests(path) && ban.inTests !== false) continue;
    for (const name of ban.names) banned.set(name, ban);
  }
  const findings: Finding[] = [];
  const report = (name: string, line: number): void => {
    const ban = banned.get(name);
    if (ban === undefined) return;
    findings.push({ path, line, message: `${name} is banned here: use ${ban.instead}` });
  };
  for (const { specifier, names, line, typeOnly } of module.imports) {
    if (typeOnly) continue;
    for (const name of new Set(["*", ...names])) report(`${specifier}:${name}`, line);
  }
  module.walk((node, ancestors) => {
    for (const name of namesOf(node, ancestors)) report(name, module.lineAt(node.start));
  });
  return findings;
}

/** What a ban could call this node. */
function namesOf(node: Node, ancestors: readonly Node[]): string[] {
  switch (node.type) {
    case "MemberExpression": {
      const object = nameOfObject(node.object);
      if (node.computed || object === undefined) return [];
      return object === "globalThis" ? [node.property.name] : [`${object}.${node.property.name}`];
    }
    case "NewExpression":
      // With an argument it is a date of somebody else's clock.
      if (node.callee.type !== "Identifier") return [];
      return node.arguments.length > 0 && node.callee.name === "Date"
        ? []
        : [`new ${node.callee.name}()`];
    case "CallExpression":
      return node.callee.type === "Identifier" ? [`${node.callee.name}()`] : [];
    case "Identifier":
      return isReference(node, ancestors.at(-1)) ? [node.name] : [];
    case "TSEnumDeclaration":
      return ["an enum"];
    case "TSModuleDeclaration":
      // A declaration is gone at run time.
      return node.declare ? [] : ["a namespace"];
    default:
      return [];
  }
}

/** `Date` of `Date.now` and of `globalThis.Date.now`. */
function nameOfObject(node: Node): string | undefined {
  if (node.type === "Identifier") return node.name;
  if (node.type !== "MemberExpression" || node.computed) return undefined;
  const isGlobal = node.object.type === "Identifier" && node.object.name === "globalThis";
  return isGlobal ? node.property.name : undefined;
}

/** Whether an identifier stands for a variable, and is not the name of a property or of a type. */
function isReference(node: Node, parent: Node | undefined): boolean {
  switch (parent?.type) {
    case undefined:
    case "ImportSpecifier":
    case "ExportSpecifier":
    case "TSTypeReference":
    case "TSQualifiedName":
    case "TSTypeQuery":
    case "TSPropertySignature":
    case "TSMethodSignature":
      return false;
    case "MemberExpression":
      return parent.object === node || parent.computed;
    case "Property":
      return parent.value === node || parent.computed;
    case "MethodDefinition":
    case "PropertyDefinition":
      return parent.key !== node || parent.computed;
    default:
      return true;
  }
}
