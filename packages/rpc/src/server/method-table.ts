/**
 * ③ Which method a message means, found by the bytes of its name without making a string of them.
 */
import { type CallRecords, type StatsRegistry } from "@holdfast/core";
import type { CallKey } from "@holdfast/resilience";
import { fieldKey, type MethodDefinition } from "@holdfast/thrift";
import { MethodStats } from "../observe/method-stats.ts";

/** A method and what the server keeps about it. */
export class ServerMethod<Handler = never> {
  readonly definition: MethodDefinition<Handler>;
  readonly nameBytes: Uint8Array;
  /** The field of the result struct that carries the result; 0 for void. */
  readonly resultKey: number;
  readonly stats: MethodStats;
  readonly recordId: number;
  /** What policies know its calls by: one object, so that they may keep state by identity. */
  readonly key: CallKey;

  constructor(
    definition: MethodDefinition<Handler>,
    service: string,
    stats: StatsRegistry,
    records: CallRecords,
  ) {
    this.definition = definition;
    this.nameBytes = Buffer.from(definition.name);
    this.resultKey = definition.result === undefined ? 0 : fieldKey(definition.result.type, 0);
    this.stats = new MethodStats(stats, "server", service, definition.name);
    this.recordId = records.methodId(`${service}.${definition.name}`);
    this.key = { caller: "", callee: service, method: definition.name };
  }
}

export class MethodTable<Handler> {
  readonly methods: readonly ServerMethod<Handler>[];
  private last: ServerMethod<Handler> | undefined = undefined;
  private readonly byHash = new Map<number, ServerMethod<Handler>[]>();

  constructor(methods: readonly ServerMethod<Handler>[]) {
    this.methods = methods;
    for (const method of methods) {
      const hash = hashOf(method.nameBytes, 0, method.nameBytes.length);
      this.byHash.set(hash, [...(this.byHash.get(hash) ?? []), method]);
    }
  }

  find(buffer: Uint8Array, start: number, end: number): ServerMethod<Handler> | undefined {
    // Mostly the method of the call before.
    const { last } = this;
    if (last !== undefined && equals(last.nameBytes, buffer, start, end)) return last;
    const found = this.look(buffer, start, end);
    if (found !== undefined) this.last = found;
    return found;
  }

  private look(buffer: Uint8Array, start: number, end: number): ServerMethod<Handler> | undefined {
    const candidates = this.byHash.get(hashOf(buffer, start, end));
    if (candidates === undefined) return undefined;
    for (const method of candidates)
      if (equals(method.nameBytes, buffer, start, end)) return method;
    return undefined;
  }
}

/** Length and a few letters tell the methods of one service apart; `equals` is what decides. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  if (end === start) return 0;
  const middle = bytes[(start + end) >> 1]!;
  return ((end - start) << 24) ^ (bytes[start]! << 16) ^ (middle << 8) ^ bytes[end - 1]!;
}

function equals(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let index = 0; index < name.length; index++) {
    if (name[index] !== bytes[start + index]) return false;
  }
  return true;
}
