/**
 * Accounts from a service that is asked (idl/accounts.thrift): with a deadline, retries, a breaker,
 * one question at a time about one key, and a memory for its answers. A service that cannot be
 * asked never means "nobody's key": who was known a while ago still is, and others are told to try
 * again.
 */
import {
  type AtAddress,
  type AtInstances,
  type BreakerTable,
  type ClientHandle,
  type Clock,
  type Context,
  createClient,
  createContext,
  type LifecyclePart,
  type LiveConfig,
  type Logger,
  type Observers,
  type Runtime,
  ServiceError,
} from "holdfast";
import { Accounts, type AccountsClient, CannotTell } from "../../gen/accounts.ts";
import { AnswerMemory } from "../../answer-memory.ts";
import type { PublicKey } from "../../ssh/keys/public-key.ts";
import type { AccountDirectory, Identity } from "../account-directory.ts";
import { completeThriftAccountsOptions, type ThriftAccountsOptions } from "./options.ts";
import { type KnownOwner, readOwner } from "./owner.ts";

export interface CreateThriftAccounts {
  readonly runtime: Runtime;
  /** Where it answers: one address, or what a resolver knows. */
  readonly at: AtAddress | AtInstances;
  /** Where calls and what is remembered show; default nowhere. */
  readonly observers?: Observers;
  /** Where its breaker shows; default one of its own. */
  readonly breakers?: BreakerTable;
  /** What of its policies may change while it runs; default nothing. */
  readonly config?: Pick<LiveConfig, "options">;
  readonly options?: Partial<ThriftAccountsOptions>;
}

/** As long as a user's name may be; somebody who says more is nobody. */
const USER_MAX_LENGTH = 255;

export function createThriftAccounts(input: CreateThriftAccounts): ThriftAccounts {
  return new ThriftAccounts(input);
}

export class ThriftAccounts implements AccountDirectory, LifecyclePart {
  readonly name = "accounts";
  readonly options: ThriftAccountsOptions;
  private readonly client: ClientHandle<AccountsClient>;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly known: AnswerMemory<KnownOwner>;
  private readonly unknown: AnswerMemory<true>;
  /** The questions that wait for an answer. */
  private readonly asking = new Map<string, Promise<KnownOwner | undefined>>();
  private readonly unregister: (() => void) | undefined;
  /** Why the service could not answer last; undefined: it could. */
  private complaint: string | undefined = undefined;
  private readonly counts = { asked: 0, failed: 0, remembered: 0, stale: 0 };

  constructor({ runtime, at, observers, breakers, config, options }: CreateThriftAccounts) {
    this.options = completeThriftAccountsOptions(options);
    this.clock = runtime.clock;
    this.logger = runtime.logger;
    const { callTimeoutMs, tryTimeoutMs, knownMax, unknownMax } = this.options;
    this.known = new AnswerMemory(runtime.clock, knownMax);
    this.unknown = new AnswerMemory(runtime.clock, unknownMax);
    this.client = createClient({
      ...{ definition: Accounts, runtime },
      ...at,
      options: { name: "ssh-proxy", callTimeoutMs },
      policies: { retry: { tryTimeoutMs } },
      ...(observers !== undefined && { observers }),
      ...(breakers !== undefined && { breakers }),
      ...(config !== undefined && { config }),
    });
    const part = { name: "accounts of a service", kind: "accounts" };
    this.unregister = observers?.state.register({ ...part, snapshot: () => this.snapshot() });
  }

  async find(context: Context, user: string, key: PublicKey): Promise<Identity | undefined> {
    context.throwIfCancelled();
    if (user.length > USER_MAX_LENGTH) return undefined;
    // The fingerprint is ours and of a fixed length: no user's name can look like another key.
    const id = `${key.fingerprint} ${user}`;
    const { knownTtlMs, unknownTtlMs, staleMaxMs } = this.options;
    const known = this.known.get(id, knownTtlMs);
    if (known !== undefined || this.unknown.get(id, unknownTtlMs) === true) {
      this.counts.remembered++;
      return this.unexpired(known);
    }
    try {
      return this.unexpired(await within(context, this.ask(id, context, user, key)));
    } catch (error) {
      context.throwIfCancelled();
      const stale = this.known.get(id, staleMaxMs);
      if (stale === undefined) throw error;
      this.counts.stale++;
      return this.unexpired(stale);
    }
  }

  /** Forgets every answer, for an operator who has taken a key away. */
  forget(): void {
    this.known.clear();
    this.unknown.clear();
  }

  /** Closes the client: questions that wait fail. */
  stop(): void {
    this.unregister?.();
    this.client.close();
    this.forget();
  }

  /** Cheap, and bounded in size. */
  snapshot(): Record<string, unknown> {
    const { known, unknown, asking, counts, complaint, options } = this;
    return {
      ...{ known: known.size, unknown: unknown.size, asking: asking.size },
      ...counts,
      problem: complaint ?? null,
      options,
    };
  }

  /** The answer to the question that is under way, or to a new one. */
  private ask(
    id: string,
    context: Context,
    user: string,
    key: PublicKey,
  ): Promise<KnownOwner | undefined> {
    const same = this.asking.get(id);
    if (same !== undefined) return same;
    const { callsMax } = this.options;
    if (this.asking.size >= callsMax) {
      throw new ServiceError("overloaded", `${callsMax} keys are being looked up already`);
    }
    const asking = this.askService(id, context.requestId, user, key).finally(() => {
      this.asking.delete(id);
    });
    this.asking.set(id, asking);
    return asking;
  }

  /** Not with the context of whoever asked first: others may wait for the same answer. */
  private async askService(
    id: string,
    requestId: string,
    user: string,
    key: PublicKey,
  ): Promise<KnownOwner | undefined> {
    const { clock } = this;
    const context = createContext({ clock, requestId }).withTimeout(this.options.callTimeoutMs);
    const { type: keyType, blob, fingerprint } = key;
    this.counts.asked++;
    try {
      const request = { user, keyType, key: blob, fingerprint };
      const owner = readOwner(await this.client.calls.find(context, request), fingerprint);
      this.remember(id, owner);
      this.noteSuccess();
      return owner;
    } catch (thrown) {
      const error = toServiceError(thrown);
      this.noteFailure(error);
      throw error;
    }
  }

  private remember(id: string, owner: KnownOwner | undefined): void {
    if (owner === undefined) {
      this.known.delete(id);
      this.unknown.put(id, true);
    } else {
      this.unknown.delete(id);
      this.known.put(id, owner);
    }
  }

  private unexpired(owner: KnownOwner | undefined): Identity | undefined {
    if (owner === undefined || this.clock.epochMs() >= owner.expiresEpochMs) return undefined;
    return owner.identity;
  }

  /** The log has the first failure and the end of them; the counter has them all. */
  private noteFailure(error: ServiceError): void {
    this.counts.failed++;
    if (this.complaint === undefined) {
      this.logger.warn("accounts cannot be looked up; who was known lately still is", { error });
    }
    this.complaint = `${error.code}: ${error.message}`;
  }

  private noteSuccess(): void {
    if (this.complaint !== undefined) this.logger.info("accounts are looked up again");
    this.complaint = undefined;
  }
}

function toServiceError(thrown: unknown): ServiceError {
  if (!(thrown instanceof CannotTell)) {
    const error = ServiceError.from(thrown);
    if (error.code !== "not-found") return error;
    // A service without the method: nothing that a user asked for is missing.
    return new ServiceError("internal", `accounts: ${error.message}`, { cause: thrown });
  }
  const why = thrown.why ?? "no reason given";
  return new ServiceError("unavailable", `whose key it is cannot be told: ${why}`, {
    cause: thrown,
  });
}

/** The work goes on for others when this context is over. */
function within<Value>(context: Context, work: Promise<Value>): Promise<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  const takeBack = context.onCancel(reject);
  work.finally(takeBack).then(resolve, reject);
  return promise;
}
