/** Our side of the service: what Apache's servers answer, answered by us. */
import type { Context } from "holdfast";
import {
  type Insanity,
  Numberz,
  type SecondServiceHandler,
  type ThriftTestHandler,
  Xception,
  Xception2,
  type Xtruct,
} from "./gen/thrift_test.ts";

/** What our side was told beside the arguments, in the order of the calls. */
export interface SeenCall {
  readonly method: string;
  readonly requestId: string;
  readonly caller: string;
  readonly remainingMs: number;
}

export class Seen {
  readonly calls: SeenCall[] = [];
  /** The arguments of each testOneway. */
  readonly oneways: number[] = [];

  add(method: string, context: Context): void {
    const { requestId, caller } = context;
    this.calls.push({ method, requestId, caller, remainingMs: context.remainingMs() });
  }
}

/** The map of testMapMap, the same for every argument. */
export function mapOfMaps(): Map<number, Map<number, number>> {
  const identity = (numbers: number[]): Map<number, number> => new Map(numbers.map((n) => [n, n]));
  return new Map([
    [-4, identity([-4, -3, -2, -1])],
    [4, identity([1, 2, 3, 4])],
  ]);
}

export function thriftTestHandler(seen: Seen): ThriftTestHandler {
  const echo = async <Thing>(context: Context, thing: Thing): Promise<Thing> => {
    seen.add("echo", context);
    return thing;
  };
  return {
    async testVoid() {},
    testString: echo,
    testBool: echo,
    testByte: echo,
    testI32: echo,
    testI64: echo,
    testDouble: echo,
    testBinary: echo,
    testUuid: echo,
    testStruct: echo,
    testNest: echo,
    testMap: echo,
    testStringMap: echo,
    testSet: echo,
    testList: echo,
    testEnum: echo,
    testTypedef: echo,
    async testMapMap() {
      return mapOfMaps();
    },
    async testInsanity(_context, argument) {
      const empty: Insanity = { userMap: new Map(), xtructs: [] };
      return new Map<bigint, Map<Numberz, Insanity>>([
        [1n, new Map([Numberz.TWO, Numberz.THREE].map((key) => [key, argument]))],
        [2n, new Map([[Numberz.SIX, empty]])],
      ]);
    },
    async testMulti(_context, arg0, arg1, arg2) {
      return { string_thing: "Hello2", byte_thing: arg0, i32_thing: arg1, i64_thing: arg2 };
    },
    async testException(_context, arg) {
      if (arg === "Xception") throw new Xception({ errorCode: 1001, message: arg });
      if (arg === "TException") throw new Error("nobody declared this");
    },
    async testMultiException(_context, arg0, arg1) {
      if (arg0 === "Xception") {
        throw new Xception({ errorCode: 1001, message: "This is an Xception" });
      }
      if (arg0 === "Xception2") {
        const struct = withText("This is an Xception2");
        throw new Xception2({ errorCode: 2002, struct_thing: struct });
      }
      return withText(arg1);
    },
    async testOneway(_context, secondsToSleep) {
      seen.oneways.push(secondsToSleep);
    },
  };
}

function withText(text: string): Xtruct {
  return { string_thing: text, byte_thing: 0, i32_thing: 0, i64_thing: 0n };
}

export const secondServiceHandler: SecondServiceHandler = {
  async secondtestString(_context, thing) {
    return `testString("${thing}")`;
  },
};
