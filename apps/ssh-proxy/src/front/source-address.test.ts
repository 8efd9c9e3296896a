import assert from "node:assert/strict";
import { SocketAddress } from "node:net";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatIp, parseIp, sourceOf } from "./source-address.ts";

const WHOLE = { ipv4PrefixBits: 32, ipv6PrefixBits: 64 };
const keyOf = (remote: string): string => sourceOf(remote, WHOLE).key;

describe("an IP address", () => {
  it("is read from every text that Node takes for one, and from no other", () => {
    const text = fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended(), fc.string());
    fc.assert(
      fc.property(text, (given) => {
        const known = SocketAddress.parse(given.includes(":") ? `[${given}]:1` : `${given}:1`);
        const ours = parseIp(given);
        if (ours === undefined) {
          // Node reads the numbers of browsers too (010.1, 0x7f.1), which nobody means here.
          assert.ok(known === undefined || known.family === "ipv4");
          return;
        }
        assert.ok(known !== undefined, given);
        // Node writes the last 32 bits of ::/96 as IPv4, as was once the custom.
        if (ours.bits >> 32n !== 0n) assert.equal(formatIp(ours), known.address);
        assert.deepEqual(parseIp(formatIp(ours)), ours);
      }),
    );
  });

  it("is the same however it is written", () => {
    const same = ["2001:db8::1", "2001:0DB8:0:0:0:0:0:1", "2001:db8:0::0.0.0.1"];
    for (const text of same) assert.deepEqual(parseIp(text), parseIp("2001:db8::1"), text);
    assert.deepEqual(parseIp("fe80::1%eth0"), parseIp("fe80::1"));
    assert.deepEqual(parseIp("::ffff:192.0.2.7"), parseIp("192.0.2.7"));
    assert.deepEqual(parseIp("::ffff:c000:207"), parseIp("192.0.2.7"));
    assert.deepEqual(parseIp("192.0.2.7"), { family: 4, bits: 0xc000_0207n });
  });

  it("leaves out the longest run of zeros, the first of two, and never a single one", () => {
    const ip = (text: string): string => formatIp(parseIp(text)!);
    assert.equal(ip("1:0:0:2:0:0:0:3"), "1:0:0:2::3");
    assert.equal(ip("1:0:0:2:3:0:0:4"), "1::2:3:0:0:4");
    assert.equal(ip("1:0:2:3:4:5:6:7"), "1:0:2:3:4:5:6:7");
    assert.equal(ip("0:0:0:0:0:0:0:0"), "::");
  });
});

describe("a source", () => {
  it("is one IPv4 address, and 64 bits of an IPv6 address", () => {
    assert.equal(keyOf("192.0.2.7:51234"), "192.0.2.7");
    assert.equal(keyOf("[2001:db8:1:2:3:4:5:6]:51234"), "2001:db8:1:2::/64");
    assert.equal(keyOf("[2001:db8:1:2:ffff::1]:22"), "2001:db8:1:2::/64");
    assert.notEqual(keyOf("[2001:db8:1:3::1]:22"), "2001:db8:1:2::/64");
  });

  it("is the IPv4 address when that comes inside an IPv6 address", () => {
    assert.equal(keyOf("[::ffff:192.0.2.7]:51234"), "192.0.2.7");
    assert.equal(keyOf("[64:ff9b::192.0.2.7]:51234"), "192.0.2.7");
    assert.equal(keyOf("[64:ff9b:0:0:1::1]:51234"), "64:ff9b::/64");
  });

  it("keeps a translated address as it came, so that no list takes it for an IPv4 one", () => {
    assert.equal(sourceOf("[64:ff9b::10.0.0.1]:1", WHOLE).ip?.family, 6);
  });

  it("is as wide as asked for", () => {
    const source = (remote: string, ipv4PrefixBits: number, ipv6PrefixBits: number): string =>
      sourceOf(remote, { ipv4PrefixBits, ipv6PrefixBits }).key;
    assert.equal(source("192.0.2.77:1", 24, 64), "192.0.2.0/24");
    assert.equal(source("[2001:db8:1:2::3]:1", 24, 48), "2001:db8:1::/48");
    assert.equal(source("[2001:db8:1:2::3]:1", 24, 128), "2001:db8:1:2::3");
  });

  it("is one for all Unix sockets, and one for peers that nobody could ask", () => {
    assert.deepEqual(sourceOf("unix:/run/a.sock", WHOLE), { key: "unix", ip: undefined });
    assert.equal(keyOf("unix:/run/b.sock"), "unix");
    for (const text of ["unknown", "", ":22"]) assert.equal(keyOf(text), "unknown", text);
  });

  it("is a host's name in a network that has names", () => {
    assert.equal(keyOf("client-7:22"), "client-7");
  });
});
