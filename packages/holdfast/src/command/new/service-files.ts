/** The files of a new service, by their paths in its folder. */
import { compileIdl, generate } from "@holdfast/thrift";
import { DOOR } from "../gen.ts";
import { holdfastVersion } from "../version.ts";
import type { Dependencies } from "./dependencies.ts";
import { pascalCase } from "./service-name.ts";
import { GITIGNORE, handlerText, idlText, mainText, readmeText, testText } from "./texts.ts";
import type { ServiceWords } from "./texts.ts";

/** What the service is developed with; a test keeps them those of this repository. */
export const DEVELOPED_WITH: Dependencies = { "@types/node": "^26.6.6", typescript: "^7.0.2" };

export function serviceFiles(name: string, dependencies: Dependencies): Map<string, string> {
  const { words, idl, generated } = nameService(name);
  return new Map([
    [".gitignore", GITIGNORE],
    ["README.md", readmeText(words)],
    [`idl/${name}.thrift`, idl],
    ["package.json", json(packageJson(name, dependencies))],
    ...[...generated].map(([file, text]) => [`src/gen/${file}`, text] as const),
    ["src/handler.ts", handlerText(words)],
    ["src/main.ts", mainText(words)],
    [`test/${name}.test.ts`, testText(words)],
    ["tsconfig.json", json(TSCONFIG)],
  ]);
}

interface NamedService {
  readonly words: ServiceWords;
  readonly idl: string;
  readonly generated: ReadonlyMap<string, string>;
}

/** A service called `promise` cannot be Promise, so it is PromiseService. */
function nameService(name: string): NamedService {
  for (const service of [pascalCase(name), `${pascalCase(name)}Service`]) {
    const words = { name, service };
    const idl = idlText(words);
    const { program } = compileIdl(`${name}.thrift`, () => idl);
    if (program === undefined) continue;
    const generated = generate(program, DOOR);
    const text = generated.get(`${name}.ts`) ?? "";
    if (text.includes(`export const ${service}:`)) return { words, idl, generated };
  }
  throw new Error(`no name for the service ${name}`);
}

function packageJson(name: string, dependencies: Dependencies): object {
  return {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    engines: { node: ">=24.12" },
    scripts: {
      start: "node src/main.ts",
      test: 'node --test "test/**/*.test.ts"',
      types: "tsc --noEmit",
      gen: `holdfast gen idl/${name}.thrift --out src/gen`,
    },
    dependencies,
    devDependencies: DEVELOPED_WITH,
    holdfast: { madeWith: holdfastVersion() },
  };
}

/** As strict as Holdfast itself; generated code passes. */
const TSCONFIG = {
  compilerOptions: {
    target: "esnext",
    module: "nodenext",
    lib: ["esnext"],
    types: ["node"],
    noEmit: true,
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noImplicitOverride: true,
    noImplicitReturns: true,
    noFallthroughCasesInSwitch: true,
    noPropertyAccessFromIndexSignature: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  },
  include: ["src", "test"],
};

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
