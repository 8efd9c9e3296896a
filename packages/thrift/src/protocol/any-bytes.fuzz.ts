/** Long searches for bytes that messages are not read from in good order. */
import { describe, it } from "node:test";
import fc from "fast-check";
import { checkReaders, checkScanner } from "../testing/any-bytes.ts";
import { hardlyMessage, MESSAGE_FORMS } from "../testing/message-bytes.ts";

const RUNS = { numRuns: 100_000 };
const CUTS = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 });

describe("any bytes", () => {
  for (const form of MESSAGE_FORMS) {
    it(`are a message or a clear error: ${form}`, () => {
      fc.assert(
        fc.property(hardlyMessage(form), (bytes) => checkReaders(form, bytes)),
        RUNS,
      );
    });

    it(`end or do not end as a message, or are a clear error: ${form}`, () => {
      fc.assert(fc.property(hardlyMessage(form), CUTS, checkScanner), RUNS);
    });
  }
});
