/** Numbers of a process from its ops port, to be compared with what they were before. */

export class Metrics {
  private readonly samples = new Map<string, number>();

  static async read(opsUrl: string): Promise<Metrics> {
    const reply = await fetch(`${opsUrl}/metrics`);
    return new Metrics(await reply.text());
  }

  private constructor(text: string) {
    for (const line of text.split("\n")) {
      const cut = line.lastIndexOf(" ");
      if (!line.startsWith("#") && cut > 0) {
        this.samples.set(line.slice(0, cut), Number(line.slice(cut + 1)));
      }
    }
  }

  /** The sum of all samples of that name with these labels, among others. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
    let sum = 0;
    for (const [series, value] of this.samples) {
      const [family, rest = ""] = series.split("{");
      if (family === name && wanted.every((each) => rest.includes(each))) sum += value;
    }
    return sum;
  }
}

/** What the feed sent to the history between two readings. */
export interface Sent {
  readonly calls: number;
  readonly failed: number;
  readonly retries: number;
  readonly hedges: number;
  /** Tries for one call. */
  readonly amplification: number;
}

export function sentBetween(before: Metrics, now: Metrics): Sent {
  const grown = (name: string, labels: Readonly<Record<string, string>>): number =>
    now.sum(name, labels) - before.sum(name, labels);
  const service = "FeedHistory";
  const calls = grown("holdfast_client_calls_total", { service });
  const ok = grown("holdfast_client_calls_total", { service, outcome: "ok" });
  const retries = grown("holdfast_retries_total", { service, result: "sent" });
  const hedges = grown("holdfast_hedges_total", { service, result: "sent" });
  const amplification = (calls + retries + hedges) / calls;
  return { calls, failed: calls - ok, retries, hedges, amplification };
}
