/**
 * The world of the attacks, with short times to wait, and what must hold after each of them: the
 * log says how the connection ended, nothing of it is left, and others are served as before.
 */
import assert from "node:assert/strict";
import { AttackerKey, logIn, openIdentified } from "../attacker/raw-session.ts";
import { RawConnection } from "../attacker/raw-connection.ts";
import { runSsh } from "../clients/openssh.ts";
import { endOf, residentBytes, untilIdle } from "../proxy-state.ts";
import { onlyProxy } from "../proxy-under-test.ts";
import { startWorld, type StartWorld, type World } from "../world.ts";

export const IDENT_MS = 1_500;
export const LOGIN_MS = 3_000;
/** What "at once" may take on a machine that is busy with something else. */
export const AT_ONCE_MS = 1_200;
/** Garbage that was not collected yet, and compiled code; what an attack leaks is more. */
const GROWTH_MAX_BYTES = 48 * 1_024 * 1_024;

export class AttackWorld implements AsyncDisposable {
  readonly world: World;
  /** Of the account `aviato`. */
  readonly key: AttackerKey;
  /** Of the account `mallory`. */
  readonly other: AttackerKey;
  private readonly baselineBytes: number;

  private constructor(world: World, key: AttackerKey, other: AttackerKey, baselineBytes: number) {
    this.world = world;
    this.key = key;
    this.other = other;
    this.baselineBytes = baselineBytes;
  }

  static async start(input: StartWorld = {}): Promise<AttackWorld> {
    const [key, other] = [new AttackerKey("aviato's"), new AttackerKey("mallory's")];
    const world = await startWorld({
      options: { times: { identMs: IDENT_MS, loginMs: LOGIN_MS } },
      sshdLines: [`LoginGraceTime ${LOGIN_MS / 1_000}`],
      moreKeys: [key.publicLine],
      moreAccounts: [{ name: "mallory", publicKeys: [other.publicLine] }],
      ...input,
    });
    const started = new AttackWorld(world, key, other, 0);
    // What is only compiled and set up once is part of the baseline.
    await started.assertServed();
    const bytes = onlyProxy === false ? await residentBytes(world.underTest) : 0;
    return new AttackWorld(world, key, other, bytes);
  }

  /** Has said nothing yet. */
  connect(): Promise<RawConnection> {
    const { host, port } = this.world.underTest;
    return RawConnection.open(host, port);
  }

  /** Has said who it is. */
  identified(): Promise<RawConnection> {
    const { host, port } = this.world.underTest;
    return openIdentified(host, port);
  }

  loggedIn(): Promise<RawConnection> {
    const { host, port, user } = this.world.underTest;
    return logIn(host, port, user, this.key);
  }

  get user(): string {
    return this.world.underTest.user;
  }

  /** The connection is closed by the server in time, for one of these reasons. */
  async assertEnded(
    connection: RawConnection,
    withinMs: number,
    ...reasons: readonly string[]
  ): Promise<void> {
    await connection.closed(withinMs);
    if (onlyProxy !== false) return;
    const end = await endOf(this.world.underTest, connection.address);
    const { reason } = end;
    assert.ok(reasons.includes(String(reason)), `${JSON.stringify(end)}, not ${reasons.join()}`);
  }

  /** Somebody else is served. */
  async assertServed(): Promise<void> {
    const destination = this.world.destination();
    const command = "git-upload-pack 'cases/exit-7'";
    const { exitCode, stderr } = await runSsh({ destination, command });
    assert.equal(exitCode, 7, stderr.toString());
  }

  /** Nothing is left of anybody, and memory is where it was. */
  async assertForgotten(): Promise<void> {
    if (onlyProxy !== false) return;
    const { underTest } = this.world;
    await untilIdle(underTest);
    const growth = (await residentBytes(underTest)) - this.baselineBytes;
    assert.ok(growth < GROWTH_MAX_BYTES, `${Math.round(growth / 1_048_576)} MiB more than before`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
  }
}
