/**
 * The names of properties and methods in JavaScript, the same in generated code and in values made
 * from a schema: the IDL's names, with underscores behind those that cannot be used.
 */
import type { Service, Struct } from "../idl/index.ts";
import { functionsOf } from "../idl/index.ts";

/**
 * What every object has already, so that an absent property of such a name would seem to be there;
 * and `then`, which makes an object look like a promise.
 */
const OBJECT_MEMBERS = [...Object.getOwnPropertyNames(Object.prototype), "then"];

/** What every error has already and means something else by. */
const ERROR_MEMBERS = ["name", "stack", "cause"];

/** Hands each wish a name that nobody else has. */
export class NameScope {
  private readonly taken: Set<string>;

  constructor(taken: Iterable<string> = []) {
    this.taken = new Set(taken);
  }

  take(wish: string): string {
    let name = wish;
    while (this.taken.has(name)) name += "_";
    this.taken.add(name);
    return name;
  }

  /** A scope inside of this one: its names hide none of these. */
  inner(): NameScope {
    return new NameScope(this.taken);
  }
}

/** The property of each field, by the field's name. */
export function propertyNames(struct: Pick<Struct, "kind" | "fields">): Map<string, string> {
  const taken =
    struct.kind === "exception" ? [...OBJECT_MEMBERS, ...ERROR_MEMBERS] : OBJECT_MEMBERS;
  const scope = new NameScope(taken);
  const properties = new Map<string, string>();
  for (const field of struct.fields) {
    // `message` of an error is a string; a field of that name and type is that very property.
    const hidden = struct.kind === "exception" && field.name === "message";
    const wish = hidden && field.type.kind !== "string" ? "message_" : field.name;
    properties.set(field.name, scope.take(wish));
  }
  return properties;
}

/** The property of each enum value, by its name. */
export function enumProperties(names: readonly string[]): Map<string, string> {
  const scope = new NameScope(OBJECT_MEMBERS);
  return new Map(names.map((name) => [name, scope.take(name)]));
}

/** The property of each method, inherited ones included, by the method's name in the IDL. */
export function methodNames(service: Service): Map<string, string> {
  const scope = new NameScope(OBJECT_MEMBERS);
  return new Map(functionsOf(service).map(({ name }) => [name, scope.take(lowerCamel(name))]));
}

/** `SetHistory`, `set_history`, `SET_HISTORY` → `setHistory`; `HTTPGet` → `httpGet`. */
export function lowerCamel(name: string): string {
  const words = name.split("_").filter((word) => word !== "");
  const camel = words.map((word, index) => {
    const shouted = words.length > 1 && word === word.toUpperCase();
    if (index > 0) return word.slice(0, 1).toUpperCase() + (shouted ? lower(word) : word.slice(1));
    return word.replace(/^[A-Z]+(?![a-z])|^[A-Z]/, (head) => head.toLowerCase());
  });
  const joined = camel.join("");
  return /^[A-Za-z]/.test(joined) ? joined : name;
}

function lower(word: string): string {
  return word.slice(1).toLowerCase();
}

/** A property's name in an object literal: in quotes where it needs them. */
export function propertyKey(name: string): string {
  if (name === "__proto__") return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}
