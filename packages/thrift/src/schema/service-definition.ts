/**
 * What generated code tells the rest about a service: how its values are read and written, and
 * how a call reaches a handler's method or leaves a client. Calls without generated code make the
 * same from a schema.
 */
import type { Context } from "@holdfast/core";
import type { BinaryReader } from "../protocol/binary-reader.ts";
import type { BinaryWriter } from "../protocol/binary-writer.ts";
import type { CompactReader } from "../protocol/compact-reader.ts";
import type { CompactWriter } from "../protocol/compact-writer.ts";

/** Reads and writes values of one type in every protocol. */
export interface Codec<Value> {
  /** The type code of Thrift Binary, see TYPE. */
  readonly type: number;
  readBinary(input: BinaryReader): Value;
  writeBinary(output: BinaryWriter, value: Value): void;
  readCompact(input: CompactReader): Value;
  writeCompact(output: CompactWriter, value: Value): void;
}

/** An exception that the IDL declares for a method. */
export interface ExceptionDefinition {
  /** The field of the result struct that carries it. */
  readonly id: number;
  readonly name: string;
  readonly codec: Codec<Error>;
  /** Whether a thrown value is one of these. */
  is(thrown: unknown): boolean;
}

export interface MethodDefinition<Handler = never> {
  /** As on the wire. */
  readonly name: string;
  readonly oneway: boolean;
  /** The IDL says `holdfast.idempotent = "true"`: doing it twice is doing it once. */
  readonly idempotent: boolean;
  readonly annotations: Readonly<Record<string, string>>;
  /** The arguments as one struct. */
  readonly arguments: Codec<object>;
  /** Undefined for void. */
  readonly result: Codec<unknown> | undefined;
  readonly exceptions: readonly ExceptionDefinition[];
  /** Calls the handler's method with the arguments in their order. */
  invoke(handler: Handler, context: Context, args: object): Promise<unknown>;
}

/** Sends one call; what a client is made of. */
export type CallFunction = (
  method: MethodDefinition,
  context: Context,
  args: object,
) => Promise<unknown>;

export interface ServiceDefinition<Handler, Client> {
  readonly name: string;
  readonly methods: readonly MethodDefinition<Handler>[];
  /** A client whose methods all go through `call`. */
  client(call: CallFunction): Client;
}
