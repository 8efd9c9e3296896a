/** From `Service.Method` to what the IDL says about it. */
import type { MethodSchema, ProgramSchema, ServiceSchema } from "@holdfast/thrift";
import { usageError } from "../command.ts";
import { nearest } from "../nearest.ts";

export interface FoundMethod {
  readonly service: ServiceSchema;
  readonly method: MethodSchema;
}

/** Names that an error lists at most. */
const LISTED_MAX = 10;

/** Throws a CommandError that says what there is instead. */
export function findMethod(program: ProgramSchema, text: string): FoundMethod {
  const dot = text.lastIndexOf(".");
  const [serviceName, methodName] = [text.slice(0, Math.max(0, dot)), text.slice(dot + 1)];
  const service = program.services.get(serviceName);
  const method = service?.methods.find(({ name }) => name === methodName);
  if (service !== undefined && method !== undefined) return { service, method };
  const close = nearest(text, namesOf(program));
  const there = `the IDL has ${methodList(program)}`;
  const advice = close === undefined ? there : `did you mean ${close}? ${there}`;
  if (dot < 0) throw usageError(`${text} has no dot; it must be Service.Method`, advice);
  if (service !== undefined) {
    throw usageError(`service ${serviceName} has no method ${methodName}`, advice);
  }
  throw usageError(`the IDL has no service ${serviceName}`, advice);
}

/** What may be called, for an error. */
export function methodList(program: ProgramSchema): string {
  const names = namesOf(program);
  if (names.length === 0) return "no service with a method";
  return names.slice(0, LISTED_MAX).join(", ") + (names.length > LISTED_MAX ? ", …" : "");
}

function namesOf(program: ProgramSchema): string[] {
  return [...program.services.values()].flatMap(({ name, methods }) =>
    methods.map((method) => `${name}.${method.name}`),
  );
}
