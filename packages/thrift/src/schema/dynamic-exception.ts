/** Declared exceptions where no class was generated for them. */
import { exceptionMessage } from "./exception-message.ts";
import type { StructSchema } from "./schema.ts";

/** An exception of the IDL, known by its schema. Its fields are its own properties. */
export class DynamicException extends Error {
  override readonly name: string;
  readonly schema: StructSchema;

  constructor(schema: StructSchema, properties: Readonly<Record<string, unknown>>) {
    const { message } = properties;
    super(typeof message === "string" ? message : exceptionMessage(properties));
    this.name = schema.name;
    // Not to be seen among the fields.
    Object.defineProperty(this, "schema", { value: schema, enumerable: false });
    this.schema = schema;
    Object.assign(this, properties);
  }
}

/** By the class that was generated, where the schema knows one. */
export function makeDynamicException(
  schema: StructSchema,
  properties: Readonly<Record<string, unknown>>,
): Error {
  return schema.make?.(properties) ?? new DynamicException(schema, properties);
}
