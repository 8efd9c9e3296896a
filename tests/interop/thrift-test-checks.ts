/** What our client asks of a peer's server, method by method. */
import assert from "node:assert/strict";
import { type Context, ServiceError } from "holdfast";
import {
  type Insanity,
  Numberz,
  type ThriftTestClient,
  Xception,
  Xception2,
  type Xtruct,
} from "./gen/thrift_test.ts";
import { mapOfMaps } from "./thrift-test-handler.ts";

type Check = (client: ThriftTestClient, context: Context) => Promise<void>;

const TEXT = "aä→😀\0\n";
const STRUCT: Xtruct = {
  string_thing: "Zero",
  byte_thing: -128,
  i32_thing: -(2 ** 31),
  i64_thing: -(2n ** 63n),
};

/** A check that each value comes back as it went. */
function echoes<Value>(
  call: (client: ThriftTestClient) => (context: Context, value: Value) => Promise<Value>,
  ...values: Value[]
): Check {
  return async (client, context) => {
    for (const value of values) assert.deepEqual(await call(client)(context, value), value);
  };
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index - 2);
}

/** By name of the method. A peer that does not know the type uuid goes without testUuid. */
export const METHOD_CHECKS: Readonly<Record<keyof ThriftTestClient, Check>> = {
  testVoid: async (client, context) => {
    assert.equal(await client.testVoid(context), undefined);
  },
  testString: echoes((client) => client.testString, "", TEXT, TEXT.repeat(50_000)),
  testBool: echoes((client) => client.testBool, true, false),
  testByte: echoes((client) => client.testByte, 0, 127, -128),
  testI32: echoes((client) => client.testI32, 0, -1, 2 ** 31 - 1, -(2 ** 31)),
  testI64: echoes((client) => client.testI64, 0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)),
  testDouble: echoes(
    (client) => client.testDouble,
    0,
    -1 / 3,
    Number.MIN_VALUE,
    Number.MAX_VALUE,
    Infinity,
    -Infinity,
    NaN,
  ),
  testBinary: async (client, context) => {
    for (const bytes of [[], upTo(25_600)].map((numbers) => Uint8Array.from(numbers))) {
      const got = await client.testBinary(context, bytes);
      assert.ok(Buffer.from(got).equals(bytes));
    }
  },
  testUuid: echoes((client) => client.testUuid, "00112233-4455-6677-8899-aabbccddeeff"),
  testStruct: echoes((client) => client.testStruct, STRUCT),
  testNest: echoes((client) => client.testNest, {
    byte_thing: 1,
    struct_thing: STRUCT,
    i32_thing: 5,
  }),
  testMap: echoes(
    (client) => client.testMap,
    new Map(),
    new Map(upTo(5_000).map((n) => [n, 10 - n])),
  ),
  testStringMap: echoes(
    (client) => client.testStringMap,
    new Map([
      ["", ""],
      [TEXT, "b"],
      ["a", TEXT],
    ]),
  ),
  testSet: echoes((client) => client.testSet, new Set<number>(), new Set(upTo(300))),
  testList: echoes((client) => client.testList, [], upTo(20_000)),
  // 77 is of a newer IDL than the peer's and ours.
  testEnum: echoes((client) => client.testEnum, Numberz.ONE, Numberz.EIGHT, 77),
  testTypedef: echoes((client) => client.testTypedef, 309_858_235_082_523n),
  testMapMap: async (client, context) => {
    assert.deepEqual(await client.testMapMap(context, 1), mapOfMaps());
  },
  testInsanity: checkInsanity,
  testMulti: async (client, context) => {
    const names = new Map([
      [-3, "a"],
      [4, "b"],
    ]);
    assert.deepEqual(await client.testMulti(context, 1, 2, 2n ** 62n, names, Numberz.SIX, 3n), {
      string_thing: "Hello2",
      byte_thing: 1,
      i32_thing: 2,
      i64_thing: 2n ** 62n,
    });
  },
  testException: async (client, context) => {
    await assert.rejects(client.testException(context, "Xception"), (error) => {
      assert.ok(error instanceof Xception);
      assert.deepEqual([error.errorCode, error.message], [1001, "Xception"]);
      return true;
    });
    await client.testException(context, "nothing");
  },
  testMultiException: checkMultiException,
  testOneway: (client, context) => client.testOneway(context, 3),
};

async function checkInsanity(client: ThriftTestClient, context: Context): Promise<void> {
  const insanity: Insanity = {
    userMap: new Map([
      [Numberz.FIVE, 5n],
      [Numberz.EIGHT, -8n],
    ]),
    xtructs: [STRUCT, { ...STRUCT, string_thing: "Hello2" }],
  };
  const got = await client.testInsanity(context, insanity);
  const first = new Map([Numberz.TWO, Numberz.THREE].map((key) => [key, insanity]));
  assert.deepEqual(got.get(1n), first);
  const empty = got.get(2n)?.get(Numberz.SIX);
  assert.ok(empty !== undefined);
  // Some leave out what was not set, some send it empty.
  assert.equal(empty.userMap?.size ?? 0, 0);
  assert.equal(empty.xtructs?.length ?? 0, 0);
}

async function checkMultiException(client: ThriftTestClient, context: Context): Promise<void> {
  await assert.rejects(client.testMultiException(context, "Xception", "no"), (error) => {
    assert.ok(error instanceof Xception);
    assert.deepEqual([error.errorCode, error.message], [1001, "This is an Xception"]);
    return true;
  });
  await assert.rejects(client.testMultiException(context, "Xception2", "no"), (error) => {
    assert.ok(error instanceof Xception2);
    assert.equal(error.errorCode, 2002);
    assert.equal(error.struct_thing?.string_thing, "This is an Xception2");
    return true;
  });
  const { string_thing: text } = await client.testMultiException(context, "none", "yes");
  assert.equal(text, "yes");
}

export async function checkSignOfZero(client: ThriftTestClient, context: Context): Promise<void> {
  assert.equal(await client.testDouble(context, -0), -0);
}

/** A failure that no IDL declares: we hear of it, and the connection goes on. */
export async function checkUndeclared(client: ThriftTestClient, context: Context): Promise<void> {
  await assert.rejects(
    client.testException(context, "TException"),
    (error) => error instanceof ServiceError && error.code === "internal",
  );
  assert.equal(await client.testI32(context, 7), 7);
}

/** Many calls at work on one connection, each with an answer of its own. */
export async function checkManyAtOnce(client: ThriftTestClient, context: Context): Promise<void> {
  const numbers = upTo(300);
  const replies = numbers.flatMap((number) => [
    client.testI32(context, number),
    client.testString(context, `number ${number}`),
  ]);
  const expected = numbers.flatMap((number) => [number, `number ${number}`]);
  assert.deepEqual(await Promise.all<string | number>(replies), expected);
}
