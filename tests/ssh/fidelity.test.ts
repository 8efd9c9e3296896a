/** What goes in at one end comes out at the other: bytes, their end, and how a command ended. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { skipSshd } from "../servers/openssh/sshd.ts";
import { AttackerKey, exec, logIn, NUMBER, openChannel } from "./attacker/raw-session.ts";
import { Fields, message, uint32 } from "./attacker/wire.ts";
import type { Exec, ExecResult, RanProgram } from "./clients/client.ts";
import { asyncsshClient, goClient } from "./clients/drivers.ts";
import { runSsh } from "./clients/openssh.ts";
import { RANDOM_BYTES, startWorld, type World } from "./world.ts";

const MEGABYTE = 1_024 * 1_024;

describe("what is relayed", { skip: skipSshd(), timeout: 150_000 }, () => {
  const key = new AttackerKey("by hand");
  let world!: World;
  before(async () => {
    world = await startWorld({ moreKeys: [key.publicLine] });
  });
  after(() => (world as World | undefined)?.[Symbol.asyncDispose]());

  const execOf = (name: string, stdin?: Uint8Array): Exec => ({
    destination: world.destination(),
    command: `git-upload-pack 'cases/${name}'`,
    ...(stdin === undefined ? {} : { stdin }),
  });
  const ssh = (name: string, stdin?: Uint8Array, more: readonly string[] = []) =>
    runSsh(execOf(name, stdin), more);

  describe("how a command ended", { concurrency: 2 }, () => {
    for (const status of [0, 1, 7, 255]) {
      it(`is its exit status, ${status}`, async () => {
        assert.equal((await ssh(`exit-${status}`)).exitCode, status);
      });
    }

    for (const signal of ["TERM", "KILL", "SEGV", "USR1"]) {
      it(`is its signal, ${signal}`, async () => {
        const ended = await asyncsshClient.exec(execOf(`signal-${signal}`));
        assert.deepEqual([ended.signal, ended.status], [signal, undefined]);
      });
    }

    it("is its exit status, even half a second after it closed everything", async () => {
      assert.equal((await ssh("exit-late-7")).exitCode, 7);
      assert.equal((await ssh("exit-late-7", Buffer.from("some"))).exitCode, 7);
    });

    // OpenSSH's client closes a channel once both sides have said that they send no more, and
    // goes on waiting for the status: such a close is no wish to end the command.
    it("is told to a client that closes its side before it is known", async () => {
      const { host, port, user } = world.underTest;
      await using connection = await logIn(host, port, user, key);
      const channel = await openChannel(connection);
      connection.send(exec(channel, "git-upload-pack 'cases/exit-late-7'"));
      connection.send(message(NUMBER.eof, uint32(channel.remote)));
      await connection.next([NUMBER.eof]);
      connection.send(message(NUMBER.close, uint32(channel.remote)));
      const request = await connection.next([NUMBER.channelRequest, NUMBER.close]);
      assert.equal(request[0], NUMBER.channelRequest, "closed without a status");
      const fields = new Fields(request, 5);
      assert.equal(fields.string().toString(), "exit-status");
      assert.equal(request.readUInt32BE(request.length - 4), 7);
      await connection.next([NUMBER.close]);
    });

    it("comes behind everything that it wrote, 1,000 times on four connections", async () => {
      const asked = { ...execOf("word-last"), timeoutMs: 100_000 };
      const { stdout, stderr, status } = await goClient.execOften(asked, 1_000, 4);
      assert.deepEqual(
        [stdout.toString(), stderr.toString(), status],
        ["out last\n", "err last\n", 3],
      );
    });
  });

  describe("bytes", { concurrency: 2 }, () => {
    it("come through both ways at once, 10 MiB of noise each", async () => {
      const { stdout, stderr, exitCode } = await ssh(`both-${RANDOM_BYTES}`, world.random);
      assert.equal(exitCode, 0);
      assert.equal(digestOf(stdout), digestOf(world.random));
      assert.equal(stderr.toString(), `${digestOf(world.random)}  -\n`);
    });

    it("come back as they were sent, 10 MiB", async () => {
      const { stdout, exitCode } = await ssh("echo", world.random);
      assert.equal(exitCode, 0);
      assert.equal(digestOf(stdout), digestOf(world.random));
    });

    it("come through while keys change all the time, 50 MB each way", async () => {
      const given = Buffer.concat(Array.from({ length: 5 }, () => world.random));
      const { stdout, exitCode } = await ssh("echo", given, ["-o", "RekeyLimit=1M"]);
      assert.equal(exitCode, 0);
      assert.equal(digestOf(stdout), digestOf(given));
    });

    it("come through on stderr alone, 1 MiB", async () => {
      const { stdout, stderr } = await ssh(`stderr-${MEGABYTE}`);
      assert.equal(stdout.length, 0);
      assert.equal(digestOf(stderr), digestOf(world.random.subarray(0, MEGABYTE)));
    });

    it("come through on both outputs in turns, 64 KiB each", async () => {
      const { stdout, stderr } = await ssh("interleaved-64");
      const expected = digestOf(world.random.subarray(0, 64 * 1_024));
      assert.deepEqual([digestOf(stdout), digestOf(stderr)], [expected, expected]);
    });

    it("wait for a command that reads a second later, 4 MiB", async () => {
      const given = world.random.subarray(0, 4 * MEGABYTE);
      assert.equal(digestIn(await ssh("reads-late", given)), digestOf(given));
    });

    it("wait for a command that reads slowly, 4 MiB", async () => {
      const given = world.random.subarray(0, 4 * MEGABYTE);
      assert.equal(digestIn(await ssh("reads-slowly", given)), digestOf(given));
    });

    it("have no meaning, not even as the smallest of commands", async () => {
      const given = Buffer.from("\0\r\n~.\r\n~?\x03\x04\x1a\xff", "latin1");
      const { stdout } = await ssh("echo", given);
      assert.deepEqual(stdout, given);
    });
  });

  describe("the end of a direction", { concurrency: 2 }, () => {
    it("of the client's leaves the answer whole, 1 MiB after it", async () => {
      const { stdout, exitCode } = await ssh(`after-eof-${MEGABYTE}`, Buffer.from("asked"));
      assert.equal(exitCode, 0);
      assert.equal(digestOf(stdout), digestOf(world.random.subarray(0, MEGABYTE)));
    });

    it("of the client's, at once, is an empty input", async () => {
      const { stdout } = await ssh("digest", undefined, ["-n"]);
      assert.equal(stdout.toString().slice(0, 64), digestOf(Buffer.alloc(0)));
    });

    it("of the command's input leaves its answer and its status", async () => {
      // More than all windows and pipes on the way take.
      const { stdout, exitCode } = await ssh("closes-stdin", world.random);
      assert.deepEqual([stdout.toString(), exitCode], ["closed\n", 4]);
    });

    it("of the command's output leaves its input whole", async () => {
      const given = world.random.subarray(0, MEGABYTE);
      const { stdout, stderr, exitCode } = await ssh("closes-stdout", given);
      assert.deepEqual([stdout.toString(), exitCode], ["first\n", 6]);
      assert.equal(stderr.toString().slice(0, 64), digestOf(given));
    });
  });

  // One after the other: the line to the backend is one for all.
  describe("before the backend is there, which takes two seconds,", () => {
    it("what the client sends is kept, 1 MiB, with its end", async () => {
      const given = world.random.subarray(0, MEGABYTE);
      assert.equal(digestIn(await world.late(() => ssh("digest", given))), digestOf(given));
    });

    it("a few bytes without more are kept", async () => {
      const { stdout } = await world.late(() => ssh("echo", Buffer.from("hello\n")));
      assert.equal(stdout.toString(), "hello\n");
    });

    it("an end without anything before it is kept", async () => {
      const { stdout, exitCode } = await world.late(() => ssh("digest", undefined, ["-n"]));
      assert.deepEqual([stdout.toString().slice(0, 64), exitCode], [digestOf(Buffer.alloc(0)), 0]);
    });

    it("the same holds for x/crypto and asyncssh", async () => {
      const given = world.random.subarray(0, MEGABYTE);
      const both = await world.late(() =>
        Promise.all(
          [goClient, asyncsshClient].map((client) => client.exec(execOf("digest", given))),
        ),
      );
      for (const result of both) assert.equal(digestIn(result), digestOf(given));
    });
  });

  describe("the environment", { concurrency: 2 }, () => {
    it("is GIT_PROTOCOL and nothing else of the client's", async () => {
      const more = ["GIT_PROTOCOL=version=2", "LD_PRELOAD=/nowhere.so", "GIT_SSH_COMMAND=touch x"];
      // ssh takes the first SetEnv only.
      const setEnv = `SetEnv=${more.map((pair) => `"${pair}"`).join(" ")}`;
      const { stdout } = await ssh("environment", undefined, ["-o", setEnv]);
      const lines = stdout.toString().split("\n");
      assert.ok(lines.includes("GIT_PROTOCOL=version=2"), stdout.toString());
      assert.doesNotMatch(stdout.toString(), /LD_PRELOAD|GIT_SSH_COMMAND/);
    });
  });
});

/** The digest that a command printed. */
function digestIn({ stdout }: Pick<RanProgram | ExecResult, "stdout">): string {
  return stdout.toString().slice(0, 64);
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
