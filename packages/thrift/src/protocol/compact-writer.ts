/** Thrift Compact, from values to bytes. */
export interface CompactWriter {
  readonly protocol: "compact";
}
