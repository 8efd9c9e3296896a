import assert from "node:assert/strict";
import { BlockList } from "node:net";
import { describe, it } from "node:test";
import fc from "fast-check";
import { AddressList } from "./address-list.ts";
import { formatIp, type IpAddress, networkStart, parseIp, widthOf } from "./source-address.ts";

/** Few distinct bits, so that networks hold, touch and overlap one another. */
const ip: fc.Arbitrary<IpAddress> = fc
  .tuple(fc.boolean(), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 3 }))
  .map(([four, low, high]) => {
    const width = four ? 32n : 128n;
    const bits = (BigInt(high) << (width - 2n)) | BigInt(low);
    return { family: four ? 4 : 6, bits };
  });
const prefixFromEnd = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 32 }));

const MANY = { maxLength: 30, size: "max" } as const;

function contains(entries: readonly string[], address: string): boolean {
  return new AddressList("exempt", entries).containsIp(parseIp(address)!);
}

describe("a list of addresses", () => {
  it("says what Node's own block list says", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(ip, prefixFromEnd), MANY),
        fc.array(ip, MANY),
        (networks, asked) => {
          const node = new BlockList();
          const entries = networks.map(([one, fromEnd]) => {
            const prefixBits = widthOf(one.family) - fromEnd;
            const start = formatIp({ family: one.family, bits: networkStart(one, prefixBits) });
            node.addSubnet(start, prefixBits, one.family === 4 ? "ipv4" : "ipv6");
            return `${start}/${prefixBits}`;
          });
          const list = new AddressList("exempt", entries);
          for (const one of asked) {
            const type = one.family === 4 ? "ipv4" : "ipv6";
            assert.equal(list.containsIp(one), node.check(formatIp(one), type), formatIp(one));
          }
        },
      ),
    );
  });

  it("holds what IPv4 networks hold when they are written as IPv6", () => {
    assert.ok(contains(["::ffff:10.0.0.0/104"], "10.200.0.1"));
    assert.ok(!contains(["::ffff:10.0.0.0/104"], "11.0.0.0"));
    assert.ok(contains(["10.0.0.0/8"], "::ffff:10.0.0.1"));
    assert.ok(contains(["::ffff:10.0.0.1"], "10.0.0.1"));
  });

  it("keeps the two families apart", () => {
    assert.ok(contains(["0.0.0.0/0"], "255.255.255.255"));
    assert.ok(!contains(["0.0.0.0/0"], "::1"));
    assert.ok(!contains(["::/0"], "0.0.0.1"));
    assert.ok(contains(["::/0"], "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
  });

  it("holds Unix sockets only when it says so", () => {
    const source = { key: "unix", ip: undefined };
    assert.ok(new AddressList("exempt", ["10.0.0.1", "unix"]).contains(source));
    assert.ok(!new AddressList("exempt", ["10.0.0.1"]).contains(source));
    assert.ok(!new AddressList("exempt", ["unix"]).contains({ key: "unknown", ip: undefined }));
    assert.ok(!new AddressList("exempt", []).containsIp(parseIp("10.0.0.1")!));
  });

  const wrong: readonly [entry: string, complaint: RegExp][] = [
    ["10.0.0.7/8", /proxyPeers: "10\.0\.0\.7\/8" has bits behind .* the network is 10\.0\.0\.0\/8/],
    ["2001:db8::1/32", /the network is 2001:db8::\/32/],
    ["10.0.0.0/33", /no prefix length from 0 to 32/],
    ["2001:db8::/129", /no prefix length from 0 to 128/],
    ["10.0.0.0/", /no prefix length/],
    ["10.0.0.0/-1", /no prefix length/],
    ["10.0.0.0/8/8", /neither an address nor a network/],
    ["10.0.0", /neither an address nor a network, such as 10\.0\.0\.0\/8/],
    ["010.0.0.1", /neither/],
    ["localhost", /neither/],
    ["fe80::1%eth0", /neither/],
    ["", /neither/],
    ["::ffff:0.0.0.0/95", /more than the IPv4 addresses/],
  ];
  for (const [entry, complaint] of wrong) {
    it(`does not take ${JSON.stringify(entry)}, and says why`, () => {
      assert.throws(() => new AddressList("proxyPeers", ["127.0.0.1", entry]), complaint);
    });
  }

  it("has an end", () => {
    const entries = Array.from({ length: 4_097 }, () => "10.0.0.1");
    assert.throws(() => new AddressList("exempt", entries), /4097 entries, at most 4096/);
  });

  it("shows its entries as they were given", () => {
    const list = new AddressList("exempt", ["10.0.0.0/8", "unix"]);
    assert.equal(JSON.stringify({ list }), '{"list":["10.0.0.0/8","unix"]}');
  });
});
