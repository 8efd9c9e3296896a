/** Candidates that are what the test says, and a context to pick with. */
import {
  affinityKey,
  type Candidate,
  type Context,
  createContext,
  type Instance,
  ManualClock,
} from "@holdfast/core";

export class FakeCandidate implements Candidate {
  readonly instance: Instance;
  weight: number;
  inFlight = 0;
  /** What `latencyMs` answers. */
  takesMs = 1;

  constructor(id: string, weight = 1, zone = "") {
    const address = { kind: "tcp", host: id, port: 1 } as const;
    this.instance = { id, address, weight, zone, tags: [] };
    this.weight = weight;
  }

  latencyMs(): number {
    return this.takesMs;
  }
}

export function instancesOf(candidates: readonly FakeCandidate[]): Instance[] {
  return candidates.map(({ instance }) => instance);
}

const context = createContext({ clock: new ManualClock() });

/** A context with or without a key. */
export function contextWith(affinity = ""): Context {
  return affinity === "" ? context : context.withValue(affinityKey, affinity);
}
