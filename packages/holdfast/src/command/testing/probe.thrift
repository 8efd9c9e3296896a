enum Colour { RED = 1, GREEN = 2 }

struct Everything {
  1: required i64 id
  2: optional binary bytes
  3: optional Colour colour
  4: optional list<i32> numbers
  5: optional map<string, i64> counts
  6: optional double ratio
}

exception Refused {
  1: required string reason
  2: optional i64 limit
}

service Probe {
  Everything Echo(1: Everything request) throws (1: Refused refused)
  string Fail(1: string code)
  i64 Add(1: i64 one, 2: i64 other = 1)
  void Nothing()
  oneway void Note(1: string text)
  string Never()
}

service Empty {}
