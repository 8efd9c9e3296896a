/** The services, answered by npm `thrift`, which takes handlers that return promises. */
import { types, xtruct } from "./thrift.ts";

async function echo(thing: unknown): Promise<unknown> {
  return thing;
}

const ECHOES = `testString testBool testByte testI32 testI64 testDouble testBinary testUuid
  testStruct testNest testMap testStringMap testSet testList testEnum testTypedef`.split(/\s+/);

const TWO = 2;
const THREE = 3;
const SIX = 6;

export const testHandler = {
  ...Object.fromEntries(ECHOES.map((method) => [method, echo])),
  async testVoid(): Promise<void> {},
  async testMapMap(_hello: number): Promise<object> {
    return { "-4": { "-4": -4, "-3": -3, "-2": -2, "-1": -1 }, 4: { 1: 1, 2: 2, 3: 3, 4: 4 } };
  },
  async testInsanity(argument: object): Promise<object> {
    return { 1: { [TWO]: argument, [THREE]: argument }, 2: { [SIX]: new types.Insanity({}) } };
  },
  async testMulti(
    arg0: number,
    arg1: number,
    arg2: object,
    _arg3: object,
    _arg4: number,
    _arg5: object,
  ): Promise<object> {
    return new types.Xtruct({
      string_thing: "Hello2",
      byte_thing: arg0,
      i32_thing: arg1,
      i64_thing: arg2,
    });
  },
  async testException(arg: string): Promise<void> {
    if (arg === "Xception") throw new types.Xception({ errorCode: 1001, message: arg });
    if (arg === "TException") throw new Error("nobody declared this");
  },
  async testMultiException(arg0: string, arg1: string): Promise<object> {
    if (arg0 === "Xception") {
      throw new types.Xception({ errorCode: 1001, message: "This is an Xception" });
    }
    if (arg0 === "Xception2") {
      const struct = xtruct("This is an Xception2", 0, 0, 0n);
      throw new types.Xception2({ errorCode: 2002, struct_thing: struct });
    }
    return xtruct(arg1, 0, 0, 0n);
  },
  async testOneway(seconds: number): Promise<void> {
    console.log(`oneway ${seconds}`);
  },
};

export const secondHandler = {
  async secondtestString(thing: string): Promise<string> {
    return `testString("${thing}")`;
  },
};
