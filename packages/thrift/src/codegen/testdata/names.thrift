include "shared.thrift"

/** Names that mean something to TypeScript, or that two things want. */
struct Map {
  1: required string constructor
  2: optional string toString
  3: optional string __proto__
  4: required i32 class
  5: required i32 default_
  6: required list<Map> input
  7: required i32 key
  8: required i32 value
  9: required i32 shared
  10: optional shared.Point hasOwnProperty
  11: optional i32 then
  12: required i32 readMapBinary
  13: required i32 output
  14: required map<Set, Error> map
  15: required i32 TYPE
  16: required i32 constructor_
  17: optional i32 arguments = Codec
}

struct Set {
  1: required i32 value_
}

struct Error {
  1: required list<i32> list
}

enum Promise {
  constructor = 1
  __proto__ = 2
  class = 3
}

const i32 Codec = 4
const i32 Foo = 5

struct Foo_ {
  1: optional i32 Foo = Foo
}

struct FooCodec {
  1: optional FooCodec codec
}

struct readFooCodecBinary {
}

struct Person {
  1: optional Promise promise = Promise.constructor
}

struct PersonCodec {
  1: optional Person person
}

/** A union with fields of those names. */
union Object {
  1: string value
  2: string field
  3: i32 key
  4: Object constructor
}

exception Uint8Array {
  1: optional string value
}

service Context {
  void then(1: i32 context, 2: i32 call, 3: i32 args)
  void Then()
  void GetIt(1: i32 handler)
  void get_it()
  void getIt(1: optional i32 class)
  void constructor()
  void HTTPGet()
  void delete(1: Map value) throws (1: Uint8Array error)
  void _private()
}

/** A service whose derived names are taken. */
service Taken {
  void run()
}

struct TakenHandler {
}

struct TakenRunArguments {
}
