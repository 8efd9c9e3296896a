// The Thrift IDL front end: IDL text in, a linked and checked model or good error messages out.

export { compileIdl } from "./compile.ts";
export type { CompiledIdl } from "./compile.ts";
export { compileIdlFile, diskReader } from "./load-from-disk.ts";
export type { ReadSource } from "./load.ts";
export { annotationOf, functionsOf, programsOf } from "./model.ts";
export type * from "./model.ts";
export type { IdlOptions } from "./options.ts";
export { formatProblem } from "./problem.ts";
export type { Problem, ProblemCode, RelatedPlace } from "./problem.ts";
export type { Excerpt, Position } from "./source.ts";
