/** What several services share. */
namespace js testdata.shared

/** Seconds since the Unix epoch. */
typedef i64 Seconds (js.type = "number")
typedef uuid TraceId

const i32 DEFAULT_LIMIT = 25

enum Level {
  LOW = 1
  /** The usual one. */
  MIDDLE = 5
  HIGH
  BELOW = -3
}

struct Point {
  1: required double x
  2: required double y
}

exception NotAllowed {
  1: string message
  2: i32 code = 403
}

service Base {
  /** Answers when the process does. */
  string ping()
  oneway void shutDown(1: i32 afterMs)
}
