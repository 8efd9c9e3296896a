/** Whether a session goes on and whether connections are taken, as clients see it. */
import { once } from "node:events";
import { connect } from "node:net";
import type { RunningProgram } from "../clients/running-program.ts";
import type { UnderTest } from "../proxy-under-test.ts";
import { until } from "../until.ts";

/** For a session of the case `echo`: what is written comes back. `text` is used once. */
export async function assertEchoes(client: RunningProgram, text: string): Promise<void> {
  client.write(`${text}\n`);
  await client.untilSays(new RegExp(`^${text}$`, "m"));
}

/** Waits until a connection is refused. */
export async function untilNobodyListens({ host, port }: UnderTest): Promise<void> {
  await until("refused connection", async () => {
    const socket = connect({ host, port });
    const refused = await once(socket, "connect").then(
      () => false,
      (error: unknown) => (error as NodeJS.ErrnoException).code === "ECONNREFUSED",
    );
    socket.destroy();
    return refused;
  });
}
