// The service that README.md shows.

struct GreetReply {
  1: required string text
  /** How many greetings were given since the start, this one included. */
  2: required i64 count
}

exception InvalidName {
  1: required string reason
}

service Greeter {
  GreetReply Greet(1: string name) throws (1: InvalidName invalid)
}
