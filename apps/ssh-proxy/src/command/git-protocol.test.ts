import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseGitProtocol } from "./git-protocol.ts";

describe("GIT_PROTOCOL", () => {
  for (const value of [
    "version=2",
    "version=1",
    "version=2:side-band",
    "a",
    "a:b:c=d",
    "x".repeat(64),
  ]) {
    it(`passes as it is: ${value}`, () => assert.equal(parseGitProtocol(value), value));
  }

  const refused = ["", ":", "=", "version=", "=2", "a::b", "version=2\nX=1", "version=2 ", "a b"];
  const attacks = [
    "version=2;id",
    "$(id)",
    "a=b=c",
    "a\0",
    "ä",
    "../x",
    "version=2:",
    "x".repeat(65),
  ];
  for (const value of [...refused, ...attacks]) {
    it(`is as if it had not come: ${JSON.stringify(value)}`, () => {
      assert.equal(parseGitProtocol(value), undefined);
    });
  }
});
