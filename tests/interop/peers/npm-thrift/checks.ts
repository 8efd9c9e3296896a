/** What npm `thrift`'s client asks of our server, method by method. */
import assert from "node:assert/strict";
import { testHandler } from "./handlers.ts";
import { type Client, type Int64, int64, types, xtruct } from "./thrift.ts";

type Checks = [name: string, check: () => Promise<void>][];

const TEXT = "aä→😀\0\n";
const INTERNAL_ERROR = 6;
const UNKNOWN_METHOD = 1;

export function checksOfSecond(client: Client): Checks {
  return [
    [
      "secondtestString",
      async () => assert.equal(await client["secondtestString"]!("x"), 'testString("x")'),
    ],
  ];
}

export function checksOfTest(client: Client, second: () => Client): Checks {
  const echoes = (method: string, ...values: unknown[]): Checks[number] => [
    method,
    async () => {
      for (const value of values) assert.deepEqual(await client[method]!(value), value);
    },
  ];
  return [
    [
      "testVoid",
      async () => {
        await client["testVoid"]!();
      },
    ],
    echoes("testString", "", TEXT, TEXT.repeat(50_000)),
    echoes("testBool", true, false),
    echoes("testByte", 0, 127, -128),
    echoes("testI32", 0, -1, 2 ** 31 - 1, -(2 ** 31)),
    ["testI64", () => checkI64(client, "testI64", 0n, -1n, 2n ** 63n - 1n, -(2n ** 63n))],
    // Its encoder knows no -0.
    echoes("testDouble", 0, -1 / 3, 5e-324, Number.MAX_VALUE, Infinity, -Infinity, NaN),
    echoes("testBinary", Buffer.alloc(0), Buffer.from(upTo(25_600))),
    echoes("testUuid", "00112233-4455-6677-8899-aabbccddeeff"),
    ...structChecks(client, echoes),
    echoes("testMap", {}, Object.fromEntries(upTo(5_000).map((n) => [n, 10 - n]))),
    echoes("testStringMap", { "": "", [TEXT]: "b", a: TEXT }),
    echoes("testSet", [], upTo(300)),
    echoes("testList", [], upTo(20_000)),
    echoes("testEnum", 1, 8, 77),
    ["testTypedef", () => checkI64(client, "testTypedef", 309_858_235_082_523n)],
    [
      "testMapMap",
      async () => assert.deepEqual(await client["testMapMap"]!(1), await testHandler.testMapMap(1)),
    ],
    [
      "testOneway",
      async () => {
        // Its promise is never settled: there is no reply to settle it.
        void client["testOneway"]!(3);
        await client["testVoid"]!();
      },
    ],
    // The last one leaves its connection to the second service.
    ...exceptionChecks(client, second),
  ];
}

function structChecks(
  client: Client,
  echoes: (method: string, value: object) => Checks[number],
): Checks {
  const extremes = xtruct("Zero", -128, -(2 ** 31), -(2n ** 63n));
  return [
    echoes("testStruct", extremes),
    echoes("testNest", new types.Xtruct2({ byte_thing: 1, struct_thing: extremes, i32_thing: 5 })),
    [
      "testMulti",
      async () => {
        const names = { "-3": "a", 4: "b" };
        const got = await client["testMulti"]!(1, 2, int64(2n ** 62n), names, 6, int64(3n));
        assert.deepEqual(got, xtruct("Hello2", 1, 2, 2n ** 62n));
      },
    ],
    [
      "testInsanity",
      async () => {
        const insanity = new types.Insanity({
          userMap: { 5: int64(5n), 8: int64(-8n) },
          xtructs: [extremes, xtruct("Hello2", 2, 2, 2n)],
        });
        const empty = new types.Insanity({ userMap: {}, xtructs: [] });
        const wanted = { 1: { 2: insanity, 3: insanity }, 2: { 6: empty } };
        assert.deepEqual(await client["testInsanity"]!(insanity), wanted);
      },
    ],
  ];
}

function exceptionChecks(client: Client, second: () => Client): Checks {
  return [
    [
      "testException",
      async () => {
        await assert.rejects(client["testException"]!("Xception"), {
          name: "Xception",
          errorCode: 1001,
          message: "Xception",
        });
      },
    ],
    [
      "testMultiException",
      async () => {
        await assert.rejects(client["testMultiException"]!("Xception", "no"), {
          name: "Xception",
          errorCode: 1001,
          message: "This is an Xception",
        });
        await assert.rejects(client["testMultiException"]!("Xception2", "no"), {
          name: "Xception2",
          errorCode: 2002,
          struct_thing: xtruct("This is an Xception2", 0, 0, 0n),
        });
        const got = await client["testMultiException"]!("none", "yes");
        assert.deepEqual(got, xtruct("yes", 0, 0, 0n));
      },
    ],
    [
      "a failure that is not declared",
      async () => {
        await assert.rejects(client["testException"]!("TException"), { type: INTERNAL_ERROR });
        // The connection has outlived it.
        assert.equal(await client["testI32"]!(7), 7);
      },
    ],
    [
      "a method that does not exist",
      async () => {
        await assert.rejects(second()["secondtestString"]!("x"), { type: UNKNOWN_METHOD });
      },
    ],
  ];
}

async function checkI64(client: Client, method: string, ...values: bigint[]): Promise<void> {
  for (const value of values) {
    const got = (await client[method]!(int64(value))) as Int64;
    assert.equal(got.toOctetString(), int64(value).toOctetString());
  }
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index - 2);
}
