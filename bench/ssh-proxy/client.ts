// The OpenSSH client, as the figures run it.
import type { StartedPeer } from "./peers/peer.ts";
import type { World } from "./world.ts";

/**
 * Its options; none contains a blank. The key exchange is one that all rows have: OpenSSH's own
 * first choice costs more, and only sshd has it.
 */
export function sshOptions({ backends }: World, cipher?: string): string[] {
  const settings = {
    IdentityFile: backends.keys.client.file,
    IdentitiesOnly: "yes",
    IdentityAgent: "none",
    BatchMode: "yes",
    StrictHostKeyChecking: "no",
    UserKnownHostsFile: "/dev/null",
    GlobalKnownHostsFile: "/dev/null",
    KexAlgorithms: "curve25519-sha256",
    ControlMaster: "no",
    ...(cipher === undefined ? {} : { Ciphers: cipher }),
  };
  const words = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return ["-F", "none", "-T", ...words];
}

/** `ssh … COMMAND`, at a row; it writes down what it agrees on when `logLevel` is DEBUG1. */
export function sshCommand(
  world: World,
  peer: StartedPeer,
  command: string,
  { cipher, logLevel = "ERROR" }: { cipher?: string | undefined; logLevel?: string } = {},
): string[] {
  const where = ["-p", String(peer.port), `${peer.user}@127.0.0.1`];
  return ["ssh", "-o", `LogLevel=${logLevel}`, ...sshOptions(world, cipher), ...where, command];
}

/** Words as a shell takes them. */
export function shellWords(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(" ");
}
