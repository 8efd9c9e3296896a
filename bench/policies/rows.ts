// The rows of the policies' table, a line each. To add one: a function in holdfast.ts or peers.ts
// that makes its call, and a line here.
import { bare } from "./bare.ts";
import * as holdfast from "./holdfast.ts";
import * as peers from "./peers.ts";

/** Resolves with its argument; a row that `fails` rejects. */
export type Call = (value: number) => Promise<unknown>;

export interface PolicyRow {
  name: string;
  make: () => Call | Promise<Call>;
  /** Its breaker is open: what is measured is a refusal. */
  fails?: boolean;
}

export const ROWS: readonly PolicyRow[] = [
  { name: "bare async call", make: () => bare },
  { name: "holdfast breaker", make: holdfast.breaker },
  { name: "holdfast breaker, in a stack", make: holdfast.stackedBreaker },
  { name: "holdfast guard(breaker)", make: holdfast.guardedBreaker },
  { name: "holdfast deadline + breaker", make: holdfast.deadlineBreaker },
  { name: "holdfast client, default stack", make: holdfast.clientStack },
  { name: "cockatiel breaker", make: peers.cockatielBreaker },
  { name: "cockatiel breaker + timeout", make: peers.cockatielBreakerTimeout },
  { name: "cockatiel breaker + timeout, cooperative", make: peers.cockatielBreakerCooperative },
  { name: "opossum", make: peers.opossum },
  { name: "opossum + timeout", make: peers.opossumTimeout },
  { name: "holdfast breaker, open", make: holdfast.openBreaker, fails: true },
  { name: "cockatiel breaker, open", make: peers.cockatielOpen, fails: true },
  { name: "opossum, open", make: peers.opossumOpen, fails: true },
];
