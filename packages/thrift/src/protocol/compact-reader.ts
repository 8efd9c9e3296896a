/** Thrift Compact, from bytes to values. */
export interface CompactReader {
  readonly protocol: "compact";
}
