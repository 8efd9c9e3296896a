import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Address } from "@holdfast/core";
import { connectError, listenError, lostError } from "./network-errors.ts";

const PORT: Address = { kind: "tcp", host: "127.0.0.1", port: 9090 };
const FILE: Address = { kind: "unix", path: "/tmp/history.sock" };

function systemError(code: string, message = `bind ${code}`): Error {
  return Object.assign(new Error(message), { code });
}

describe("what is said about an address", () => {
  const cases: readonly [Address, string, string][] = [
    [PORT, "EADDRINUSE", "port 9090 on 127.0.0.1 is taken by another process"],
    [PORT, "EACCES", "port 9090 on 127.0.0.1 may not be opened by this user"],
    [PORT, "ENOTFOUND", "port 9090 on 127.0.0.1 cannot be opened: the host name is not known"],
    [PORT, "EINVAL", "port 9090 on 127.0.0.1 cannot be opened: bind EINVAL"],
    [FILE, "EADDRINUSE", "socket file /tmp/history.sock is taken by another process"],
    [FILE, "EACCES", "socket file /tmp/history.sock may not be opened by this user"],
    [FILE, "EINVAL", "socket file /tmp/history.sock cannot be made: the path is too long"],
  ];
  for (const [address, code, message] of cases) {
    it(`${code} on a ${address.kind} address`, () => {
      const cause = systemError(code);
      const error = listenError(address, cause);
      assert.equal(error.message, message);
      assert.equal(error.code, "unavailable");
      assert.equal(error.workStarted, "no");
      assert.equal(error.cause, cause);
    });
  }
});

describe("what is said about a connection", () => {
  it("that was not made", () => {
    const error = connectError(PORT, systemError("EHOSTUNREACH"));
    const reason = "there is no way to it from this machine";
    assert.equal(error.message, `cannot connect to 127.0.0.1:9090: ${reason}`);
    assert.equal(error.workStarted, "no");
  });

  it("that none of the addresses of a name accepted", () => {
    const cause = Object.assign(new AggregateError([], ""), { code: "EMFILE" });
    assert.match(connectError(PORT, cause).message, /: EMFILE$/);
  });

  it("that was lost, when it is not known how far the work had got", () => {
    const error = lostError("10.0.0.7:51234", systemError("ETIMEDOUT"));
    const reason = "the peer does not answer any more";
    assert.equal(error.message, `connection to 10.0.0.7:51234 lost: ${reason}`);
    assert.equal(error.workStarted, "maybe");
  });
});
