/** Attacks without a key: on the first line, on packets in clear, on the key exchange. */
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { skipSshd } from "../../servers/openssh/sshd.ts";
import {
  askForUserauth,
  channelOpen,
  exchangeKeys,
  IDENT,
  kexInit,
  NUMBER,
} from "../attacker/raw-session.ts";
import type { RawConnection } from "../attacker/raw-connection.ts";
import { message, string, uint32, yes } from "../attacker/wire.ts";
import { onlyProxy } from "../proxy-under-test.ts";
import { AT_ONCE_MS, AttackWorld, LOGIN_MS } from "./attack-world.ts";

/** It says that it does not know the message, and waits for the time to be over. */
const unlikeSshd = onlyProxy;
const LATE_MS = LOGIN_MS + 2_000;
const TLS_HELLO = Buffer.from("16030100a5010000a10303", "hex");

describe("without a key", { skip: skipSshd(), timeout: 120_000 }, () => {
  let world!: AttackWorld;
  before(async () => {
    world = await AttackWorld.start();
  });
  after(async () => {
    try {
      await (world as AttackWorld | undefined)?.assertForgotten();
    } finally {
      await (world as AttackWorld | undefined)?.[Symbol.asyncDispose]();
    }
  });

  describe("who says", { concurrency: 4 }, () => {
    it("nothing is sent away when the time for the first line is over", async () => {
      await using connection = await world.connect();
      await world.assertEnded(connection, LATE_MS, "ident-timeout");
    });

    it("a byte now and then is sent away at the same time", async () => {
      await using connection = await world.connect();
      const endless = async (): Promise<void> => {
        for (let index = 0; !connection.isClosed && index < 100; index++) {
          connection.write(index === 0 ? "SSH-2.0-" : "x");
          await sleep(100);
        }
      };
      await Promise.all([world.assertEnded(connection, LATE_MS, "ident-timeout"), endless()]);
    });

    it("who it is in 18 pieces is taken as anybody", async () => {
      await using connection = await world.connect();
      for (const byte of Buffer.from(`${IDENT}\r\n`)) {
        connection.write(Buffer.of(byte));
        await sleep(5);
      }
      await exchangeKeys(connection);
    });

    const garbage: readonly (readonly [name: string, bytes: string | Uint8Array])[] = [
      ["HTTP", "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"],
      ["TLS", Buffer.concat([TLS_HELLO, Buffer.alloc(200, 7)])],
      ["a line of 65 KiB", `SSH-2.0-${"x".repeat(66_560)}\r\n`],
      ["a line without an end", "SSH-2.0-".padEnd(300, "y")],
      ["NULs", Buffer.alloc(1_024)],
      ["SSH-1.5", "SSH-1.5-old\r\n"],
      ["SSH-3.0", "SSH-3.0-new\r\n"],
      ["lines without end", "hello\r\n".repeat(5_000)],
    ];
    for (const [name, bytes] of garbage) {
      it(`${name} is sent away`, async () => {
        await using connection = await world.connect();
        connection.write(bytes);
        const reasons = ["protocol-error", "ident-timeout", "client-lost"];
        await world.assertEnded(connection, LATE_MS, ...reasons);
      });
    }
  });

  /** Sent instead of what comes next; each ends the connection at once. */
  const refused = (
    name: string,
    attack: (connection: RawConnection) => void | Promise<void>,
    skip: string | false = false,
  ): void => {
    it(name, { skip }, async () => {
      await using connection = await world.identified();
      await attack(connection);
      await world.assertEnded(connection, AT_ONCE_MS, "protocol-error");
    });
  };

  describe("before there are keys, at once refused is", { concurrency: 4 }, () => {
    for (const [name, number] of Object.entries({
      "a login": NUMBER.userauthRequest,
      "a success of a login": NUMBER.userauthSuccess,
      "a global request": NUMBER.globalRequest,
      "a channel": NUMBER.channelOpen,
      "a request on a channel": NUMBER.channelRequest,
      "new keys": NUMBER.newKeys,
      "a number that nobody has": 200,
    })) {
      const first = (connection: RawConnection): void => {
        connection.send(message(number, uint32(0), uint32(0)));
      };
      refused(`${name}, first of all`, first, number === NUMBER.newKeys && unlikeSshd);
      refused(`${name}, within the key exchange`, (connection) => {
        connection.send(kexInit());
        connection.send(message(number, uint32(0), uint32(0)));
      });
    }

    refused("a message that means nothing, within a strict key exchange", (connection) => {
      connection.send(kexInit());
      connection.send(message(NUMBER.ignore, string("x")));
    });
    refused("a second beginning of the key exchange", (connection) => {
      connection.send(kexInit());
      connection.send(kexInit());
    });
    refused("a hundred beginnings", (connection) => {
      for (let index = 0; index < 100; index++) connection.send(kexInit());
    });
    refused("algorithms that nobody has", (connection) => {
      connection.send(kexInit({ kex: "rot13@example.com" }));
    });
    refused("a beginning without its end", (connection) => {
      connection.send(kexInit().subarray(0, 40));
    });
    refused("a beginning with a list of 4 GiB", (connection) => {
      const cookie = Buffer.alloc(16);
      connection.send(message(NUMBER.kexInit, cookie, uint32(0xffff_ffff), Buffer.alloc(64)));
    });
  });

  describe("a key exchange at once refuses", { concurrency: 4 }, () => {
    const points: readonly (readonly [name: string, point: Uint8Array])[] = [
      ["a point of zeros", Buffer.alloc(32)],
      ["a point of small order", Buffer.concat([Buffer.of(1), Buffer.alloc(31)])],
      ["no point", Buffer.alloc(0)],
      ["a point of 31 bytes", Buffer.alloc(31, 9)],
      ["a point of 33 bytes", Buffer.alloc(33, 9)],
      ["a point of 30,000 bytes", Buffer.alloc(30_000, 9)],
    ];
    for (const [name, point] of points) {
      refused(name, async (connection) => {
        connection.send(kexInit());
        await connection.next([NUMBER.kexInit]);
        connection.send(message(NUMBER.ecdhInit, string(point)));
      });
    }
    for (const bytes of [32, 65, 64, 66]) {
      refused(`a point of ${bytes} bytes that is not on the curve P-256`, async (connection) => {
        connection.send(kexInit({ kex: "ecdh-sha2-nistp256" }));
        await connection.next([NUMBER.kexInit]);
        const point = Buffer.alloc(bytes, 4);
        connection.send(message(NUMBER.ecdhInit, string(point)));
      });
    }
    for (const bytes of [0, 32, 1_184, 1_215, 1_217]) {
      const kex = "mlkem768x25519-sha256";
      refused(`a key of ${bytes} bytes for ML-KEM`, async (connection) => {
        connection.send(kexInit({ kex }));
        await connection.next([NUMBER.kexInit, 1]);
        connection.send(message(NUMBER.ecdhInit, string(Buffer.alloc(bytes, 9))));
      });
    }
  });

  describe("a packet is at once refused", { concurrency: 4 }, () => {
    const packet = (length: number, padding: number, bytes: number): Buffer => {
      const head = Buffer.alloc(5);
      head.writeUInt32BE(length);
      head[4] = padding;
      return Buffer.concat([head, Buffer.alloc(bytes, NUMBER.ignore)]);
    };
    for (const [name, bytes] of Object.entries({
      "of 4 GiB": packet(0xffff_ffff, 4, 100),
      "of 2 GiB": packet(0x8000_0000, 4, 100),
      "of 256 KiB and a byte": packet(262_145, 4, 100),
      "of no bytes": packet(0, 0, 11),
      "of one byte": packet(1, 0, 11),
      "with more padding than it has bytes": packet(12, 200, 11),
      "that is no whole number of blocks": packet(13, 4, 100),
    })) {
      refused(`in clear, ${name}`, (connection) => connection.write(bytes));
    }

    const sealed = (name: string, attack: (connection: RawConnection) => void): void => {
      refused(`encrypted, ${name}`, async (connection) => {
        await exchangeKeys(connection);
        attack(connection);
      });
    };
    sealed("with a wrong tag", (connection) => {
      const bytes = connection.packetOf(message(NUMBER.ignore, string("x")));
      bytes[bytes.length - 1]! ^= 1;
      connection.write(bytes);
    });
    sealed("with a changed byte", (connection) => {
      const bytes = connection.packetOf(message(NUMBER.serviceRequest, string("ssh-userauth")));
      bytes[10]! ^= 1;
      connection.write(bytes);
    });
    sealed("of 4 GiB", (connection) => connection.write(Buffer.alloc(64, 0xff)));
    sealed("with more padding than it has bytes", (connection) => {
      connection.write(connection.seal(packet(16, 200, 15)));
    });
  });

  describe("with keys, but without a login, at once refused is", { concurrency: 4 }, () => {
    const later = (name: string, payload: Buffer, skip: string | false = false): void => {
      const attack = async (connection: RawConnection): Promise<void> => {
        await exchangeKeys(connection);
        await askForUserauth(connection);
        connection.send(payload);
      };
      refused(name, attack, skip);
    };
    const request = message(NUMBER.channelRequest, uint32(0), string("exec"));
    later("a channel", channelOpen(), unlikeSshd);
    later("a global request", message(NUMBER.globalRequest, string("x"), yes), unlikeSshd);
    later("data", message(NUMBER.data, uint32(0), string("x")), unlikeSshd);
    later("a request on a channel", request, unlikeSshd);
    later("a success of a login, by the client", message(NUMBER.userauthSuccess), unlikeSshd);
    later("another service", message(NUMBER.serviceRequest, string("ssh-connection")));
    later("a login that ends in the middle", message(NUMBER.userauthRequest, string("git")));
  });

  describe("time", { concurrency: 4 }, () => {
    const silent = (name: string, attack: (connection: RawConnection) => Promise<void>): void => {
      it(`is over for who stays silent ${name}`, async () => {
        await using connection = await world.identified();
        await attack(connection);
        await world.assertEnded(connection, LATE_MS, "login-timeout");
      });
    };
    silent("before the key exchange", async () => undefined);
    silent("within it", async (connection) => connection.send(kexInit()));
    silent("behind it", async (connection) => {
      await exchangeKeys(connection);
    });
    silent("when it may log in", async (connection) => {
      await exchangeKeys(connection);
      await askForUserauth(connection);
    });
    it("is over for who says nothing that matters", async () => {
      await using connection = await world.identified();
      await exchangeKeys(connection);
      const chat = async (): Promise<void> => {
        for (let index = 0; !connection.isClosed && index < 200; index++) {
          connection.send(message(NUMBER.ignore, string("still here")));
          await sleep(50);
        }
      };
      await Promise.all([world.assertEnded(connection, LATE_MS, "login-timeout"), chat()]);
    });
  });

  it("two hundred who come and go at once leave everybody else served", async () => {
    await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        await using connection = await world.connect();
        if (index % 2 === 0) connection.write("SSH-2.0-gone\r\n");
      }),
    );
    await world.assertServed();
  });
});
