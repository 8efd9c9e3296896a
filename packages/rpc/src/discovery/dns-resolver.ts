/**
 * Instances from the domain name system: asked again when the answer's time to live is over, sooner
 * when calls fail, and never more often than allowed. A question that fails changes nothing but
 * what the list says of its age.
 */
import {
  after,
  type Clock,
  type Instance,
  instanceAt,
  type Logger,
  type Random,
  type Resolution,
  type Resolver,
  type ResolverWatch,
  silentLogger,
} from "@holdfast/core";
import { type DnsAccess, type DnsService, saysNo, systemDns } from "./dns-access.ts";
import { completeDnsResolverOptions, type DnsResolverOptions } from "./dns-options.ts";
import { ListWatch } from "./resolver-watch.ts";

export interface DnsResolverParts {
  readonly clock: Clock;
  readonly random: Random;
  /** Default: the system's. */
  readonly dns?: DnsAccess;
  /** Default: says nothing. */
  readonly logger?: Logger;
}

export class DnsResolver implements Resolver {
  readonly name: string;
  private readonly parts: Required<DnsResolverParts>;
  private readonly options: DnsResolverOptions;
  private count = 0;

  constructor(parts: DnsResolverParts, options: Partial<DnsResolverOptions> = {}) {
    this.parts = { dns: systemDns(), logger: silentLogger, ...parts };
    this.options = completeDnsResolverOptions(options);
    this.name = this.options.records === "srv" ? "dns (SRV)" : "dns (A and AAAA)";
  }

  watch(service: string, listener: (resolution: Resolution) => void): ResolverWatch {
    const random = this.parts.random.stream(`${service} ${this.count++}`);
    const question = new Question({ ...this.parts, random }, this.options, service, listener);
    return question.watch;
  }
}

interface Answer {
  readonly instances: readonly Instance[];
  /** Undefined when nobody says. */
  readonly ttlMs: number | undefined;
}

/** One service that is asked for, until nobody watches it any more. */
class Question {
  readonly watch: ListWatch;
  private readonly parts: Required<DnsResolverParts>;
  private readonly options: DnsResolverOptions;
  private readonly dnsName: string;
  private askedMs = -Infinity;
  /** When it is asked next. */
  private dueMs = Infinity;
  private failures = 0;
  /** Which question an answer belongs to; a late one changes nothing. */
  private asked = 0;
  private asking = false;
  private closed = false;
  private stopTimer: () => void = () => undefined;

  constructor(
    parts: Required<DnsResolverParts>,
    options: DnsResolverOptions,
    service: string,
    listener: (resolution: Resolution) => void,
  ) {
    this.parts = parts;
    this.options = options;
    this.dnsName = options.nameOf(service);
    this.watch = new ListWatch(service, listener, {
      close: () => {
        this.closed = true;
        this.stopTimer();
      },
      refresh: () => this.refresh(),
    });
    this.ask();
  }

  /** Sooner than the time to live says, but not too soon after the last time. */
  private refresh(): void {
    if (this.asking || this.closed) return;
    const dueMs = this.askedMs + this.intervalMs();
    if (dueMs < this.dueMs) this.askAt(dueMs);
  }

  private ask(): void {
    const { clock } = this.parts;
    this.askedMs = clock.nowMs();
    this.asking = true;
    const asked = ++this.asked;
    const { timeoutMs } = this.options;
    this.stopTimer = after(clock, timeoutMs, () => {
      this.onFailure(`no answer for ${this.dnsName} within ${timeoutMs} ms`);
    });
    this.find().then(
      (answer) => {
        if (asked === this.asked && this.asking && !this.closed) this.onAnswer(answer);
      },
      (error: unknown) => {
        if (asked === this.asked && this.asking && !this.closed) this.onError(error);
      },
    );
  }

  private find(): Promise<Answer> {
    const { dns } = this.parts;
    const { records, port } = this.options;
    return records === "srv"
      ? askServices(dns, this.dnsName)
      : askAddresses(dns, this.dnsName, port);
  }

  private onAnswer({ instances, ttlMs }: Answer): void {
    this.asking = false;
    if (this.failures > 0) this.parts.logger.info("name found again", { name: this.dnsName });
    this.failures = 0;
    this.watch.confirm(instances, this.parts.clock.nowMs());
    const { ttlMinMs, ttlMaxMs, ttlUnknownMs } = this.options;
    this.askAfter(this.jittered(Math.min(ttlMaxMs, Math.max(ttlMinMs, ttlMs ?? ttlUnknownMs))));
  }

  private onError(error: unknown): void {
    const none = saysNo(error);
    // Whoever has no list yet need not wait for one: there is nobody. A list that there was stays,
    // because name servers that lose their zone say the same.
    if (none && this.watch.current === undefined) this.watch.confirm([], this.parts.clock.nowMs());
    const message = error instanceof Error ? error.message : String(error);
    this.onFailure(none ? `there is no ${this.dnsName}` : message);
  }

  private onFailure(reason: string): void {
    this.asking = false;
    if (this.failures === 0) {
      const fields = { name: this.dnsName, reason };
      this.parts.logger.warn("name cannot be found; the last list stays", fields);
    }
    const waitMs = this.jittered(this.intervalMs());
    this.failures++;
    this.watch.doubt(reason);
    this.askAfter(waitMs);
  }

  /** Between two questions at least: longer after each failure. */
  private intervalMs(): number {
    const { intervalMinMs, ttlMaxMs } = this.options;
    return Math.max(intervalMinMs, Math.min(ttlMaxMs, intervalMinMs * 2 ** this.failures));
  }

  private jittered(waitMs: number): number {
    return waitMs * (1 + this.parts.random.next() * this.options.jitterRatio);
  }

  private askAfter(waitMs: number): void {
    this.askAt(this.parts.clock.nowMs() + waitMs);
  }

  private askAt(dueMs: number): void {
    this.stopTimer();
    if (this.closed) return;
    const { clock } = this.parts;
    this.dueMs = dueMs;
    this.stopTimer = after(clock, Math.max(0, dueMs - clock.nowMs()), () => this.ask());
  }
}

async function askAddresses(dns: DnsAccess, host: string, port: number): Promise<Answer> {
  const found = await dns.addresses(host);
  const instances = found.map(({ address }) => instanceAt({ kind: "tcp", host: address, port }));
  return { instances: ordered(instances), ttlMs: shortest(found) };
}

async function askServices(dns: DnsAccess, name: string): Promise<Answer> {
  const all = await dns.services(name);
  const first = Math.min(...all.map(({ priority }) => priority));
  const used = all.filter(({ priority }) => priority === first);
  const scale = WEIGHT_MAX / Math.max(WEIGHT_MAX, ...used.map(({ weight }) => weight));
  const found = await Promise.all(
    used.map(async (service) => ({ service, addresses: await dns.addresses(service.host) })),
  );
  const instances = found.flatMap(({ service, addresses }) =>
    addresses.map(({ address }) => instanceOf(service, address, scale)),
  );
  const ttlMs = shortest([...used, ...found.flatMap(({ addresses }) => addresses)]);
  return { instances: ordered(instances), ttlMs };
}

/** The largest weight of an instance; SRV has up to 65,535. */
const WEIGHT_MAX = 1_000;

function instanceOf({ port, weight }: DnsService, host: string, scale: number): Instance {
  // A weight of 0 is seldom and not never in SRV.
  return instanceAt(
    { kind: "tcp", host, port },
    { weight: Math.max(1, Math.round(weight * scale)) },
  );
}

/** Name servers turn their answers round each time; an order says nothing. The same once only. */
function ordered(instances: readonly Instance[]): Instance[] {
  const byId = new Map(instances.map((instance) => [instance.id, instance]));
  return [...byId.values()].sort((one, two) => (one.id < two.id ? -1 : 1));
}

function shortest(answers: readonly { readonly ttlMs: number | undefined }[]): number | undefined {
  const known = answers.flatMap(({ ttlMs }) => (ttlMs === undefined ? [] : [ttlMs]));
  return known.length === 0 ? undefined : Math.min(...known);
}
