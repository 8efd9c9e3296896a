/** npm `thrift` and the code that was generated for it, as far as this peer uses them. */
import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import type { Server } from "node:net";

export interface Connection extends EventEmitter {
  end(): void;
}

/** 64 bits in two halves. */
export interface Int64 {
  toOctetString(): string;
}

/** Every method with the arguments in their order; numbers of 64 bits are `Int64`. */
export type Client = Readonly<Record<string, (...parameters: unknown[]) => Promise<unknown>>>;

interface Thrift {
  readonly TFramedTransport: object;
  readonly TBufferedTransport: object;
  readonly TBinaryProtocol: object;
  readonly TCompactProtocol: object;
  createServer(module: object, handler: object, options: object): Server;
  createConnection(host: string, port: number, options: object): Connection;
  createClient(module: object, connection: Connection): Client;
}

type Struct = new (fields: object) => object;

interface Types {
  readonly Xtruct: Struct;
  readonly Xtruct2: Struct;
  readonly Insanity: Struct;
  readonly Xception: Struct;
  readonly Xception2: Struct;
}

const require = createRequire(import.meta.url);
const GENERATED = "../../.generated/npm-thrift";

export const thrift = require("thrift") as Thrift;
export const ThriftTest = require(`${GENERATED}/ThriftTest.js`) as object;
export const SecondService = require(`${GENERATED}/SecondService.js`) as object;
export const types = require(`${GENERATED}/thrift_test_types.js`) as Types;
const Int64Constructor = require("node-int64") as new (bytes: Buffer) => Int64;

export function int64(value: bigint): Int64 {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return new Int64Constructor(bytes);
}

export function xtruct(text: string, byte: number, i32: number, i64: bigint): object {
  return new types.Xtruct({
    string_thing: text,
    byte_thing: byte,
    i32_thing: i32,
    i64_thing: int64(i64),
  });
}
