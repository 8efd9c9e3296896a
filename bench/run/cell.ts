// A cell is one question put to a server: which method, on how many connections, with how many
// calls in flight on each. Written `echo:10x32`.

export const METHODS = ["echo", "get", "set"] as const;
export type Method = (typeof METHODS)[number];

export interface Cell {
  method: Method;
  connections: number;
  inFlight: number;
}

/** Throws on anything but `method:CONNECTIONSxINFLIGHT`. */
export function parseCell(text: string): Cell {
  const match = /^(\w+):(\d+)x(\d+)$/.exec(text);
  const method = METHODS.find((name) => name === match?.[1]);
  const connections = Number(match?.[2]);
  const inFlight = Number(match?.[3]);
  if (method === undefined || !(connections > 0 && inFlight > 0)) {
    throw new Error(`"${text}" is no cell: write ${METHODS.join("|")}:CONNECTIONSxINFLIGHT`);
  }
  return { method, connections, inFlight };
}

/** The text that `parseCell` reads. */
export function formatCell(cell: Cell): string {
  return `${cell.method}:${cell.connections}x${cell.inFlight}`;
}
