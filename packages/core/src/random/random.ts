/**
 * Randomness as everything in Holdfast sees it: passed in, and split into named streams so that
 * one more draw in one part changes nothing in another when a run is repeated from its seed.
 */
import { randomFillSync } from "node:crypto";

/** 2^32 divided by the golden ratio: the step of splitmix32. */
const GOLDEN = 0x9e3779b9;

export interface Random {
  /** A number from 0 to 1, 1 excluded. */
  next(): number;
  /** A whole number from 0 to `bound`, `bound` excluded; `bound` from 1 to 2^31. */
  below(bound: number): number;
  /** An independent generator; the same name from the same parent gives the same numbers. */
  stream(name: string): Random;
}

/**
 * A generator that repeats: xoshiro128** (Blackman and Vigna, 2018), its 128 bits filled from the
 * seed by splitmix32. Streams are derived from the seed alone, not from how much was drawn.
 */
export class SeededRandom implements Random {
  private readonly seed: Uint32Array;
  private readonly state: Uint32Array;

  /** A number (its low 32 bits count), or four words of 32 bits that are not all zero. */
  constructor(seed: number | Uint32Array) {
    this.seed = typeof seed === "number" ? expand(seed >>> 0) : seed.slice(0, 4);
    this.state = this.seed.slice();
  }

  next(): number {
    return this.nextUint32() / 0x1_0000_0000;
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  stream(name: string): Random {
    const seed = this.seed.map((word) => {
      let hash = word;
      for (let index = 0; index < name.length; index++) {
        hash = finish((hash ^ name.charCodeAt(index)) >>> 0);
      }
      // The end counts too: stream "a" of stream "b" is not stream "ba", and "" is not its parent.
      return finish((hash + GOLDEN) >>> 0);
    });
    return new SeededRandom(seed);
  }

  private nextUint32(): number {
    const state = this.state;
    const [a, b, c, d] = [state[0]!, state[1]!, state[2]!, state[3]!];
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const c2 = c ^ a;
    const d2 = d ^ b;
    state[1] = b ^ c2;
    state[0] = a ^ d2;
    state[2] = c2 ^ (b << 9);
    state[3] = rotateLeft(d2, 11);
    return result;
  }
}

/** A generator seeded from the operating system, with all its 128 bits; for production. */
export function systemRandom(): Random {
  return new SeededRandom(randomFillSync(new Uint32Array(4)));
}

function expand(seed: number): Uint32Array {
  return Uint32Array.from({ length: 4 }, (_, index) => finish((seed + GOLDEN * (index + 1)) >>> 0));
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** The output step of splitmix32: every bit of the input moves about half the bits out. */
function finish(value: number): number {
  let mixed = value;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
