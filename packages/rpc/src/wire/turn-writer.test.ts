import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Clock, ManualClock } from "@holdfast/core";
import type { BinaryWriter } from "@holdfast/thrift";
import { type Sender, TurnWriter } from "./turn-writer.ts";

/** A connection that keeps what it would have sent. */
class Recorder implements Sender {
  output: BinaryWriter | undefined = undefined;
  readonly sent: string[] = [];
  taken = true;
  onFlush: () => void = () => undefined;
  private readonly turn: TurnWriter;

  constructor(turn: TurnWriter) {
    this.turn = turn;
  }

  write(text: string): void {
    const output = this.turn.outputOf(this);
    output.writeRaw(Buffer.from(text), 0, text.length);
  }

  flush(): void {
    const output = this.output!;
    this.output = undefined;
    this.sent.push(output.buffer.toString("latin1", 0, output.offset));
    this.turn.giveBack(output, this.taken);
    this.onFlush();
  }
}

function turnByHand(): { readonly turn: TurnWriter; readonly endTurn: () => void } {
  const callbacks: (() => void)[] = [];
  const clock: Clock = new ManualClock();
  clock.afterTurn = (callback) => callbacks.push(callback);
  return {
    turn: new TurnWriter(clock),
    endTurn: () => {
      for (const callback of callbacks.splice(0)) callback();
    },
  };
}

describe("the writer of a turn", () => {
  it("sends what a connection wrote in one turn in one piece, at its end", () => {
    const { turn, endTurn } = turnByHand();
    const connection = new Recorder(turn);
    for (const text of ["a", "b", "c"]) connection.write(text);
    assert.deepEqual(connection.sent, []);
    endTurn();
    assert.deepEqual(connection.sent, ["abc"]);
    endTurn();
    assert.deepEqual(connection.sent, ["abc"]);
  });

  it("sends each connection's own, in the order of their first words", () => {
    const { turn, endTurn } = turnByHand();
    const order: number[] = [];
    const connections = [0, 1, 2].map((index) => {
      const connection = new Recorder(turn);
      connection.onFlush = () => order.push(index);
      return connection;
    });
    for (const index of [2, 0, 1, 0, 2]) connections[index]!.write(String(index));
    endTurn();
    assert.deepEqual(
      connections.map(({ sent }) => sent),
      [["00"], ["1"], ["22"]],
    );
    assert.deepEqual(order, [2, 0, 1]);
  });

  it("leaves what is written while it sends to the next turn", () => {
    const { turn, endTurn } = turnByHand();
    const connection = new Recorder(turn);
    connection.onFlush = () => {
      connection.onFlush = () => undefined;
      connection.write("second");
    };
    connection.write("first");
    endTurn();
    assert.deepEqual(connection.sent, ["first"]);
    endTurn();
    assert.deepEqual(connection.sent, ["first", "second"]);
  });

  it("uses memory again that was taken, and none that a socket still needs", () => {
    const { turn, endTurn } = turnByHand();
    const connection = new Recorder(turn);
    connection.write("a");
    const memory = connection.output!.buffer;
    endTurn();
    connection.write("b");
    assert.equal(connection.output!.buffer, memory);
    connection.taken = false;
    endTurn();
    connection.write("c");
    assert.notEqual(connection.output!.buffer, memory);
    assert.equal(memory.toString("latin1", 0, 1), "b");
    endTurn();
    assert.deepEqual(connection.sent, ["a", "b", "c"]);
  });

  it("does not keep large memory", () => {
    const { turn, endTurn } = turnByHand();
    const connection = new Recorder(turn);
    connection.write("x".repeat(1024 * 1024));
    endTurn();
    connection.write("y");
    assert.ok(connection.output!.buffer.length < 10_000);
    endTurn();
  });
});
