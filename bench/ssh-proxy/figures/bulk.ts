// Many bytes one way, with the OpenSSH client: throughput, and what a byte costs the proxy.
import { workCommand } from "../backend/work.ts";
import { shellWords, sshCommand } from "../client.ts";
import { formatRows, takeTurns } from "../report.ts";
import type { Column, RowSamples, Sample } from "../report.ts";
import { proxyCpuSeconds, withPeers } from "../world.ts";
import type { RunningPeer, World } from "../world.ts";

const TRANSFER_MAX_MS = 180_000;
/** Of the unmeasured transfer, whose bytes are counted. */
const CHECK_MIB = 32;
const BYTES_PER_MIB = 1_048_576;

/** Undefined: what the client likes best of what the row offers. */
const CIPHERS = [undefined, "aes128-gcm@openssh.com"] as const;
const DIRECTIONS = ["down", "up"] as const;

interface Transfer {
  readonly direction: (typeof DIRECTIONS)[number];
  readonly cipher: string | undefined;
  readonly bytes: number;
}

const rate = (sample: Sample): number => sample["mbPerSecond"] ?? Number.NaN;
const perCpu = (sample: Sample): number => sample["mbPerCpuSecond"] ?? Number.NaN;
const COLUMNS: readonly Column[] = [
  { title: "MB/s, median (min-max)", read: rate },
  { title: "of direct", read: rate, of: "direct" },
  { title: "MB per proxy CPU s", read: perCpu },
  { title: "of go", read: perCpu, of: "go" },
  { title: "of ssh2", read: perCpu, of: "ssh2" },
];

export async function measureBulk(world: World): Promise<void> {
  const { repeats, sizes } = world.options;
  await withPeers(world, "bulk", async (peers) => {
    for (const cipher of CIPHERS) {
      for (const direction of DIRECTIONS) {
        const ciphers = await check(world, peers, { direction, cipher, bytes: 0 });
        const cell = `bulk ${direction}, ${sizes.bulkMib} MiB, ${cipher ?? "default cipher"}`;
        const transfer = { direction, cipher, bytes: sizes.bulkMib * BYTES_PER_MIB };
        const turns = await takeTurns(cell, peers, repeats, (peer) => move(world, peer, transfer));
        const rows: RowSamples[] = turns.map((row) => ({
          ...row,
          note: ciphers.get(row.row) ?? "",
        }));
        world.measured.push({ cell, rows });
        console.log(formatRows({ cell, rows }, COLUMNS));
      }
    }
  });
}

/** An unmeasured transfer whose bytes are counted; gives each row's cipher. */
async function check(
  world: World,
  peers: readonly RunningPeer[],
  transfer: Transfer,
): Promise<Map<string, string>> {
  const { processes, options } = world;
  const ciphers = new Map<string, string>();
  const bytes = Math.min(CHECK_MIB, options.sizes.bulkMib) * BYTES_PER_MIB;
  for (const peer of peers) {
    const script = shellScript(world, peer, { ...transfer, bytes }, "DEBUG1");
    const counted = transfer.direction === "down" ? `(${script}) | wc -c` : script;
    const all = ["sh", "-c", `exec 3>&1; ( ${counted} ) 2>&1 >&3 | cat`];
    const text = await processes.run(all, options.clientCpu, TRANSFER_MAX_MS);
    if (!new RegExp(`^${bytes}$`, "m").test(text)) {
      console.log(`**${peer.name} loses bytes ${transfer.direction}**\n`);
    }
    ciphers.set(peer.name, /kex: server->client cipher: ([\w@.-]+)/.exec(text)?.[1] ?? "");
  }
  return ciphers;
}

async function move(world: World, peer: RunningPeer, transfer: Transfer): Promise<Sample> {
  const { processes, options } = world;
  const script = shellScript(world, peer, transfer);
  const quiet = transfer.direction === "down" ? `${script} >/dev/null` : script;
  const cpu = proxyCpuSeconds(peer);
  const startMs = performance.now();
  const text = await processes.run(["sh", "-c", quiet], options.clientCpu, TRANSFER_MAX_MS);
  const seconds = (performance.now() - startMs) / 1000;
  const cpuSeconds = proxyCpuSeconds(peer) - cpu;
  if (transfer.direction === "up" && Number(text) !== transfer.bytes) {
    throw new Error(`${transfer.bytes} bytes were sent and ${text.trim()} arrived`);
  }
  const megabytes = transfer.bytes / 1e6;
  return {
    mbPerSecond: megabytes / seconds,
    mbPerCpuSecond: megabytes / cpuSeconds,
    cpuSeconds,
    seconds,
  };
}

/** Down: the bytes are its output. Up: their number is. */
function shellScript(
  world: World,
  peer: RunningPeer,
  { direction, cipher, bytes }: Transfer,
  logLevel = "ERROR",
): string {
  const command = workCommand(direction === "down" ? `zero-${bytes}` : "count");
  const ssh = shellWords(sshCommand(world, peer, command, { cipher, logLevel }));
  return direction === "down" ? `${ssh} </dev/null` : `head -c ${bytes} /dev/zero | ${ssh}`;
}
