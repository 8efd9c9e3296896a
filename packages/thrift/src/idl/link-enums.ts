// Enums: the number of each value, given or counted.

import { fitsBits, integerOf } from "./integer.ts";
import { describe, reportIn } from "./scope.ts";
import { shortened } from "./token.ts";
import type { EnumValue } from "./model.ts";
import type { EnumSymbol, LinkContext } from "./scope.ts";
import type { EnumValueNode } from "./tree.ts";

/** Fills an enum with its values. A value without a number is one more than that before it. */
export function linkEnum(context: LinkContext, symbol: EnumSymbol): void {
  const { scope, node, definition } = symbol;
  const values: EnumValue[] = [];
  // Undefined after a number out of range: what would be counted from it says nothing.
  let next: bigint | undefined = 0n;
  for (const valueNode of node.values) {
    const number: bigint | undefined = numberOf(context, symbol, valueNode, next);
    next = number === undefined ? undefined : number + 1n;
    const value = { ...describe(context, scope, valueNode), value: Number(number ?? 0n) };
    values.push(value);
    const earlier = symbol.valuesByName.get(value.name);
    if (earlier !== undefined) {
      reportIn(context, scope, valueNode.name, {
        code: "duplicate-name",
        message: `enum "${definition.name}" already has a value "${value.name}"`,
        related: [{ message: "first defined here", position: earlier.position }],
      });
      continue;
    }
    symbol.valuesByName.set(value.name, value);
    if (number !== undefined) registerNumber(context, symbol, valueNode, value);
  }
  definition.values = values;
}

/** The number of a value, given or counted; undefined when it is out of range or unknown. */
function numberOf(
  context: LinkContext,
  symbol: EnumSymbol,
  node: EnumValueNode,
  next: bigint | undefined,
): bigint | undefined {
  if (node.value === undefined && next === undefined) return undefined;
  const number = node.value === undefined ? next : integerOf(node.value.text);
  if (number !== undefined && fitsBits(number, 32n)) return number;
  const shown = node.value === undefined ? String(next) : shortened(node.value.text);
  const message = `${shown} does not fit the i32 of an enum value, -2147483648 to 2147483647`;
  reportIn(context, symbol.scope, node.value ?? node.name, { code: "out-of-range", message });
  return undefined;
}

/** Two names for one number is legal Thrift, though seldom meant: a warning. */
function registerNumber(
  context: LinkContext,
  symbol: EnumSymbol,
  node: EnumValueNode,
  value: EnumValue,
): void {
  const earlier = symbol.valuesByNumber.get(value.value);
  if (earlier === undefined) {
    symbol.valuesByNumber.set(value.value, value);
    return;
  }
  reportIn(context, symbol.scope, node.value ?? node.name, {
    severity: "warning",
    code: "duplicate-value",
    message: `"${value.name}" has the number ${value.value}, as "${earlier.name}" has`,
    related: [
      { message: `"${earlier.name}" is the name used when reading`, position: earlier.position },
    ],
  });
}
