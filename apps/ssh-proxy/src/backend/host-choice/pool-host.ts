/** One host of a pool: how many use it, whether it is well, and whether its dials go well. */
import {
  type Breaker,
  type Candidate,
  type Instance,
  type Permit,
  REFUSED,
  type Address,
} from "holdfast";
import type { PickedHost } from "../backend-connections.ts";
import type { HostHealth } from "./host-health.ts";

export class PoolHost implements Candidate {
  /** Its id is the address as people write it. */
  readonly instance: Instance;
  /** Above 0; changes with the list. */
  weight: number;
  readonly breaker: Breaker;
  readonly health: HostHealth;
  /** Who dials it, or is connected to it. */
  inFlight = 0;
  private readonly onFailure: () => void;

  /** `onFailure`: a dial went wrong. */
  constructor(
    instance: Instance,
    weight: number,
    breaker: Breaker,
    health: HostHealth,
    onFailure: () => void,
  ) {
    this.instance = instance;
    this.weight = weight;
    this.breaker = breaker;
    this.health = health;
    this.onFailure = onFailure;
  }

  get id(): string {
    return this.instance.id;
  }

  /** Whether it is to be used while others are: it is not unhealthy, and its breaker allows it. */
  get usable(): boolean {
    return this.health.state !== "unhealthy" && this.breaker.wouldAcquire();
  }

  /** The same for all: sessions last as long as they do, and the balancer goes by `inFlight`. */
  latencyMs(): number {
    return 1;
  }

  /** It is chosen. */
  take(): PickedHost {
    this.inFlight++;
    const given = this.breaker.tryAcquire();
    return new Taken(this, given === REFUSED ? this.breaker.passUnjudged() : given, given);
  }

  onDialled(permit: Permit, given: Permit, outcome: "ok" | "failed"): void {
    this.breaker.settle(permit, outcome === "ok" ? "success" : "failure");
    if (outcome === "failed") {
      this.health.doubted();
      this.onFailure();
      return;
    }
    this.health.proven();
    // It was chosen against the breaker's advice, because there was no other, and was well.
    if (given === REFUSED) this.breaker.reset("a login went well although it was open");
  }
}

/** What the one who dials has in his hands. Each is told once; again has no effect. */
class Taken implements PickedHost {
  readonly address: Address;
  private readonly host: PoolHost;
  private readonly permit: Permit;
  private readonly given: Permit;
  private isDialled = false;
  private isReleased = false;

  constructor(host: PoolHost, permit: Permit, given: Permit) {
    this.host = host;
    this.address = host.instance.address;
    this.permit = permit;
    this.given = given;
  }

  dialled(outcome: "ok" | "failed"): void {
    if (this.isDialled) return;
    this.isDialled = true;
    this.host.onDialled(this.permit, this.given, outcome);
    if (outcome === "failed") this.released();
  }

  released(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.host.inFlight--;
    if (this.isDialled) return;
    // It was given up before it was known how it went: that says nothing about the host.
    this.isDialled = true;
    this.host.breaker.settle(this.permit, "ignored");
  }
}
