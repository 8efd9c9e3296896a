import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock, MemoryLogger, type Resolution, SeededRandom } from "@holdfast/core";
import { type DnsAccess, type DnsAddress, type DnsService, systemDns } from "./dns-access.ts";
import { completeDnsResolverOptions, type DnsResolverOptions } from "./dns-options.ts";
import { DnsResolver } from "./dns-resolver.ts";

const NO_NAME = Object.assign(new Error("queryA ENOTFOUND feed"), { code: "ENOTFOUND" });
const NO_SERVER = Object.assign(new Error("queryA ETIMEOUT feed"), { code: "ETIMEOUT" });

/** Name servers that answer what the test says. */
class Names implements DnsAccess {
  readonly clock = new ManualClock();
  readonly logger = new MemoryLogger();
  readonly told: Resolution[] = [];
  /** When each question came. */
  readonly askedMs: number[] = [];
  readonly hosts: string[] = [];
  addressesOf: (host: string) => Promise<readonly DnsAddress[]> = () => this.give("10.0.0.1");
  records: readonly DnsService[] = [];

  addresses(host: string): Promise<readonly DnsAddress[]> {
    this.askedMs.push(this.clock.nowMs());
    this.hosts.push(host);
    return this.addressesOf(host);
  }

  services(): Promise<readonly DnsService[]> {
    return Promise.resolve(this.records);
  }

  give(...addresses: readonly string[]): Promise<readonly DnsAddress[]> {
    return Promise.resolve(addresses.map((address) => ({ address, ttlMs: 10_000 })));
  }

  watch(options: Partial<DnsResolverOptions> = {}, service = "feed") {
    const { clock, logger } = this;
    const parts = { clock, logger, dns: this, random: new SeededRandom(1) };
    const resolver = new DnsResolver(parts, { port: 9_090, ...options });
    return resolver.watch(service, (resolution) => this.told.push(resolution));
  }

  /** Between the questions. */
  gaps(): number[] {
    return this.askedMs.slice(1).map((ms, index) => ms - this.askedMs[index]!);
  }

  ids(): string[] {
    return this.told.at(-1)!.instances.map(({ id }) => id);
  }
}

describe("a name of several addresses", () => {
  it("is a list of instances, in one order however the servers turn it", async () => {
    const names = new Names();
    let turn = 0;
    const all = ["10.0.0.2", "10.0.0.1", "fd00::1"];
    names.addressesOf = () => {
      const from = turn++ % all.length;
      return names.give(...all.slice(from), ...all.slice(0, from));
    };
    const watch = names.watch({ nameOf: (service) => `${service}.example` });
    await names.clock.advanceAndSettle(60_000);
    assert.deepEqual(names.ids(), ["10.0.0.1:9090", "10.0.0.2:9090", "[fd00::1]:9090"]);
    assert.equal(names.told.length, 1);
    assert.equal(names.hosts[0], "feed.example");
    watch.close();
    assert.equal(names.clock.scheduledCount, 0);
  });

  it("is asked for again when its time to live is over, and a little later by chance", async () => {
    const names = new Names();
    const watch = names.watch();
    await names.clock.advanceAndSettle(100_000);
    for (const gap of names.gaps()) assert.ok(gap >= 10_000 && gap <= 12_001, `${gap} ms`);
    assert.ok(new Set(names.gaps()).size > 1);
    assert.ok(watch.current!.confirmedMs >= 88_000);
    watch.close();
  });

  it("is not asked for more often than the least, whatever its time to live", async () => {
    for (const [ttlMs, least, most] of [
      [0, 5_000, 6_001],
      [3_600_000, 60_000, 72_001],
      [undefined, 30_000, 36_001],
    ] as const) {
      const names = new Names();
      names.addressesOf = () => Promise.resolve([{ address: "10.0.0.1", ttlMs }]);
      const watch = names.watch();
      // oxlint-disable-next-line no-await-in-loop
      await names.clock.advanceAndSettle(300_000);
      for (const gap of names.gaps()) assert.ok(gap >= least && gap <= most, `${gap} ms`);
      watch.close();
    }
  });

  it("is asked for at once when calls fail, but once a second at most", async () => {
    const names = new Names();
    const watch = names.watch();
    await names.clock.advanceAndSettle(3_000);
    assert.equal(names.askedMs.length, 1);
    names.addressesOf = () => names.give("10.0.0.9");
    for (let ms = 0; ms < 2_500; ms += 10) {
      watch.refresh!();
      // oxlint-disable-next-line no-await-in-loop
      await names.clock.advanceAndSettle(10);
    }
    assert.deepEqual(names.ids(), ["10.0.0.9:9090"]);
    assert.ok(names.askedMs.length >= 3 && names.askedMs.length <= 5, names.askedMs.join());
    for (const gap of names.gaps()) assert.ok(gap >= 999, `${gap} ms`);
    watch.close();
  });
});

describe("a name that cannot be found", () => {
  it("leaves the last list and says why, and is asked for more and more seldom", async () => {
    const names = new Names();
    const watch = names.watch();
    await names.clock.advanceAndSettle(0);
    names.addressesOf = () => Promise.reject(NO_SERVER);
    await names.clock.advanceAndSettle(300_000);
    assert.deepEqual(names.ids(), ["10.0.0.1:9090"]);
    assert.equal(names.told.at(-1)!.stale, NO_SERVER.message);
    assert.equal(names.told.at(-1)!.confirmedMs, 0);
    const gaps = names.gaps().slice(1);
    assert.ok(gaps[0]! <= 1_201 && gaps.at(-1)! >= 60_000, gaps.join());
    assert.equal(names.logger.lines.filter(({ level }) => level === "warn").length, 1);
    // Calls that fail do not put it off, and cannot hurry it beyond what failures allow.
    const before = names.askedMs.length;
    for (let ms = 0; ms < 59_000; ms += 100) {
      watch.refresh!();
      // oxlint-disable-next-line no-await-in-loop
      await names.clock.advanceAndSettle(100);
    }
    assert.ok(names.askedMs.length - before <= 1);
    names.addressesOf = () => names.give("10.0.0.2");
    await names.clock.advanceAndSettle(72_000);
    assert.deepEqual([names.ids(), names.told.at(-1)!.stale], [["10.0.0.2:9090"], undefined]);
    watch.close();
  });

  it("is nobody when there never was a list, and stays the last one when there was", async () => {
    const names = new Names();
    names.addressesOf = () => Promise.reject(NO_NAME);
    const watch = names.watch();
    await names.clock.advanceAndSettle(0);
    assert.deepEqual(names.told.at(-1)!.instances, []);
    assert.equal(names.told.at(-1)!.stale, "there is no feed");
    names.addressesOf = () => names.give("10.0.0.1");
    await names.clock.advanceAndSettle(5_000);
    names.addressesOf = () => Promise.reject(NO_NAME);
    await names.clock.advanceAndSettle(60_000);
    assert.deepEqual(names.ids(), ["10.0.0.1:9090"]);
    assert.equal(names.told.at(-1)!.stale, "there is no feed");
    watch.close();
  });

  it("is given up when nobody answers, and a late answer changes nothing", async () => {
    const names = new Names();
    const late = Promise.withResolvers<readonly DnsAddress[]>();
    names.addressesOf = () => late.promise;
    const watch = names.watch({ timeoutMs: 2_000 });
    await names.clock.advanceAndSettle(2_500);
    assert.equal(names.logger.lines.length, 1);
    assert.match(String(names.logger.lines[0]!.fields["reason"]), /no answer for feed within 2000/);
    late.resolve([{ address: "10.0.0.66", ttlMs: 1 }]);
    await names.clock.advanceAndSettle(100);
    assert.equal(names.told.length, 0);
    names.addressesOf = () => names.give("10.0.0.1");
    await names.clock.advanceAndSettle(10_000);
    assert.deepEqual(names.ids(), ["10.0.0.1:9090"]);
    watch.close();
  });

  it("tells nobody after the close", async () => {
    const names = new Names();
    names.watch().close();
    await names.clock.advanceAndSettle(60_000);
    assert.deepEqual([names.told.length, names.clock.scheduledCount], [0, 0]);
  });
});

describe("SRV records", () => {
  it("say hosts, ports and weights; only the first priority counts", async () => {
    const names = new Names();
    const record = { ttlMs: undefined, priority: 1, weight: 10 };
    names.records = [
      { ...record, host: "b", port: 2 },
      { ...record, host: "a", port: 1, weight: 0 },
      { ...record, host: "backup", port: 3, priority: 2 },
    ];
    names.addressesOf = (host) => names.give(host === "a" ? "10.0.0.1" : "10.0.0.2");
    const watch = names.watch({ records: "srv" });
    await names.clock.advanceAndSettle(0);
    const found = names.told.at(-1)!.instances.map(({ id, weight }) => [id, weight]);
    assert.deepEqual(found, [
      ["10.0.0.1:1", 1],
      ["10.0.0.2:2", 10],
    ]);
    watch.close();
  });

  it("have their weights brought into range, in proportion", async () => {
    const names = new Names();
    const record = { ttlMs: undefined, priority: 0, port: 1 };
    names.records = [
      { ...record, host: "10.0.0.1", weight: 65_535 },
      { ...record, host: "10.0.0.2", weight: 13_107 },
    ];
    names.addressesOf = (host) => names.give(host);
    const watch = names.watch({ records: "srv" });
    await names.clock.advanceAndSettle(0);
    const weights = names.told.at(-1)!.instances.map(({ weight }) => weight);
    assert.deepEqual(weights, [1_000, 200]);
    watch.close();
  });
});

describe("the DNS resolver", () => {
  it("refuses options that mean nothing", () => {
    assert.throws(() => completeDnsResolverOptions({ port: 0 }), /port is 0/);
    assert.throws(() => completeDnsResolverOptions({ jitterRatio: 2 }), /jitterRatio is 2/);
    assert.throws(
      () => completeDnsResolverOptions({ ttlMinMs: 9_000, ttlMaxMs: 8_000 }),
      /ttlMinMs 9000 is above ttlMaxMs 8000/,
    );
  });
});

describe("the system's names", () => {
  it("are asked over UDP from the servers that are given", async () => {
    const { createSocket } = await import("node:dgram");
    const server = createSocket("udp4");
    server.on("message", (question, from) => server.send(answerTo(question), from.port));
    await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
    try {
      const dns = systemDns([`127.0.0.1:${server.address().port}`]);
      assert.deepEqual(await dns.addresses("feed.example"), [
        { address: "10.1.2.3", ttlMs: 7_000 },
      ]);
      await assert.rejects(dns.services("feed.example"), { code: "ENODATA" });
    } finally {
      server.close();
    }
  });
});

/** One A record with 7 seconds to live; no answer to any other question. */
function answerTo(question: Buffer): Buffer {
  const questionEnd = question.indexOf(0, 12) + 5;
  const isAddress = question.readUInt16BE(questionEnd - 4) === 1;
  const head = Buffer.from(question.subarray(0, questionEnd));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(isAddress ? 1 : 0, 6);
  head.writeUInt16BE(0, 8);
  head.writeUInt16BE(0, 10);
  const record = Buffer.from("c00c00010001000000070004" + "0a010203", "hex");
  return isAddress ? Buffer.concat([head, record]) : head;
}
