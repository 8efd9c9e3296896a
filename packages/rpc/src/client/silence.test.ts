import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Silence } from "./silence.ts";

/** An instance that answered within 10 ms until 100. */
function answering(): Silence {
  const silence = new Silence();
  for (let nowMs = 10; nowMs <= 100; nowMs += 10) {
    silence.heard(nowMs);
    silence.took(10);
  }
  return silence;
}

describe("calls that are given up", () => {
  it("count in a row when they are late and nobody was answered meanwhile", () => {
    const silence = answering();
    assert.equal(silence.givenUp(110, 130), 1);
    assert.equal(silence.givenUp(112, 132), 2);
    assert.equal(silence.givenUp(115, 135), 3);
  });

  it("count from the first on where nobody was ever answered", () => {
    const silence = new Silence();
    assert.equal(silence.givenUp(0, 5), 1);
    assert.equal(silence.givenUp(1, 6), 2);
  });

  it("say nothing when an answer takes as long, like a second try whose first one answered", () => {
    const silence = answering();
    assert.equal(silence.givenUp(110, 120), 0);
    assert.equal(silence.givenUp(110, 114), 0);
    assert.equal(silence.givenUp(110, 130), 1);
  });

  it("say nothing when others were answered meanwhile: that one was late, and no more", () => {
    const silence = answering();
    silence.heard(115);
    assert.equal(silence.givenUp(110, 130), 0);
    assert.equal(silence.givenUp(115, 135), 1);
  });

  it("start a new row after an answer", () => {
    const silence = answering();
    silence.givenUp(110, 130);
    silence.givenUp(110, 131);
    silence.heard(140);
    silence.took(30);
    assert.equal(silence.givenUp(150, 180), 1);
  });

  it("are late by what the instance usually takes, which follows it", () => {
    const silence = answering();
    for (let count = 0; count < 100; count++) silence.took(200);
    assert.equal(silence.givenUp(110, 300), 0);
    assert.equal(silence.givenUp(110, 420), 1);
  });
});
