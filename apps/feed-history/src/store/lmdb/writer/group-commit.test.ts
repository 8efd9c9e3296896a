import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeItemWire } from "../../item-wire.ts";
import { GroupCommit } from "./group-commit.ts";
import type { WriterChannel, WriterListener, WriterReply, WriterRequest } from "./messages.ts";

const stats = { commits: 0, folds: 0, foldedUsers: 0, journalBytes: 0, dataBytes: 0 };
const wires = [encodeItemWire({ timestampMs: 1n, itemId: 1n })];

/** A writer whose answers the test gives. */
class HeldWriter implements WriterChannel {
  readonly requests: string[] = [];
  abandoned = false;
  listener!: WriterListener;

  listen(listener: WriterListener): void {
    this.listener = listener;
    this.answer();
  }

  send(request: WriterRequest): void {
    if ("hold" in request) this.requests.push(`hold ${String(request.hold)}`);
    else this.requests.push("group" in request ? "group" : "close");
  }

  opened(): void {}

  abandon(): void {
    this.abandoned = true;
    this.listener.onEnd("abandoned");
  }

  answer(reply: WriterReply = { kind: "done", stats }): void {
    this.listener.onReply(reply);
  }
}

async function started(): Promise<{ writer: HeldWriter; commit: GroupCommit }> {
  const writer = new HeldWriter();
  const hooks = { soon: (task: () => void) => task(), onCommit: () => undefined };
  return { writer, commit: await GroupCommit.start(writer, 1_000, hooks) };
}

describe("group commit", () => {
  it("sends one group at a time; what comes meanwhile goes together", async () => {
    const { writer, commit } = await started();
    const first = commit.add(1n, wires);
    const others = [commit.add(2n, wires), commit.addEntry(new Uint8Array(20))];
    assert.deepEqual(writer.requests, ["group"]);
    writer.answer();
    assert.equal(await first, 1);
    assert.deepEqual(writer.requests, ["group", "group"]);
    writer.answer();
    await Promise.all(others);
    assert.equal(writer.requests.length, 2);
  });

  it("holds still between groups until everybody who asked has let go", async () => {
    const { writer, commit } = await started();
    const first = commit.add(1n, wires);
    const hold = commit.hold();
    const waiting = commit.add(1n, wires);
    assert.deepEqual(writer.requests, ["group"]);
    writer.answer();
    await first;
    assert.deepEqual(writer.requests.slice(1), ["hold true"]);
    writer.answer();
    const release = await hold;
    const releaseToo = await commit.hold();
    release();
    assert.equal(writer.requests.length, 2, "one of two has let go");
    releaseToo();
    assert.deepEqual(writer.requests.slice(2), ["hold false"]);
    // Asked while it lets go: it has to hold still anew.
    const again = commit.hold();
    writer.answer();
    assert.deepEqual(writer.requests.slice(3), ["hold true"]);
    writer.answer();
    (await again)();
    writer.answer();
    assert.deepEqual(writer.requests.slice(4), ["hold false", "group"]);
    writer.answer();
    await waiting;
  });

  it("refuses what waits, holds too, when the writer is gone", async () => {
    const { writer, commit } = await started();
    const waiting = [commit.add(1n, wires), commit.add(1n, wires), commit.hold()];
    writer.listener.onEnd("it fell over");
    for (const each of waiting) {
      await assert.rejects(each, { code: "unavailable", message: /until a restart: it fell over/ });
    }
    await assert.rejects(commit.add(1n, wires), { code: "unavailable" });
    await commit.close();
    assert.ok(writer.abandoned);
  });

  it("goes on after a group that failed, unless the writer is broken", async () => {
    const { writer, commit } = await started();
    const failed = commit.add(1n, wires);
    const next = commit.add(1n, wires);
    const failure = { kind: "failed", code: "unavailable", message: "full" } as const;
    writer.answer({ ...failure, broken: false });
    await assert.rejects(failed, { message: "full" });
    writer.answer({ ...failure, broken: true });
    await assert.rejects(next, { message: "full" });
    assert.ok(commit.isBroken);
  });
});
