import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseProcessOptions, USAGE, UsageError, wantsDemo } from "./options.ts";

const GIVEN = ["--host-key", "h", "--accounts", "a", "--routes", "r", "--key", "proxy=k"];

function refused(args: readonly string[], message: RegExp): void {
  assert.throws(
    () => parseProcessOptions(args),
    (error) => error instanceof UsageError && message.test(error.message),
    args.join(" "),
  );
}

describe("the command line", () => {
  it("is a demo on the loopback where nothing is said", () => {
    const options = parseProcessOptions([]);
    assert.ok(wantsDemo(options));
    const { host, port, opsHost, opsPort, data, log, pidFile, supervised } = options;
    assert.deepEqual([host, port, opsHost, opsPort], ["127.0.0.1", 2222, "127.0.0.1", 6080]);
    assert.deepEqual([data, log], ["./data/ssh-proxy", "./data/ssh-proxy/ssh-proxy.log"]);
    assert.deepEqual([pidFile, supervised], ["./data/ssh-proxy/ssh-proxy.pid", false]);
  });

  it("puts its files where the data are, unless they are elsewhere", () => {
    assert.equal(parseProcessOptions(["--data", "/d"]).log, "/d/ssh-proxy.log");
    assert.equal(parseProcessOptions(["--data", "/d", "--log", "-"]).log, "-");
    assert.equal(parseProcessOptions(["--data=/d", "--pid-file=/p"]).pidFile, "/p");
  });

  it("takes several host keys and keys by name", () => {
    const options = parseProcessOptions([...GIVEN, "--host-key", "i", "--key", "other=b=c"]);
    assert.ok(!wantsDemo(options));
    assert.deepEqual(options.hostKeys, ["h", "i"]);
    assert.deepEqual(
      [...options.keys],
      [
        ["proxy", "k"],
        ["other", "b=c"],
      ],
    );
  });

  it("is all of it or a demo, and says what is missing", () => {
    for (let left = 0; left < GIVEN.length; left += 2) {
      const rest = GIVEN.toSpliced(left, 2);
      refused(rest, new RegExp(`${GIVEN[left]!}.* missing; without any it is a demo`));
    }
  });

  it("has nothing that would be of no effect in a demo", () => {
    refused(["--router", "thrift:h:1"], /--router without/);
    refused(["--key", "proxy=k", "--keys", "d"], /--key, --keys without/);
  });

  it("is refused where it is wrong", () => {
    for (const port of ["", "-1", "65536", "22x", "1e3", " 22"]) {
      refused([`--port=${port}`], /--port is .*; it must be a whole number from 0 to 65535/);
      refused([`--ops-port=${port}`], /--ops-port is/);
    }
    for (const key of ["", "proxy", "=k", "proxy=", "a b=k", `${"x".repeat(65)}=k`]) {
      refused([...GIVEN, `--key=${key}`], /--key is .*; it must be NAME=FILE/);
    }
    refused([...GIVEN, "--key", "proxy=again"], /--key proxy is given twice/);
    refused(["--nonsense"], /nonsense/);
    refused(["positional"], /positional/);
    refused(["--port"], /port/);
    refused(["--supervised=yes"], /supervised/);
  });

  it("is explained, every option of it", () => {
    const names = ["host", "port", "host-key", "accounts", "routes", "router", "key", "keys"];
    names.push(
      "settings",
      "audit",
      "ops-host",
      "ops-port",
      "data",
      "log",
      "supervised",
      "pid-file",
    );
    for (const name of names) assert.ok(USAGE.includes(`  --${name} `), name);
  });
});
