/**
 * Every construct of the IDL at least once, for the tests of the code generator. The names are
 * about nothing.
 */
include "shared.thrift"

namespace js testdata.everything
namespace * testdata.everything

/** Written as a number in JavaScript. */
typedef i64 Count (js.type = "number")
typedef i64 Id
typedef list<Id> Ids
typedef map<string, list<shared.Point>> Tracks
typedef Ids SameIds

const bool YES = true
const byte SMALL = -128
const i16 SHORT = 32767
const i32 LIMIT = shared.DEFAULT_LIMIT
const i64 BIG = 9223372036854775807
const Count COUNTED = 9007199254740991
const double RATIO = -2.5e-7
const double HUGE = 6.02e23
const string PLAIN = "plain text"
const string QUOTED = 'she said "it\'s here"'
const string LONG_TEXT = "a text that is long enough that a formatter moves it to a line of its own, below"
const binary BYTES = "bytes of a text: ÿ"
const uuid NOBODY = "00000000-0000-0000-0000-000000000000"
const Color BACKGROUND = Color.GREEN
const shared.Level LEVEL = shared.Level.HIGH
const list<i32> PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103]
const list<i64> BIG_ONES = [1, -1, 1099511627776]
const set<string> WORDS = ["one", "two"]
const map<string, list<Color>> PALETTES = {"warm": [Color.RED, Color.YELLOW], "cold": [4]}
const map<i64, bool> NOTHING = {}
const shared.Point ORIGIN = {"x": 0, "y": 0.0}
const list<shared.Point> CORNERS = [{"x": 0, "y": 0}, {"x": 1, "y": 1}]
const map<shared.Point, string> PLACES = {{"x": 1, "y": 2}: "here"}
const Shape ROUND = {"radius": 3}
const Person SOMEBODY = {"id": 7, "name": "Ada", "tags": ["x"]}

enum Color {
  RED
  GREEN = 2
  YELLOW
  BLUE = 4 (hex = "00f")
}

/** A person. The comment ends with a star-slash: it does not end the comment of the output. */
struct Person {
  /** Who it is. */
  1: required Id id
  2: required string name
  3: optional i32 age
  /**
   * Several lines,
   * with a gap:
   *
   *   and an indentation.
   */
  4: optional set<string> tags = ["none"]
  5: Person parent
  6: list<Person> children
  7: optional Color favourite = Color.RED
}

/** All types, none of which says whether it is required. */
struct Neither {
  1: bool aBool
  2: byte aByte
  3: i16 anI16
  4: i32 anI32
  5: i64 anI64
  6: double aDouble
  7: string aString
  8: binary aBinary
  9: uuid aUuid
  10: Color aColor
  11: Person aPerson
  12: list<i32> aList
  13: set<i32> aSet
  14: map<i32, string> aMap
  15: Count aCount
  16: Shape aShape
  17: i8 anI8
}

/** The same, optional. */
struct Optional {
  1: optional bool aBool
  2: optional byte aByte
  3: optional i16 anI16
  4: optional i32 anI32
  5: optional i64 anI64
  6: optional double aDouble
  7: optional string aString
  8: optional binary aBinary
  9: optional uuid aUuid
  10: optional Color aColor
  11: optional Person aPerson
  12: optional list<i32> aList
  13: optional set<i32> aSet
  14: optional map<i32, string> aMap
  15: optional i64 aCount (js.type = "number")
  16: optional Shape aShape
  300: optional bool farAway
  299: optional bool back
}

/** The same, required. */
struct Required {
  1: required bool aBool
  2: required byte aByte
  3: required i16 anI16
  4: required i32 anI32
  5: required i64 anI64
  6: required double aDouble
  7: required string aString
  8: required binary aBinary
  9: required uuid aUuid
  10: required Color aColor
  11: required Person aPerson
  12: required list<i32> aList
  13: required set<i32> aSet
  14: required map<i32, string> aMap
  15: required Count aCount
  16: required Shape aShape
}

/** The same, with defaults. */
struct Defaults {
  1: bool aBool = true
  2: byte aByte = 1
  3: i16 anI16 = 2
  4: i32 anI32 = LIMIT
  5: i64 anI64 = 4
  6: double aDouble = 5
  7: string aString = PLAIN
  8: binary aBinary = "abc"
  9: uuid aUuid = "12345678-9abc-def0-1234-56789abcdef0"
  10: Color aColor = Color.BLUE
  11: shared.Point aPoint = {"x": 1, "y": 2}
  12: list<i32> aList = [1, 2, 3]
  13: set<i32> aSet = [4]
  14: map<i32, string> aMap = {1: "one"}
  15: Count aCount = 6
  16: Shape aShape = {"label": "round"}
  17: optional i64 anOptional = COUNTED
  18: required i64 aRequired = 8
}

/** Containers of containers, and what cannot be a key. */
struct Containers {
  1: required list<list<i32>> matrix
  2: required map<string, map<i64, list<bool>>> deep
  3: required set<binary> blobs
  4: required set<shared.Point> points
  5: required map<shared.Point, Color> colors
  6: required map<list<string>, set<double>> odd
  7: required map<uuid, set<Color>> byTrace
  8: required map<bool, byte> flags
  9: required list<Shape> shapes
  10: required list<map<string, i16>> maps
  11: required Tracks tracks
  12: required SameIds ids
  13: required list<i64 (js.type = "number")> numbers
  14: required map<double, binary> byRatio
  15: required list<uuid> uuids
  16: required list<bool> bools
  17: required map<i64, Person> people
  18: required list<binary> chunks
}

/** One of several things. */
union Shape {
  1: double radius
  /** Four corners. */
  2: list<shared.Point> polygon
  3: string label
  4: Person person
  5: Shape outline
}

union OnlyOne {
  1: i64 (js.type = "number") value
}

struct Nothing {
}

/** More fields of fixed size than a writer's headroom has room for. */
struct Wide {
  1: uuid u1
  2: uuid u2
  3: uuid u3
  4: uuid u4
  5: uuid u5
  6: uuid u6
  7: uuid u7
  8: uuid u8
  9: uuid u9
  10: uuid u10
  11: uuid u11
  12: uuid u12
  13: uuid u13
  14: uuid u14
  15: uuid u15
  16: uuid u16
  17: uuid u17
  18: uuid u18
  19: uuid u19
  20: uuid u20
  21: uuid u21
  22: uuid u22
  23: uuid u23
  24: uuid u24
  25: uuid u25
  26: uuid u26
  27: uuid u27
  28: uuid u28
  29: uuid u29
  30: uuid u30
  2001: i64 l1
  1002: i64 l2
  2003: i64 l3
  1004: i64 l4
  2005: i64 l5
  1006: i64 l6
  2007: i64 l7
  1008: i64 l8
  2009: i64 l9
  1010: i64 l10
  31: Nothing nothing
  32: optional Wide inner
  33: bool last
}

/** Fields that every error has already. */
exception Clash {
  1: required string message
  2: optional string name
  3: required string stack
  4: optional Person cause
}

exception Strange {
  1: i32 message
  2: list<string> reasons
}

exception Empty {
}

enum AnEnumWithALongName {
  ONE = 1
}

/** A struct with very long names, so that everything has to be broken. */
struct AStructWithAVeryLongNameThatHardlyFitsAnyLineOfCode {
  1: required map<string, AStructWithAVeryLongNameThatHardlyFitsAnyLineOfCode> aLongField
  2: optional string anOptionalFieldWithAnEvenLongerNameThanTheOneBeforeIt = "and a default that is long"
  3: string aFieldThatSaysNeitherButHasADefaultValueOfSomeLength = "another default that is long"
  4: list<AStructWithAVeryLongNameThatHardlyFitsAnyLineOfCode> many
  5: optional AnEnumWithALongName anEnum = AnEnumWithALongName.ONE
  6: set<AStructWithAVeryLongNameThatHardlyFitsAnyLineOfCode> moreAndMoreAndMoreOfThoseOfThoseOfThem
  7: optional map<AnEnumWithALongName, AStructWithAVeryLongNameThatHardlyFitsAnyLineOfCode> optionalMap
}

/** Everything that can be called. */
service Everything extends shared.Base {
  void doNothing()
  bool getBool(1: bool value)
  byte getByte(1: byte value)
  i16 getI16(1: i16 value)
  i32 getI32(1: i32 value = LIMIT)
  i64 getI64(1: i64 value)
  Count getCount(1: Count value)
  double getDouble(1: double value)
  string getString(1: string value)
  binary getBinary(1: binary value)
  uuid getUuid(1: uuid value)
  Color getColor(1: Color value)
  Person GetPerson(1: Person person, 2: optional i32 depth) throws (1: Clash clash, 2: shared.NotAllowed notAllowed)
  list<Person> get_people(1: set<Id> ids) (holdfast.idempotent = "true", since = "2")
  map<string, list<i64>> getMap(1: map<string, list<i64>> value)
  set<binary> getBlobs(set<binary> value)
  Shape getShape(1: Shape value) throws (1: Strange strange, 2: Empty empty)
  oneway void forget(1: string what, 2: i64 howMany (js.type = "number"))
  AStructWithAVeryLongNameThatHardlyFitsAnyLineOfCode getSomethingWithAMethodNameThatIsLongAsWell(1: AStructWithAVeryLongNameThatHardlyFitsAnyLineOfCode value, 2: map<string, AStructWithAVeryLongNameThatHardlyFitsAnyLineOfCode> values = {})
}

service MoreOfEverything extends Everything {
  string more(1: shared.TraceId id, 2: shared.Seconds at, 3: shared.Level level = shared.Level.LOW)
}

service Idle {
}
