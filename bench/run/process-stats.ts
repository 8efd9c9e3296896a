// What the Linux kernel says of a process and of the machine.
import { readdirSync, readFileSync } from "node:fs";

/** The unit of /proc times on Linux, whatever the kernel's own tick is. */
const TICKS_PER_SECOND = 100;

/** User and system time of all threads of a process, those that ended included. */
export function processCpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/**
 * The same of a process and its living children, which have one thread each: for a server that
 * makes a process for each connection. In nanoseconds of the scheduler, because each child may do
 * less in a window than a tick of /proc/PID/stat.
 */
export function processTreeCpuSeconds(pid: number): number {
  let nanoseconds = 0;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const text = readFileSync(`/proc/${name}/stat`, "utf8");
      const parent = Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
      if (Number(name) !== pid && parent !== pid) continue;
      nanoseconds += Number(readFileSync(`/proc/${name}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      continue; // it ended meanwhile
    }
  }
  return nanoseconds / 1e9;
}

/** Resident memory of a process. */
export function processRssKib(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(match?.[1] ?? 0);
}

export interface MachineTicks {
  busy: number;
  /** Time that the hypervisor gave to others while we wanted to run. */
  steal: number;
  total: number;
}

/** Ticks since boot, summed over all CPUs. */
export function machineTicks(): MachineTicks {
  const line = readFileSync("/proc/stat", "utf8").split("\n", 1)[0] ?? "";
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, hard = 0, soft = 0, steal = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const busy = user + nice + system + hard + soft;
  return { busy, steal, total: busy + idle + wait + steal };
}

/** The processor's name, as the kernel has it. */
export function processorName(): string {
  const match = /^model name\s*:\s*(.+)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"));
  return match?.[1] ?? "unknown processor";
}
