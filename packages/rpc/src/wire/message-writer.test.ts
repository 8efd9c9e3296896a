import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ServiceError } from "@holdfast/core";
import { BinaryWriter, CODEC, EncodedValue, MESSAGE } from "@holdfast/thrift";
import { type MessageSeen, splitMessages, WIRE_FORMS } from "../testing/wire-form.ts";
import { resultOf } from "../testing/raw-peer.ts";
import { type MessageBody, MessageWriter } from "./message-writer.ts";
import { writePlainTtHeader } from "./ttheader.ts";

const FORMS = WIRE_FORMS.filter(({ old }) => !old);
const RESULT_KEY = 0x0b_0000;

function reply(value: unknown, changes: Partial<MessageBody> = {}): MessageBody {
  return {
    type: MESSAGE.reply,
    name: Buffer.from("hold"),
    sequenceId: 7,
    key: RESULT_KEY,
    codec: CODEC.string,
    value,
    ...changes,
  };
}

class EncodedText extends EncodedValue {
  private readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }

  write(output: BinaryWriter): void {
    output.writeString(this.text);
  }
}

function writing(form: (typeof FORMS)[number], frameMaxBytes = 4096) {
  const output = new BinaryWriter();
  const messages = new MessageWriter(frameMaxBytes);
  const write = (body: MessageBody): void =>
    messages.write(output, form.framing, form.protocol, body, writePlainTtHeader, undefined);
  const seen = (): MessageSeen[] => {
    const { messages: whole, rest } = splitMessages(form, output.buffer.subarray(0, output.offset));
    assert.equal(rest.length, 0);
    return whole;
  };
  return { output, write, seen };
}

for (const form of FORMS) {
  describe(`a message, ${form.name},`, () => {
    it("stands in its frame behind the ones before", () => {
      const { write, seen } = writing(form);
      for (const text of ["one", "two"]) write(reply(text));
      const [one, two] = seen();
      assert.deepEqual([one?.name, one?.sequenceId, one?.type], ["hold", 7, MESSAGE.reply]);
      assert.equal(resultOf(one!, CODEC.string), "one");
      assert.equal(resultOf(two!, CODEC.string), "two");
    });

    it("may be empty", () => {
      const { write, seen } = writing(form);
      write(reply(undefined, { codec: undefined }));
      assert.equal(resultOf(seen()[0]!, CODEC.string), undefined);
    });

    it("may be encoded already", () => {
      const { write, seen } = writing(form);
      write(reply(new EncodedText("encoded")));
      assert.equal(resultOf(seen()[0]!, CODEC.string), "encoded");
    });

    it("leaves nothing behind when it cannot be written, and does not disturb the others", () => {
      const { write, seen, output } = writing(form);
      write(reply("before"));
      const { offset } = output;
      assert.throws(() => write(reply(Symbol("no"))), TypeError);
      assert.equal(output.offset, offset);
      write(reply("after"));
      const texts = seen().map((message) => resultOf(message, CODEC.string));
      assert.deepEqual(texts, ["before", "after"]);
    });

    it("is refused when it is larger than allowed, and leaves nothing behind", () => {
      const { write, output } = writing(form, 1024);
      write(reply("x".repeat(900)));
      const { offset } = output;
      assert.throws(
        () => write(reply("x".repeat(1100))),
        (error) => error instanceof ServiceError && error.code === "too-large",
      );
      assert.equal(output.offset, offset);
    });
  });
}
