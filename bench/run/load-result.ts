// What every load client prints as its one JSON line, whatever language it is written in.

export interface LoadResult {
  calls: number;
  /** Length of the measured window. */
  seconds: number;
  rps: number;
  p50Us: number;
  p99Us: number;
  /** Absent where the client does not tell. */
  p999Us?: number;
  /** Wrong, missing or failed replies, warm-up and end included; anything but 0 spoils the row. */
  errors: number;
  /** CPU of the server's process over the window. */
  serverCpuSeconds?: number;
  /** CPU of the client's own process over the window. */
  clientCpuSeconds?: number;
  /** Resident memory of the server at the end of the window. */
  serverRssKib?: number;
  /** Open loop: how late the client was with its calls at the end of the window, in ms. */
  behindMs?: number;
}

/** Reads the last line of a load client's output. Throws if nothing was measured. */
export function parseLoadResult(output: string): LoadResult {
  const line = output.trimEnd().split("\n").at(-1) ?? "";
  let result: LoadResult;
  try {
    result = JSON.parse(line) as LoadResult;
  } catch {
    throw new Error(`a load client printed no JSON line but: ${line.slice(0, 200)}`);
  }
  if (!(result.calls > 0)) throw new Error("no call was answered in the window");
  return result;
}
