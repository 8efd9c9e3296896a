/** The part of a file of routes that says which repository is where. */
import { type Access, GIT_VERBS, type Verb } from "../../command/command.ts";
import { PathTemplate } from "../backend-path.ts";
import { RepositoryPattern } from "../repository-pattern.ts";
import { pointerTo } from "./json-places.ts";
import type { RouteFileOptions } from "./options.ts";
import type { Problems, TextShape } from "./problems.ts";

/** One route, checked. */
export interface RouteEntry {
  /** Undefined: all. */
  readonly account: string | undefined;
  readonly repository: RepositoryPattern;
  /** Undefined: all. */
  readonly verbs: readonly Verb[] | undefined;
  /** The most that is allowed. */
  readonly access: Access;
  readonly backend: string;
  readonly path: PathTemplate;
}

const FIELDS = ["account", "repository", "verbs", "access", "backend", "path"];
const VERBS: readonly Verb[] = [...GIT_VERBS, "git-lfs-authenticate", "hg-serve"];
const ACCOUNT: TextShape = {
  pattern: /^[^\p{C}]{1,255}$/u,
  expected: 'the name of an account (1 to 255 characters), or "*" for all',
};
const PATTERN: TextShape = {
  pattern: /^[^\p{C}]{1,1024}$/u,
  expected: 'a pattern such as "team/*.git" (1 to 1,024 characters)',
};
const PATH: TextShape = {
  pattern: /^[^\p{C}]{1,4096}$/u,
  expected: 'a path such as "/srv/git/{account}/{repository}" (1 to 4,096 characters)',
};
const ACCESS: TextShape = { pattern: /^(?:read|write)$/, expected: '"read" or "write"' };

/** Reads `routes`; what is wrong goes to `problems`. */
export function readRoutes(
  problems: Problems,
  value: unknown,
  backends: ReadonlyMap<string, unknown>,
  { routesMax }: Pick<RouteFileOptions, "routesMax">,
): readonly RouteEntry[] {
  const pointer = "/routes";
  return problems.readList(pointer, value, 0, routesMax).map((each, index) => {
    return readRoute(problems, pointerTo(pointer, index), each, backends);
  });
}

function readRoute(
  problems: Problems,
  place: string,
  value: unknown,
  backends: ReadonlyMap<string, unknown>,
): RouteEntry {
  const fields = problems.readObject(place, value, FIELDS);
  const at = (field: string): string => pointerTo(place, field);
  const account = problems.readText(at("account"), fields["account"], ACCOUNT);
  const repository = readPattern(problems, at("repository"), fields["repository"]);
  return {
    account: account === "*" ? undefined : account,
    repository,
    verbs: readVerbs(problems, at("verbs"), fields["verbs"]),
    access: problems.readText(at("access"), fields["access"], ACCESS, "write") as Access,
    backend: readBackendName(problems, at("backend"), fields["backend"], backends),
    path: readPath(problems, at("path"), fields["path"], repository.starCount),
  };
}

function readPattern(problems: Problems, place: string, value: unknown): RepositoryPattern {
  const text = problems.readText(place, value, PATTERN);
  if (text === "") return NO_PATTERN;
  try {
    return new RepositoryPattern(text);
  } catch (error) {
    problems.add(place, (error as Error).message);
    return NO_PATTERN;
  }
}

function readPath(
  problems: Problems,
  place: string,
  value: unknown,
  starCount: number,
): PathTemplate {
  const text = problems.readText(place, value, PATH);
  if (text === "") return NO_PATH;
  try {
    return new PathTemplate(text, starCount);
  } catch (error) {
    problems.add(place, (error as Error).message);
    return NO_PATH;
  }
}

function readVerbs(problems: Problems, place: string, value: unknown): Verb[] | undefined {
  if (value === undefined) return undefined;
  const verbs: Verb[] = [];
  for (const [index, each] of problems.readList(place, value, 1, VERBS.length).entries()) {
    const verb = VERBS.find((known) => known === each);
    const expected = `one of ${VERBS.join(", ")}`;
    if (verb === undefined) problems.expected(pointerTo(place, index), expected, each);
    else verbs.push(verb);
  }
  return verbs;
}

function readBackendName(
  problems: Problems,
  place: string,
  value: unknown,
  backends: ReadonlyMap<string, unknown>,
): string {
  if (typeof value === "string" && backends.has(value)) return value;
  const names = [...backends.keys()].slice(0, 10).map((name) => JSON.stringify(name));
  const known = names.length === 0 ? "there are none" : `such as ${names.join(", ")}`;
  problems.expected(place, `the name of one of the backends (${known})`, value);
  return "";
}

/** Stand in for what was refused; the file is not taken. */
const NO_PATTERN = new RepositoryPattern("none");
const NO_PATH = new PathTemplate("none", 0);
