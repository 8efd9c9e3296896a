import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PADDING, PROTOCOLS, written } from "../testing/protocols.ts";
import { fieldKey, TYPE } from "./types.ts";

describe("Compact", () => {
  it("has a head of one byte for ids near each other, and bools in the head", () => {
    const hex = written("Compact", (output) => {
      output.enterStruct();
      output.writeField(fieldKey(TYPE.bool, 1));
      output.writeBool(true);
      output.writeField(fieldKey(TYPE.bool, 16));
      output.writeBool(false);
      output.writeField(fieldKey(TYPE.i32, 32));
      output.writeI32(0);
      output.writeField(fieldKey(TYPE.byte, 31));
      output.writeByte(3);
      output.writeStop();
      output.leaveStruct();
    });
    assert.equal(hex, "11 f2 0540 00 033e 03 00".replaceAll(" ", ""));
  });

  it("reads the bools of containers as 1 and 2, and their type as 1 or 2", () => {
    for (const head of ["31", "32"]) {
      const input = PROTOCOLS.Compact.reader(`${head} 01 02 00`);
      assert.equal(input.readList(TYPE.bool), 3);
      assert.deepEqual(
        [input.readBool(), input.readBool(), input.readBool()],
        [true, false, false],
      );
    }
  });

  it("refuses varints that are too long or too large", () => {
    const eleven = "80808080808080808080 01";
    for (const padding of ["", PADDING]) {
      assert.throws(() => PROTOCOLS.Compact.reader(eleven + padding).readI64(), /longer than 10/);
      const wide = PROTOCOLS.Compact.reader(`ffffffffffffffffff 02${padding}`);
      assert.throws(() => wide.readI64(), /more than 64 bits/);
      const large = PROTOCOLS.Compact.reader(`ffffffff 1f${padding}`);
      assert.throws(() => large.readI32(), /does not fit 32 bits/);
    }
    assert.throws(() => PROTOCOLS.Compact.reader("808004").readI16(), /is not an i16/);
    assert.throws(() => PROTOCOLS.Compact.reader("80").readI32(), { code: "protocol" });
  });

  it("reads varints with needless bytes", () => {
    assert.equal(PROTOCOLS.Compact.reader("8200").readI32(), 1);
    assert.equal(PROTOCOLS.Compact.reader("82808080808080808000").readI64(), 1n);
  });

  it("refuses types that do not exist", () => {
    for (const head of ["10", "1e", "1f"]) {
      assert.throws(() => PROTOCOLS.Compact.reader(`${head}00`).readField(), /does not exist/);
    }
  });

  it("moves a text whose length in bytes has more digits than was guessed", () => {
    for (const text of ["\u00e9".repeat(100), "a".repeat(20_000), "\u20ac".repeat(6000)]) {
      const hex = written("Compact", (output) => output.writeString(text));
      assert.equal(PROTOCOLS.Compact.reader(hex).readString(), text);
    }
  });
});
