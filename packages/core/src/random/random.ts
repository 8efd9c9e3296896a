/**
 * Randomness as everything in Holdfast sees it: passed in, and split into named streams so that
 * one more draw in one part changes nothing in another when a run is repeated from its seed.
 */
import { randomFillSync } from "node:crypto";

export interface Random {
  /** A number from 0 to 1, 1 excluded. */
  next(): number;
  /** A whole number from 0 to `bound`, `bound` excluded; `bound` from 1 to 2^31. */
  below(bound: number): number;
  /** An independent generator; the same name from the same parent gives the same numbers. */
  stream(name: string): Random;
}

/** A generator that repeats: xoshiro128** (Blackman and Vigna, 2018), seeded by splitmix32. */
export class SeededRandom implements Random {
  private readonly seed: number;
  private readonly state = new Uint32Array(4);

  constructor(seed: number) {
    this.seed = seed >>> 0;
    let mixed = this.seed;
    for (let index = 0; index < 4; index++) {
      mixed = (mixed + 0x9e3779b9) >>> 0;
      this.state[index] = finish(mixed);
    }
  }

  next(): number {
    return this.nextUint32() / 0x1_0000_0000;
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  stream(name: string): Random {
    let hash = this.seed;
    for (let index = 0; index < name.length; index++) {
      hash = finish((hash ^ name.charCodeAt(index)) >>> 0);
    }
    return new SeededRandom(hash);
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

/** A generator seeded from the operating system; for production. */
export function systemRandom(): Random {
  return new SeededRandom(randomFillSync(new Uint32Array(1))[0]!);
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
