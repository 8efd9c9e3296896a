/**
 * What codegen/apache-bytes.test.ts compares with bytes that Apache's Go library 0.17.0 wrote from
 * the same IDL.
 */
enum Color {
  RED = 1
  BLUE = 5
}

struct Inner {
  1: required i32 a
  2: optional string b
  20: optional bool far
}

struct All {
  1: required bool t
  2: required bool f
  3: required byte b
  4: required i16 s
  5: required i32 i
  6: required i64 l
  7: required double d
  8: required string str
  9: required binary bin
  10: required list<i32> li
  11: required set<string> ss
  12: required map<string, i64> m
  13: required Inner inner
  14: required list<Inner> inners
  15: required list<bool> bools
  16: required Color color
  40: required map<i32, list<bool>> deep
  41: required list<double> ds
  42: required list<i64> longs
  39: required map<string, string> empty
  100: optional bool back
}
