/**
 * A server that does everything a server may do wrong, drawn from a seed: answers late, twice, to
 * nobody, in pieces, or never; closes, half-closes, falls silent, says go away and stays.
 */
import { after, type Random, ServiceError } from "@holdfast/core";
import type { World } from "@holdfast/sim";
import { ApplicationExceptionCodec, CODEC, MESSAGE } from "@holdfast/thrift";
import { RawServer, type RawServerConnection } from "./raw-server.ts";
import type { SettleChecks } from "./settle-checks.ts";
import type { TestPlace } from "./test-place.ts";
import {
  encodeFrame,
  type MessageSeen,
  type MessageToSend,
  structOf,
  type WireForm,
} from "./wire-form.ts";

const LATER_MAX_MS = 300;
/** A sequence id that no client of ours gives. */
const STRANGE_ID = -0x4000_0000;

export class MischiefServer {
  readonly raw: RawServer;
  private readonly world: World;
  private readonly random: Random;
  private readonly checks: SettleChecks;
  /** The sequence ids that were answered, of each connection: they are nobody's any more. */
  private readonly answered = new Map<RawServerConnection, number[]>();
  /** Connections on which half a reply was sent, until the other half is. */
  private readonly cut = new Set<RawServerConnection>();
  private stopped = false;

  constructor(world: World, place: TestPlace, form: WireForm, checks: SettleChecks) {
    this.world = world;
    this.checks = checks;
    this.random = world.random.stream("mischief");
    this.raw = new RawServer(place, form);
    this.raw.onCall = (connection, call) => this.onCall(connection, call);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.raw.close();
  }

  private onCall(connection: RawServerConnection, call: MessageSeen): void {
    const key = keyOf(call);
    const sighting = this.checks.sight(key);
    sighting.seen++;
    if (call.type === MESSAGE.oneway) return;
    const answer = this.encode(this.answerTo(call, key));
    const draw = this.random.below(24);
    if (draw < 10) this.send(connection, call, answer);
    else if (draw < 14) this.later(() => this.send(connection, call, answer));
    else if (draw === 14) this.send(connection, call, Buffer.concat([answer, answer]));
    else if (draw === 15) this.strange(connection, call, key);
    else if (draw === 16) this.inPieces(connection, call, answer);
    else if (draw === 17) this.refuse(connection, call, sighting);
    else if (draw === 18) this.fail(connection, call);
    else if (draw === 19) this.break(connection, call, answer);
    else if (draw === 20) this.sayGoAway(connection, call, key);
    else if (draw === 21) this.pauseAWhile(connection);
    // Else: never.
  }

  private send(connection: RawServerConnection, call: MessageSeen, bytes: Buffer): void {
    if (this.cut.has(connection)) return;
    this.answeredOn(connection).push(call.sequenceId);
    connection.sendBytes(bytes);
  }

  private sendBytes(connection: RawServerConnection, bytes: Buffer): void {
    if (!this.cut.has(connection)) connection.sendBytes(bytes);
  }

  /** To calls that were answered already, that never were, or by another name. */
  private strange(connection: RawServerConnection, call: MessageSeen, key: string): void {
    const wrong = { ...this.answerTo(call, key), body: textResult("somebody else's") };
    const before = this.answeredOn(connection).at(-1 - this.random.below(5)) ?? 0;
    for (const sequenceId of [before, 0, STRANGE_ID + this.random.below(1000)]) {
      this.sendBytes(connection, this.encode({ ...wrong, sequenceId }));
    }
    this.send(connection, call, this.encode(this.answerTo(call, key)));
  }

  private inPieces(connection: RawServerConnection, call: MessageSeen, answer: Buffer): void {
    if (this.cut.has(connection)) return;
    const cut = 1 + this.random.below(answer.length - 1);
    connection.sendBytes(answer.subarray(0, cut));
    // Bytes in between could be read as anything, another call's answer included.
    this.cut.add(connection);
    const ending = this.random.below(3);
    this.later(() => {
      this.cut.delete(connection);
      if (ending === 0) connection.destroy();
      else if (ending === 1) connection.end();
      else this.send(connection, call, answer.subarray(cut));
    });
  }

  private refuse(
    connection: RawServerConnection,
    call: MessageSeen,
    sighting: { refused: number },
  ): void {
    sighting.refused++;
    const error = new ServiceError("draining", "going away", { workStarted: "no" });
    this.sendBytes(connection, this.encode(failureTo(call, error)));
  }

  private fail(connection: RawServerConnection, call: MessageSeen): void {
    const error = new ServiceError("internal", "no luck", { workStarted: "yes" });
    this.send(connection, call, this.encode(failureTo(call, error)));
  }

  private break(connection: RawServerConnection, call: MessageSeen, answer: Buffer): void {
    const how = this.random.below(4);
    if (how === 0) connection.destroy();
    else if (how === 1) connection.end();
    else if (how === 2) this.sendBytes(connection, Buffer.from("no frame at all"));
    else {
      this.send(connection, call, answer);
      connection.end();
    }
  }

  private sayGoAway(connection: RawServerConnection, call: MessageSeen, key: string): void {
    const header = { strings: new Map([["crrst", "1"]]) };
    this.send(connection, call, this.encode({ ...this.answerTo(call, key), header }));
  }

  private pauseAWhile(connection: RawServerConnection): void {
    connection.pause();
    this.later(() => connection.resume());
  }

  private answeredOn(connection: RawServerConnection): number[] {
    const ids = this.answered.get(connection) ?? [];
    this.answered.set(connection, ids);
    return ids;
  }

  private later(act: () => void): void {
    after(this.world.clock, this.random.next() * LATER_MAX_MS, () => {
      if (!this.stopped) act();
    });
  }

  private answerTo(call: MessageSeen, key: string): MessageToSend {
    const { name, sequenceId } = call;
    return { type: MESSAGE.reply, name, sequenceId, body: textResult(`${key} done`) };
  }

  private encode(message: MessageToSend): Buffer {
    return encodeFrame(this.raw.form, message);
  }
}

function keyOf({ reader }: MessageSeen): string {
  reader.enterStruct();
  reader.readField();
  return reader.protocol === "binary"
    ? CODEC.string.readBinary(reader)
    : CODEC.string.readCompact(reader);
}

function textResult(text: string): MessageToSend["body"] & {} {
  return structOf((output) => {
    output.writeField(0x0b_0000);
    output.writeString(text);
  });
}

function failureTo(call: MessageSeen, error: ServiceError): MessageToSend {
  return {
    type: MESSAGE.exception,
    name: call.name,
    sequenceId: call.sequenceId,
    body: (output) => {
      if (output.protocol === "binary") ApplicationExceptionCodec.writeBinary(output, error);
      else ApplicationExceptionCodec.writeCompact(output, error);
    },
  };
}
