/** Works out constants as they are written for defaults: numbers, products, names of others. */
import type { Node } from "../source/module.ts";

/** Undefined for what is no plain value. */
export function evaluate(
  node: Node,
  constants: ReadonlyMap<string, Node>,
): number | boolean | string | undefined {
  switch (node.type) {
    case "Literal": {
      const { value } = node;
      return typeof value === "bigint" || typeof value === "object" ? undefined : value;
    }
    case "Identifier": {
      if (node.name === "Infinity") return Infinity;
      const constant = constants.get(node.name);
      return constant === undefined ? undefined : evaluate(constant, constants);
    }
    case "BinaryExpression": {
      const left = evaluate(node.left, constants);
      const right = evaluate(node.right, constants);
      if (typeof left !== "number" || typeof right !== "number") return undefined;
      return calculate(node.operator, left, right);
    }
    default:
      return undefined;
  }
}

function calculate(operator: string, left: number, right: number): number | undefined {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "**":
      return left ** right;
    default:
      return undefined;
  }
}
