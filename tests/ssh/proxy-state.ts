/** What the proxy says of itself on its ops port: events of one connection, and its metrics. */
import { Metrics } from "../feed-fleet/metrics.ts";
import type { UnderTest } from "./proxy-under-test.ts";
import { until } from "./until.ts";

/** One line of the forensic log. */
export interface ProxyEvent {
  readonly sessionKey: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

const EVENTS_MAX = 1_000;
/** Of all sessions together; each may buffer so much in each direction. */
export const BUFFERED_MAX_BYTES = 262_144;

/** The events of the connection from that address (`127.0.0.1:PORT`), oldest first. */
export async function eventsOf(underTest: UnderTest, address: string): Promise<ProxyEvent[]> {
  return eventsWith(underTest, ({ event, addr }) => event === "accept" && addr === address);
}

/** Its last event, which says why it ended; waits for it. */
export async function endOf(underTest: UnderTest, address: string): Promise<ProxyEvent> {
  return lastOf(() => eventsOf(underTest, address));
}

/** The last event of the connection on which that case was asked for; waits for it. */
export async function endOfCase(underTest: UnderTest, name: string): Promise<ProxyEvent> {
  return lastOf(() => eventsOfCase(underTest, name));
}

/** The events of the last connection on which that case was asked for, oldest first. */
export async function eventsOfCase(underTest: UnderTest, name: string): Promise<ProxyEvent[]> {
  const command = `git-upload-pack 'cases/${name}'`;
  return eventsWith(underTest, (each) => each["command"] === command);
}

/** All events of the last connection that has one like this, oldest first. */
async function eventsWith(
  { opsUrl }: UnderTest,
  isIt: (event: ProxyEvent) => boolean,
): Promise<ProxyEvent[]> {
  const reply = await fetch(`${opsUrl}/forensics?limit=${EVENTS_MAX}`);
  const events = (await reply.json()) as ProxyEvent[];
  const found = events.findLast(isIt);
  return events.filter(({ sessionKey }) => sessionKey === found?.sessionKey);
}

async function lastOf(read: () => Promise<ProxyEvent[]>): Promise<ProxyEvent> {
  let events: ProxyEvent[] = [];
  const hasEnded = async (): Promise<boolean> => {
    events = await read();
    return events.at(-1)?.event === "end";
  };
  await until("end in the log", hasEnded, { instead: () => JSON.stringify(events) });
  return events.at(-1)!;
}

export async function metricsOf(underTest: UnderTest): Promise<Metrics> {
  return Metrics.read(underTest.opsUrl);
}

/** Resident memory of the process, in bytes. */
export async function residentBytes(underTest: UnderTest): Promise<number> {
  return (await metricsOf(underTest)).sum("process_resident_memory_bytes");
}

/** Waits until nothing is connected and nothing is kept in memory for anybody. */
export async function untilIdle(underTest: UnderTest): Promise<void> {
  const names = ["ssh_proxy_connections", "ssh_proxy_sessions", "ssh_proxy_buffered_bytes"];
  let left = "";
  const isIdle = async (): Promise<boolean> => {
    const metrics = await metricsOf(underTest);
    left = names.map((name) => `${name} ${metrics.sum(name)}`).join();
    return names.every((name) => metrics.sum(name) === 0);
  };
  await until("idle proxy", isIdle, { instead: () => left });
}
