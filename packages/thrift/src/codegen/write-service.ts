/**
 * Writes services: the interface of a handler, the interface of a client, and the definition that
 * connects both with the wire.
 */
import type { Service, ServiceFunction, Type } from "../idl/index.ts";
import { functionsOf } from "../idl/index.ts";
import { docLayout } from "./doc-comment.ts";
import { type FieldPlan, planFields } from "./field-plan.ts";
import type { FileScope } from "./file-scope.ts";
import {
  assignObject,
  assignTypedObject,
  block,
  type Layout,
  list,
  objectLiteral,
  orElse,
  signature,
  tallObject,
  typeArguments,
  union,
} from "./layout.ts";
import { quote } from "./literal.ts";
import { capitalized, parameterNames, type StructNames, structNames } from "./names.ts";
import { methodNames, propertyKey } from "../schema/property-names.ts";
import { isNumberI64, resultType } from "./type-shape.ts";
import { typeLayout, typeText } from "./type-text.ts";
import { interfaceLayout } from "./write-types.ts";
import { structCodec, structFunctions } from "./write-struct.ts";

/** The annotation of a method that may be done twice. */
export const IDEMPOTENT = "holdfast.idempotent";

interface MethodPlan {
  readonly method: ServiceFunction;
  /** Of handlers and clients. */
  readonly property: string;
  /** The variable that holds its definition. */
  readonly definition: string;
  readonly names: StructNames;
  readonly plans: readonly FieldPlan[];
  readonly result: Type | undefined;
}

export function serviceLayouts(file: FileScope, service: Service): Layout[] {
  file.usesContext = true;
  const methods = planMethods(file, service);
  return [
    interfaceOf(file, service, methods, "handler"),
    interfaceOf(file, service, methods, "client"),
    ...methods.flatMap((plan) => argumentLayouts(file, service, plan)),
    ...methods.map((plan) => methodDefinition(file, service, plan)),
    serviceDefinition(file, service, methods),
  ];
}

function planMethods(file: FileScope, service: Service): MethodPlan[] {
  const properties = methodNames(service);
  return service.functions.map((method) => {
    const base = service.name + capitalized(method.name);
    return {
      method,
      property: properties.get(method.name) ?? method.name,
      definition: file.names.scope.take(`${base}Method`),
      names: structNames(file.names.scope, `${base}Arguments`),
      plans: planFields(file, { kind: "struct", fields: method.arguments }, "arguments"),
      result: resultType(method),
    };
  });
}

function interfaceOf(
  file: FileScope,
  service: Service,
  methods: readonly MethodPlan[],
  side: "handler" | "client",
): Layout {
  const { extends: parent } = service;
  const base = parent === undefined ? "" : ` extends ${file.serviceType(parent, side)}`;
  const head = `export interface ${file.names.ofService(service)[side]}${base}`;
  const signatures = methods.map((plan): Layout => {
    const names = parameterNames(plan.method.arguments.map(({ name }) => name));
    const parameters = plan.plans.map(({ optional, typeText: type, fallback }, index) => {
      // A handler gets what an argument is when it did not come; a client may leave it away.
      const absent = optional && (side === "client" || fallback === undefined);
      const types = [typeLayout(type), ...(absent ? ["undefined"] : [])];
      return [`${names[index]}: `, types.length === 1 ? types : union(types)];
    });
    const result = promiseOf(resultTypes(file, plan.result, side));
    const method = signature(plan.property, ["context: Context", ...parameters], result);
    return [docLayout(plan.method.doc, 1), method, ";"];
  });
  return [docLayout(service.doc), block(head, signatures)];
}

/** A handler may answer with bytes instead of an object. */
function resultTypes(
  file: FileScope,
  result: Type | undefined,
  side: "handler" | "client",
): string[] {
  if (result === undefined) return ["void"];
  const text = typeText(file, result);
  const mayBeBytes = ["struct", "list", "set", "map"].includes(result.kind) && side === "handler";
  return mayBeBytes ? [text, file.thriftType("EncodedValue")] : [text];
}

function promiseOf(types: readonly string[]): Layout {
  const layouts = types.map(typeLayout);
  return ["Promise", typeArguments(types.length === 1 ? layouts : [union(layouts)])];
}

function argumentLayouts(file: FileScope, service: Service, plan: MethodPlan): Layout[] {
  const shape = {
    names: plan.names,
    title: `${service.name}.${plan.method.name}`,
    plans: plan.plans,
    isClass: false,
    exported: false,
  };
  return [
    interfaceLayout(plan.names.type, plan.plans, false),
    ...structFunctions(file, shape),
    structCodec(file, shape),
  ];
}

function methodDefinition(file: FileScope, service: Service, plan: MethodPlan): Layout {
  const { method, names, plans, property } = plan;
  const handler = file.names.ofService(service).handler;
  const annotations = [...method.annotations].map(([name, value]) => {
    return `${propertyKey(name)}: ${quote(value)}`;
  });
  const call = plans.map((own): Layout => passArgument(own));
  const invoke = block(list("invoke(", ["handler", "context", ...argsParameter(plan)], ")"), [
    ["return ", list(`handler.${property}(`, ["context", ...call], ")"), ";"],
  ]);
  const head = `const ${plan.definition}: ${file.thriftType("MethodDefinition")}<${handler}>`;
  return [
    assignObject(
      head,
      tallObject([
        `name: ${quote(method.name)}`,
        `oneway: ${method.oneway}`,
        `idempotent: ${method.annotations.get(IDEMPOTENT) === "true"}`,
        ["annotations: ", objectLiteral(annotations)],
        `arguments: ${names.codec}`,
        `result: ${resultCodec(file, plan.result)}`,
        ["exceptions: ", exceptionList(file, method)],
        invoke,
      ]),
    ),
    ";",
  ];
}

function argsParameter(plan: MethodPlan): Layout[] {
  return plan.plans.length === 0 ? [] : [`args: ${plan.names.type}`];
}

function passArgument(plan: FieldPlan): Layout {
  const given = `args.${plan.property}`;
  if (!plan.optional || plan.fallback === undefined) return given;
  return orElse(given, plan.fallback, plan.fallbackInline);
}

function resultCodec(file: FileScope, type: Type | undefined): string {
  if (type === undefined) return "undefined";
  switch (type.kind) {
    case "struct":
      return file.structValue(type.definition, "codec");
    case "list":
    case "set":
    case "map": {
      const { codec } = file.container(type);
      file.containerCodecs.add(codec);
      return codec;
    }
    case "enum":
      return `${file.thriftValue("CODEC")}.i32`;
    case "i64":
      return `${file.thriftValue("CODEC")}.i64${isNumberI64(type) ? "AsNumber" : ""}`;
    default:
      return `${file.thriftValue("CODEC")}.${type.kind}`;
  }
}

function exceptionList(file: FileScope, method: ServiceFunction): Layout {
  const items = method.throws.flatMap((field): Layout[] => {
    if (field.type.kind !== "struct") return [];
    const { definition } = field.type;
    return [
      tallObject([
        `id: ${field.id}`,
        `name: ${quote(field.name)}`,
        `codec: ${file.structValue(definition, "codec")}`,
        `is: (thrown) => thrown instanceof ${file.definitionValue(definition)}`,
      ]),
    ];
  });
  return list("[", items, "]");
}

function serviceDefinition(
  file: FileScope,
  service: Service,
  methods: readonly MethodPlan[],
): Layout {
  const { definition, handler, client } = file.names.ofService(service);
  const { extends: parent } = service;
  const inherited = parent === undefined ? undefined : file.serviceValue(parent, "definition");
  const definitions = methods.map((plan) => plan.definition);
  const functions = methods.map((plan) => clientMethod(file, plan));
  const object = tallObject([
    ...(inherited === undefined ? [] : [`...${inherited}.client(call)`]),
    ...functions,
  ]);
  const unused = functionsOf(service).length === 0 && inherited === undefined ? "_call" : "call";
  return [
    docLayout(service.doc),
    assignTypedObject(
      `export const ${definition}: ${file.thriftType("ServiceDefinition")}`,
      [handler, client],
      tallObject([
        `name: ${quote(service.name)}`,
        ["methods: ", methodList(inherited, definitions)],
        block(`client(${unused})`, [["return ", object, ";"]]),
      ]),
    ),
    ";",
  ];
}

function methodList(inherited: string | undefined, definitions: readonly string[]): Layout {
  return list(
    "[",
    [...(inherited === undefined ? [] : [`...${inherited}.methods`]), ...definitions],
    "]",
  );
}

function clientMethod(file: FileScope, plan: MethodPlan): Layout {
  const properties = plan.plans.map(({ property, local }) =>
    property === local ? property : `${property}: ${local}`,
  );
  const result = promiseOf(resultTypes(file, plan.result, "client"));
  const parameters = ["context", ...plan.plans.map(({ local }) => local)];
  const call = list("call(", [plan.definition, "context", "args"], ")");
  return block(list(`${plan.property}(`, parameters, ")"), [
    [`const args: ${plan.names.type} = `, objectLiteral(properties), ";"],
    ["return ", call, " as ", result, ";"],
  ]);
}
