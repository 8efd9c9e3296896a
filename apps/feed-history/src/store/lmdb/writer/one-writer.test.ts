/** What stands against a commit that is lost because another one has written to the files. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { int64Max, item } from "../../history-store.contract.ts";
import { encodeItemWire } from "../../item-wire.ts";
import { completeLmdbStoreOptions } from "../../store-options.ts";
import { connectedEnds } from "../../testing/message-ends.ts";
import { smallPages, withDirectory } from "../../testing/open-lmdb.ts";
import { openLmdbHistoryStore } from "../lmdb-store.ts";
import { openForWriting } from "../open-files.ts";
import { Fold } from "./fold.ts";
import { JournalWriter } from "./journal-writer.ts";
import { SetGroup } from "./set-group.ts";
import { StoreWriter } from "./store-writer.ts";

const options = completeLmdbStoreOptions(smallPages);
const wires = [encodeItemWire(item(1n, 1n, "x".repeat(100)))];

function group(): Uint8Array {
  const sets = new SetGroup();
  void sets.add(1n, wires);
  return sets.take().entry;
}

describe("a writer that is not alone", () => {
  it("commits nothing on top of a journal that does not end where it left it", () =>
    withDirectory(async (directory) => {
      const { journal, pages, close } = opened(directory);
      const [one, other] = [0, 1].map(() => new JournalWriter(journal, pages, options));
      const folded = new Fold(journal, pages, options).state;
      assert.ok(one!.append(group(), folded));
      assert.throws(() => other!.append(group(), folded), {
        name: "BrokenStoreError",
        message: /the journal ends at 1, not at 0.*until a restart/,
      });
      assert.ok(one!.append(group(), folded), "what was there is there");
      await close();
    }));

  it("folds nothing on top of pages that are not at its step", () =>
    withDirectory(async (directory) => {
      const { journal, pages, close } = opened(directory);
      const writer = new JournalWriter(journal, pages, options);
      const [one, other] = [0, 1].map(() => new Fold(journal, pages, options));
      while (!one!.isDue(false)) {
        assert.ok(writer.append(group(), one!.state));
        one!.look();
      }
      one!.step(true);
      assert.throws(() => other!.step(true), {
        name: "BrokenStoreError",
        message: /the pages are at step 1, not at 0.*until a restart/,
      });
      await close();
    }));
});

describe("the writer of several processes", () => {
  it("holds still while one opens the files, and goes on when it has or is gone", () =>
    withDirectory(async (directory) => {
      const writer = await StoreWriter.open({ directory });
      const [here, there] = connectedEnds();
      writer.serve(there);
      const store = await openLmdbHistoryStore({ directory, writer: here });
      for (const way of ["has", "is gone"]) {
        const [opener, itsEnd] = connectedEnds();
        writer.serve(itsEnd);
        const answered = new Promise((resolve) => opener.on("message", resolve));
        opener.send!({ store: { opens: true } });
        // oxlint-disable-next-line no-await-in-loop
        await answered;
        let stored = false;
        const set = store.set(1n, wires).then(() => (stored = true));
        for (let turn = 0; turn < 2_000; turn++) {
          // oxlint-disable-next-line no-await-in-loop
          await new Promise((resolve) => void setImmediate(resolve));
        }
        assert.equal(stored, false, `before the opener ${way}`);
        if (way === "has") opener.send!({ store: { opens: false } });
        else opener.disconnect();
        // oxlint-disable-next-line no-await-in-loop
        await set;
      }
      let count = 0;
      store.range(1n, 0n, int64Max, 10, undefined, { append: () => (count += 1) });
      assert.equal(count, 1);
      await store.close();
      await writer.close();
    }));
});

function opened(directory: string) {
  const files = openForWriting(directory);
  const { journal, pages } = files;
  return { journal, pages, close: () => files.close() };
}
