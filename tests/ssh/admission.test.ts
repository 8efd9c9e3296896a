/** Limits before the login, as strangers meet them: who is dropped is logged and counted. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { skipSshd } from "../servers/openssh/sshd.ts";
import { RawConnection } from "./attacker/raw-connection.ts";
import { runSsh } from "./clients/openssh.ts";
import { metricsOf } from "./proxy-state.ts";
import { onlyProxy } from "./proxy-under-test.ts";
import { until } from "./until.ts";
import { startWorld, type World } from "./world.ts";

const PER_SOURCE_MAX = 3;
const skip = onlyProxy === false ? skipSshd() : onlyProxy;

describe("before anybody has logged in", { skip, timeout: 60_000 }, () => {
  let world!: World;
  before(async () => {
    world = await startWorld({
      options: {
        admission: { exempt: [], unauthenticatedPerSourceMax: PER_SOURCE_MAX },
        penalties: { enforceFromMs: 4_000, penaltyMaxMs: 6_000, addMs: { "no-auth": 0 } },
      },
    });
  });
  after(() => (world as World | undefined)?.[Symbol.asyncDispose]());

  const dropsOf = async (reason: string): Promise<number> =>
    (await metricsOf(world.underTest)).sum("ssh_proxy_connections_dropped_total", { reason });
  const exitSeven = async (): Promise<number | null> => {
    const command = "git-upload-pack 'cases/exit-7'";
    return (await runSsh({ destination: world.destination(), command })).exitCode;
  };

  it(`a source has ${PER_SOURCE_MAX} places, and gets them back`, async () => {
    const { host, port } = world.underTest;
    const opened = await Promise.all(
      Array.from({ length: PER_SOURCE_MAX }, () => RawConnection.open(host, port)),
    );
    await until("idents", () => opened.every(({ ident }) => ident !== ""));
    await using dropped = await RawConnection.open(host, port);
    await dropped.closed(2_000);
    assert.equal(await dropsOf("source"), 1);
    assert.ok(opened.every(({ isClosed }) => !isClosed));
    for (const connection of opened) await connection[Symbol.asyncDispose]();
    await until("free place", async () => (await exitSeven()) === 7);
  });

  it("a source that breaks the protocol is locked out for a while, and then let in", async () => {
    const { host, port } = world.underTest;
    await using hostile = await RawConnection.open(host, port);
    hostile.write("SSH-2.0-x\r\n\xff\xff\xff\xff garbage without end");
    await hostile.closed(2_000);
    await until("penalty", async () => {
      await using next = await RawConnection.open(host, port);
      await next.closed(1_000).catch(() => undefined);
      return (await dropsOf("penalty")) > 0;
    });
    assert.notEqual(await exitSeven(), 7);
    await until("end of the penalty", async () => (await exitSeven()) === 7, { withinMs: 15_000 });
  });
});
