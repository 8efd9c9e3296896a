// Finds default values that contain themselves: to make a `Node` with its defaults, in
// `struct Node { 1: optional Node next = {} }`, is to make another one, without end.

import { reportIn } from "./scope.ts";
import type { ConstValue, Field, StructValue } from "./model.ts";
import type { LinkContext, PendingDefault } from "./scope.ts";

/** A default value, or a list, map or struct in one. */
type Place = Field | ConstValue;

/**
 * The most ways from value to value that are followed. Only files made to be hard come near; for
 * the others this bounds the time.
 */
const STEPS_MAX = 1_000_000;

/** Reports each circle of default values once, at a default value of it. */
export function checkDefaults(context: LinkContext, defaults: readonly PendingDefault[]): void {
  const origins = new Map<Place, PendingDefault>(defaults.map((origin) => [origin.field, origin]));
  const state = new Map<Place, "open" | "done">();
  const budget = { steps: STEPS_MAX };
  for (const origin of defaults) {
    if (state.has(origin.field)) continue;
    const circle = findCircle(origin.field, state, budget);
    const reported = circle && origins.get(circle);
    if (reported !== undefined) {
      reportIn(context, reported.scope, reported.node, {
        code: "infinite-value",
        message: `the default value of "${reported.field.name}" contains itself`,
        hint: "leave the default out, or make it one in which this field is given",
      });
    }
    if (budget.steps > 0) continue;
    const message = "default values refer to each other in too many ways";
    reportIn(context, origin.scope, origin.node, { code: "too-large", message });
    return;
  }
}

/** Follows a default value to the end; the field of a circle, if it meets one. */
function findCircle(
  start: Field,
  state: Map<Place, "open" | "done">,
  budget: { steps: number },
): Field | undefined {
  // A stack of its own: a chain of default values may be longer than the call stack is deep.
  const path: { place: Place; next: Iterator<Place> }[] = [];
  const enter = (place: Place) => {
    state.set(place, "open");
    path.push({ place, next: placesIn(place) });
  };
  let circle: Field | undefined;
  enter(start);
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const step = budget.steps-- > 0 ? top.next.next() : undefined;
    if (step === undefined || step.done === true) {
      state.set(top.place, "done");
      path.pop();
    } else if (!state.has(step.value)) {
      enter(step.value);
    } else if (state.get(step.value) === "open" && isField(step.value)) {
      circle ??= step.value;
    }
  }
  return circle;
}

function isField(place: Place): place is Field {
  return "requiredness" in place;
}

function* placesIn(place: Place): Generator<Place> {
  if (isField(place)) {
    if (place.defaultValue !== undefined) yield place.defaultValue;
    return;
  }
  // A constant is looked into once, not at each of its uses.
  if (place.constant !== undefined) {
    if (isComposite(place)) yield place.constant.value;
    return;
  }
  if (place.kind === "list" || place.kind === "set") yield* place.elements.filter(isComposite);
  if (place.kind === "map") {
    for (const { key, value } of place.entries) yield* [key, value].filter(isComposite);
  }
  if (place.kind === "struct") yield* placesInStruct(place);
}

/** The values it gives, and the default values of the fields it does not. */
function* placesInStruct(value: StructValue): Generator<Place> {
  const given = new Set(value.fields.map((entry) => entry.field));
  for (const entry of value.fields) if (isComposite(entry.value)) yield entry.value;
  if (value.definition.kind === "union") return;
  for (const field of value.definition.fields) {
    const { defaultValue } = field;
    if (defaultValue !== undefined && !given.has(field) && isComposite(defaultValue)) yield field;
  }
}

function isComposite(value: ConstValue): boolean {
  return (
    value.kind === "list" || value.kind === "set" || value.kind === "map" || value.kind === "struct"
  );
}
