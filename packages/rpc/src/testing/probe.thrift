/** The service of rpc's own tests: what a call can carry, and calls that the test holds. */
namespace js probe

enum Color {
  RED = 1
  GREEN = 2
}

/** A field of each kind. */
struct Everything {
  1: required bool flag
  2: required i8 tiny
  3: required i16 small
  4: required i32 medium
  5: required i64 large
  6: required double real
  7: required string text
  8: required binary raw
  9: required uuid id
  10: required Color color
  11: required list<string> words
  12: required map<string, i32> counts
  13: optional Everything inner
}

exception Refused {
  1: required string reason
  2: optional i32 limit
}

service Probe {
  /** Answers with what it was given. */
  Everything echo(1: required Everything value)
  /** As many bytes as asked for, and carries what it was given. */
  binary bytes(1: required i32 count, 2: binary ballast)
  /** Ends when and as the test says. */
  string hold(1: required string key) throws (1: Refused refused)
  /** The same without a result. */
  void touch(1: required string key) throws (1: Refused refused)
  /** The same without a reply. */
  oneway void tell(1: required string key)
  /** No arguments and the shortest name. */
  void p()
}
