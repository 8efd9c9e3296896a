/** One struct with fields of every type, made of schemas alone. */
import type { EnumSchema, FieldSchema, StructSchema, TypeSchema } from "../schema/schema.ts";

const Colour: EnumSchema = { name: "Colour", values: { RED: 1, BLUE: 2 } };

const Choice: StructSchema = {
  kind: "union",
  name: "Choice",
  fields: [
    { id: 1, name: "text", requiredness: "optional", type: { kind: "string" } },
    { id: 2, name: "number", requiredness: "optional", type: { kind: "i64", asNumber: true } },
  ],
};

const TYPES: readonly TypeSchema[] = [
  { kind: "bool" },
  { kind: "byte" },
  { kind: "i16" },
  { kind: "i32" },
  { kind: "i64" },
  { kind: "i64", asNumber: true },
  { kind: "double" },
  { kind: "string" },
  { kind: "binary" },
  { kind: "uuid" },
  { kind: "enum", of: () => Colour },
  { kind: "struct", of: () => EverythingOfTypes },
  { kind: "struct", of: () => Choice },
  { kind: "list", element: { kind: "bool" } },
  { kind: "list", element: { kind: "i32" } },
  { kind: "list", element: { kind: "struct", of: () => EverythingOfTypes } },
  { kind: "list", element: { kind: "list", element: { kind: "string" } } },
  { kind: "set", element: { kind: "i64" } },
  { kind: "set", element: { kind: "binary" } },
  { kind: "map", key: { kind: "string" }, value: { kind: "i16" } },
  { kind: "map", key: { kind: "i32" }, value: { kind: "i32" } },
  { kind: "map", key: { kind: "bool" }, value: { kind: "double" } },
  { kind: "map", key: { kind: "struct", of: () => Choice }, value: { kind: "uuid" } },
  { kind: "map", key: { kind: "byte" }, value: { kind: "set", element: { kind: "double" } } },
];

export const EverythingOfTypes: StructSchema = {
  kind: "struct",
  name: "EverythingOfTypes",
  fields: TYPES.map((type, index): FieldSchema => {
    // Some ids far apart: their heads have another form in Compact.
    const id = index + 1 + (index % 5 === 4 ? 1000 : 0);
    return { id, name: `field${id}`, requiredness: "optional", type };
  }),
};
