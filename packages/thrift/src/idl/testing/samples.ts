// IDL files of our own in which every part of the language occurs, for tests that take any good
// file: the referee's, the round trip's, the fuzzer's.

/** What {@link EVERYTHING_IDL} includes as "shared.thrift". */
export const SHARED_IDL = `
namespace * shared
enum Color { RED, GREEN = 5 BLUE, }
struct Point { 1: required i32 x; 2: required i32 y = 3 }
exception Broken { 1: string why }
typedef map<string, Point> Points
const Color FAVOURITE = Color.BLUE
service Base { void ping(), Color after(1: Color color) throws (1: Broken broken) }
`;

/** All that Apache's compiler of Debian 12 (0.17) understands as well. */
export const EVERYTHING_IDL = `#!/usr/bin/thrift
/**
 * What the file is for.
 *
 * Second paragraph.
 */
include "shared.thrift"
namespace py every.thing
namespace java org.every.thing
cpp_include "<vector>"

/** A doc comment. */
const i32 HEX = 0x1F
const i64 LARGE = -123456789
const double HALF = 0.5
const double WHOLE = 3
const bool YES = true
const string TEXT = 'single \\'quoted\\', "double" and a tab \\t'
const list<shared.Color> COLORS = [shared.Color.RED, shared.Color.GREEN; shared.Color.BLUE]
const map<string, list<i16>> NESTED = {"a": [1, 2], "b": []}
const shared.Point POINT = {"x": 1}
const set<i32> SET = [HEX, 2, 1]
const i32 SAME = HEX

typedef i64 (js.type = "number") Millis (kept = "yes")
typedef shared.Points Places

/*
 * No doc comment.
 */
enum Level {
  /** Nothing. */
  NONE = 0x0
  SOME (weight = "heavy", flag),
  MANY = -3;
  MORE
} (of = "levels")

/**
 * Indented
 *   text.
 */
struct Thing {
  1: required i32 id = HEX,
  /** Documented. */
  3: optional shared.Color color = shared.Color.GREEN (on = "field")
  2: Millis at;
  32767: map<i32, set<binary> (in = "side")> last
  5: optional list<list<shared.Point>> points = [[{"x": 1, "y": 2}]]
  6: Places places
  7: byte small = 127 8: i8 same 9: i16 integer 10: double number 11: bool truth 12: string text
  13: Level level = Level.MORE
  14: optional Thing again
} (of = "struct")

union Choice { 1: i32 number 2: string text = "x" }
exception Failure { 1: Thing thing }

/** Serves. */
service Things extends shared.Base {
  /** Gets it. */
  Thing get(1: i32 id, 2: Millis at = 5) throws (1: Failure failure, 2: shared.Broken broken),
  oneway void forget(1: i32 id) (fast = "yes"); list<Choice> all()
} (of = "service")
`;

/** What newer and what very old compilers understand. It includes nothing. */
export const OLD_AND_NEW_IDL = `
cpp_namespace old.times
namespace smalltalk.category Old-Times
senum Flavour { "sweet", "sour"; "salty" }
struct Antique xsd_all {
  1: i32 a xsd_optional xsd_nillable xsd_attrs { 1: string x, string y } (z = "z")
  2: Antique & next;
  3: map cpp_type "Map" <i32, list<slist> cpp_type "List"> words
  4: uuid id = '{00112233-4455-6677-8899-aabbccddeeff}',
  5: Flavour flavour = "sweet"
}
service Clock { async void tick(i32 count, Antique antique) }
union Either { 1: Antique antique, 2: binary bytes = "é" }
const Either ONE = {"antique": {"a": -0x7F, "words": {1: ["x"], +2: []}, "flavour": FLAVOUR}}
const Flavour FLAVOUR = 'sour'
const map<set<double>, list<Either>> TABLE = {[1, .5, -2e3]: [ONE, {"bytes": "\\t"}], {}: []}
`;

/** A service as key-value stores, metastores and status interfaces have them. */
export const STORE_IDL = `#!/usr/local/bin/thrift --java --php --py
# Licensed to nobody in particular.

include "shared.thrift"

namespace java org.example.store
namespace py.twisted store

const string VERSION = "19.39.0"

enum ConsistencyLevel { ONE = 1, QUORUM = 2, ALL = 5, ANY = 6, }

/** The path to a column.
 * @param family. Where it is.
 * @param column. Its name.
 */
struct ColumnPath {
    3: required string family,
    4: optional binary superColumn,
    5: optional binary column,
}

exception NotFound { }
exception InvalidRequest { 1: required string why }

service Store extends shared.Base {
  # auth methods
  void login(1: required map<string, string> credentials) throws (1:InvalidRequest ire),

  /**
    Get the Column at the given path. (This is the only method that throws NotFound under
    non-failure conditions.)
   */
  binary get(1:required binary key,
             2:required ColumnPath path,
             3:required ConsistencyLevel level=ConsistencyLevel.ONE)
         throws (1:InvalidRequest ire, 2:NotFound nfe),
  map<binary, map<string, list<binary>>> getAll(1: list<binary> keys, 2: i16 most=-1)
                                          throws(1:InvalidRequest ire)
  oneway void shutdown(),
}
`;
