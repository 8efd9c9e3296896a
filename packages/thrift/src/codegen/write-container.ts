/**
 * Writes the functions that read and write lists, sets and maps: one pair per type and protocol,
 * used by all fields of that type in the file.
 */
import { type ContainerNames, type FileScope, PROTOCOLS, type ProtocolName } from "./file-scope.ts";
import {
  assign,
  assignTypedObject,
  block,
  group,
  indent,
  type Layout,
  line,
  list,
  WIDTH,
} from "./layout.ts";
import { isKeyable } from "./type-shape.ts";
import {
  plainTypeText,
  readCall,
  readonlyTypeText,
  typeCodeText,
  typeLayout,
  writeCall,
} from "./type-text.ts";
import { codecObject, functionHead } from "./write-struct.ts";

/** The functions that read and write each type of container in the file. */
export function containerFunctions(file: FileScope): Layout[] {
  return file.containerTypes.flatMap((names) =>
    PROTOCOLS.flatMap((protocol) => [
      readContainer(file, names, protocol),
      writeContainer(file, names, protocol),
    ]),
  );
}

function readContainer(file: FileScope, names: ContainerNames, protocol: ProtocolName): Layout {
  const { type } = names;
  const result = plainTypeText(file, type);
  const input = `input: ${file.thriftType(`${protocol}Reader`)}`;
  const head = functionHead(false, names[`read${protocol}`], [input], typeLayout(result));
  const loop = "for (let index = 0; index < count; index++)";
  if (type.kind === "map") {
    const key = readCall(file, type.key, protocol);
    const value = readCall(file, type.value, protocol);
    const codes = [typeCodeText(file, type.key), typeCodeText(file, type.value)];
    const keyed = isKeyable(type.key);
    return block(head, [
      list("const count = input.readMap(", codes, ");"),
      keyed ? declare("map", result, "new Map()") : declare("entries", result, "[]"),
      block(loop, [
        [assign("const key", key), ";"],
        keyed
          ? list("map.set(", ["key", value], ");")
          : push("entries", list("[", ["key", value], "]")),
      ]),
      keyed ? "return map;" : "return entries;",
    ]);
  }
  if (type.kind !== "list" && type.kind !== "set") throw new Error("not a container");
  const element = readCall(file, type.element, protocol);
  const isSet = type.kind === "set" && isKeyable(type.element);
  const add = list(isSet ? "set.add(" : "list.push(", [element], ");");
  return block(head, [
    `const count = input.readList(${typeCodeText(file, type.element)});`,
    isSet ? declare("set", result, "new Set()") : declare("list", result, "[]"),
    group([loop, indent([line, add])]),
    isSet ? "return set;" : "return list;",
  ]);
}

function writeContainer(file: FileScope, names: ContainerNames, protocol: ProtocolName): Layout {
  const { type } = names;
  const value = ["value: ", typeLayout(readonlyTypeText(file, type))];
  const output = `output: ${file.thriftType(`${protocol}Writer`)}`;
  const head = functionHead(false, names[`write${protocol}`], [output, value], "void");
  if (type.kind === "map") {
    const count = isKeyable(type.key) ? "value.size" : "value.length";
    const codes = [typeCodeText(file, type.key), typeCodeText(file, type.value), count];
    return block(head, [
      list("output.writeMap(", codes, ");"),
      block("for (const [key, element] of value)", [
        writeCall(file, type.key, protocol, "key"),
        writeCall(file, type.value, protocol, "element"),
      ]),
    ]);
  }
  if (type.kind !== "list" && type.kind !== "set") throw new Error("not a container");
  const count = type.kind === "set" && isKeyable(type.element) ? "value.size" : "value.length";
  const write = writeCall(file, type.element, protocol, "element");
  return block(head, [
    `output.writeList(${typeCodeText(file, type.element)}, ${count});`,
    group(["for (const element of value)", indent([line, write])]),
  ]);
}

/** A type that stands in brackets within brackets breaks before the value leaves its line. */
function declare(name: string, type: string, value: string): Layout {
  const head = `const ${name}: ${type}`;
  const nested = type.startsWith("Map<") && type.indexOf("<", "Map<".length) > 0;
  const tooLong = head.length + "   =".length > WIDTH;
  if (!nested && !tooLong) return [assign(head, value), ";"];
  return [`const ${name}: `, typeLayout(type), ` = ${value};`];
}

function push(name: string, array: Layout): Layout {
  return [`${name}.push(`, array, ");"];
}

/** The codecs of those types that a method returns. */
export function containerCodecs(file: FileScope): Layout[] {
  const needed = file.containerTypes.filter(({ codec }) => file.containerCodecs.has(codec));
  return needed.map((names) => {
    const type = plainTypeText(file, names.type);
    const object = codecObject(typeCodeText(file, names.type), names);
    const head = `const ${names.codec}: ${file.thriftType("Codec")}`;
    return [assignTypedObject(head, [type], object), ";"];
  });
}
