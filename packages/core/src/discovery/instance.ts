/** One place where a service answers, as a registry tells of it. */
import type { Address } from "../network/network.ts";

export interface Instance {
  /** Unique among the instances of a service and stable while it runs, such as `10.0.0.7:9090`. */
  readonly id: string;
  readonly address: Address;
  /** Its share of the calls relative to the others: 0 (none) to 1,000; 1 where nobody says. */
  readonly weight: number;
  /** Where it stands, such as a datacenter's name; `""` when nobody says. */
  readonly zone: string;
  readonly tags: readonly string[];
}
