/**
 * Packages import one way, each other by name only, and what they import they declare: a missing
 * dependency is not noticed where all packages stand in one node_modules.
 */
import { isBuiltin } from "node:module";
import type { Import } from "../../source/module.ts";
import { isForTests, packageFolderOf, resolveRelative } from "../../source/place.ts";
import type { SourceTree } from "../../source/source-tree.ts";
import type { Finding, Rule } from "../rule.ts";

/** What each package may import of ours; ARCHITECTURE.md says why. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  flow: ["core"],
  thrift: ["core"],
  resilience: ["core"],
  adapters: ["core"],
  ops: ["core"],
  sim: ["core"],
  rpc: ["thrift", "resilience", "core"],
  gameday: ["rpc", "resilience", "sim", "core"],
  dashboard: [],
  vet: [],
  race: [],
  holdfast: ["core", "flow", "thrift", "resilience", "adapters", "ops", "rpc", "gameday"],
};
/** Tests may also run in the simulated world, and on what generated code is written against. */
const TESTS_MAY_ALSO_IMPORT = new Set(["sim", "holdfast"]);

/** Where sockets are opened; everything else takes a Network, so that it can be simulated. */
const SOCKET_MODULES = /^node:(net|tls|dgram|http|https|http2)$/;
const MAY_OPEN_SOCKETS = [
  "packages/rpc/src/wire/tcp",
  "packages/adapters/",
  "packages/ops/",
  "packages/dashboard/",
];

interface Manifest {
  readonly name?: string;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** One of our packages or programs. */
interface Member {
  /** `packages/rpc` */
  readonly folder: string;
  /** `rpc` */
  readonly short: string;
  readonly manifest: Manifest;
}

export const layers: Rule = {
  name: "layers",
  promise: "imports between packages go one way, by name, and are declared",
  check(tree) {
    const members = new Map(findMembers(tree).map((member) => [member.folder, member]));
    const findings = tree.typescript.flatMap((path) =>
      tree.module(path).imports.flatMap((each) => {
        const message = complaintAbout(tree, members, path, each);
        return message === undefined ? [] : [{ path, line: each.line, message }];
      }),
    );
    return [...findings, ...checkManifests([...members.values()])];
  },
};

function findMembers(tree: SourceTree): Member[] {
  return [...tree.files].flatMap(([path, text]) => {
    const match = /^((?:packages|apps)\/([^/]+))\/package\.json$/.exec(path);
    if (match === null) return [];
    return [{ folder: match[1]!, short: match[2]!, manifest: JSON.parse(text) as Manifest }];
  });
}

/** What is wrong with one import, if anything. */
function complaintAbout(
  tree: SourceTree,
  members: ReadonlyMap<string, Member>,
  path: string,
  { specifier }: Import,
): string | undefined {
  const from = members.get(packageFolderOf(path) ?? "");
  if (specifier.startsWith(".")) return complaintAboutPath(from, path, specifier);
  if (SOCKET_MODULES.test(specifier)) {
    const allowed = MAY_OPEN_SOCKETS.some((place) => path.startsWith(place));
    if (allowed || isForTests(path) || from === undefined || isProgram(from)) return undefined;
    return `imports ${specifier}: take a Network of core instead, as everything above the wire does`;
  }
  if (isBuiltin(specifier)) return undefined;
  const name = packageNameOf(specifier);
  const target = [...members.values()].find((member) => member.manifest.name === name);
  return (
    (target === undefined ? undefined : complaintAboutMember(from, path, specifier, target)) ??
    complaintAboutDeclaration(tree, from, path, name)
  );
}

function complaintAboutPath(from: Member | undefined, path: string, specifier: string) {
  const target = packageFolderOf(`${resolveRelative(path, specifier)}/`);
  if (target === from?.folder || target === undefined) return undefined;
  return `imports a file of ${target}: import the package by its name`;
}

function complaintAboutMember(
  from: Member | undefined,
  path: string,
  specifier: string,
  target: Member,
): string | undefined {
  const { exports } = target.manifest;
  const door = `.${specifier.slice(target.manifest.name!.length)}`;
  if (exports === undefined || !Object.hasOwn(exports, door)) {
    return `imports ${specifier}, which ${target.folder} does not export: only its doors are public`;
  }
  if (from === undefined || from === target) return undefined;
  if (isProgram(target)) return `imports ${specifier}: nothing stands on a program`;
  if (isProgram(from)) {
    const inner = door.endsWith("/internal");
    return inner ? `imports ${specifier}: programs use public doors only` : undefined;
  }
  if (mayImport(from, target) || (isForTests(path) && testMayImport(from, target))) {
    return undefined;
  }
  return `${from.short} may not import ${target.short}: ${allowedOf(from)}`;
}

function complaintAboutDeclaration(
  tree: SourceTree,
  from: Member | undefined,
  path: string,
  name: string,
): string | undefined {
  if (from === undefined || name === from.manifest.name) return undefined;
  const { dependencies, peerDependencies, optionalDependencies, devDependencies } = from.manifest;
  const declared = { ...dependencies, ...peerDependencies, ...optionalDependencies };
  if (Object.hasOwn(declared, name)) return undefined;
  if (!isForTests(path))
    return `imports ${name}, which ${from.folder}/package.json does not declare`;
  const root = JSON.parse(tree.files.get("package.json") ?? "{}") as Manifest;
  const forTests = { ...devDependencies, ...root.devDependencies };
  // Ours are in reach of every test, whatever order they are published in.
  if (Object.hasOwn(forTests, name) || /^(@holdfast\/|holdfast$)/.test(name)) return undefined;
  return `imports ${name}, which no package.json declares`;
}

/** What a package depends on when it is installed obeys the same rule. */
function checkManifests(members: readonly Member[]): Finding[] {
  return members.flatMap((from) =>
    Object.keys(from.manifest.dependencies ?? {}).flatMap((name) => {
      const target = members.find((member) => member.manifest.name === name);
      if (target === undefined || isProgram(from) || mayImport(from, target)) return [];
      const message = `${from.short} may not depend on ${target.short}: ${allowedOf(from)}`;
      return [{ path: `${from.folder}/package.json`, message }];
    }),
  );
}

function isProgram({ folder }: Member): boolean {
  return folder.startsWith("apps/");
}

function mayImport(from: Member, target: Member): boolean {
  return MAY_IMPORT[from.short]?.includes(target.short) ?? false;
}

function testMayImport(from: Member, target: Member): boolean {
  return MAY_IMPORT[from.short] !== undefined && TESTS_MAY_ALSO_IMPORT.has(target.short);
}

function allowedOf({ short }: Member): string {
  const allowed = MAY_IMPORT[short];
  if (allowed === undefined) return "it has no line in the layer rule, tools/tidy/rules/layers.ts";
  return allowed.length === 0 ? "it stands on nothing of ours" : `only ${allowed.join(", ")}`;
}

/** `@holdfast/core` of `@holdfast/core/testing`. */
function packageNameOf(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0]!;
}
