/** A service definition without generated code: what the rpc package needs, made from a schema. */
import type { Context } from "@holdfast/core";
import { DynamicCodecs } from "./dynamic-codec.ts";
import { DynamicException } from "./dynamic-exception.ts";
import { propertyOf } from "./schema.ts";
import type { ExceptionSchema, MethodSchema, ServiceSchema } from "./schema.ts";
import type {
  Codec,
  ExceptionDefinition,
  MethodDefinition,
  ServiceDefinition,
} from "./service-definition.ts";

/** Methods by their property, each with the arguments in the order of the IDL. */
export type DynamicMethods = Readonly<
  Record<string, (context: Context, ...args: readonly unknown[]) => Promise<unknown>>
>;

export function dynamicService(
  schema: ServiceSchema,
): ServiceDefinition<DynamicMethods, DynamicMethods> {
  const codecs = new DynamicCodecs();
  const methods = schema.methods.map((method) => ({
    schema: method,
    definition: methodDefinition(codecs, method),
  }));
  return {
    name: schema.name,
    methods: methods.map(({ definition }) => definition),
    client: (call) =>
      Object.fromEntries(
        methods.map(({ schema: method, definition }) => [
          method.property,
          (context: Context, ...args: readonly unknown[]) =>
            call(definition, context, argumentsObject(method, args)),
        ]),
      ),
  };
}

function methodDefinition(
  codecs: DynamicCodecs,
  schema: MethodSchema,
): MethodDefinition<DynamicMethods> {
  const { name, oneway, idempotent, annotations, property } = schema;
  return {
    name,
    oneway,
    idempotent,
    annotations,
    arguments: codecs.structCodec(schema.arguments) as Codec<object>,
    result: schema.result === undefined ? undefined : codecs.codecOf(schema.result),
    exceptions: schema.exceptions.map((exception) => exceptionDefinition(codecs, exception)),
    async invoke(handler, context, args) {
      const method = handler[property];
      if (method === undefined) throw new TypeError(`the handler has no method ${property}`);
      const given = args as Record<string, unknown>;
      const values = schema.arguments.fields.map((field) => given[propertyOf(field)]);
      return await method.call(handler, context, ...values);
    },
  };
}

function exceptionDefinition(codecs: DynamicCodecs, schema: ExceptionSchema): ExceptionDefinition {
  const struct = schema.of();
  return {
    id: schema.id,
    name: schema.name,
    codec: codecs.structCodec(struct) as Codec<Error>,
    is(thrown) {
      if (thrown instanceof DynamicException) return thrown.schema === struct;
      return thrown instanceof Error && struct.make !== undefined && thrown.name === struct.name;
    },
  };
}

function argumentsObject(method: MethodSchema, args: readonly unknown[]): object {
  const { fields } = method.arguments;
  return Object.fromEntries(fields.map((field, index) => [propertyOf(field), args[index]]));
}
