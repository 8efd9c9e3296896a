// What the C++ client asks of our server, method by method.
#pragma once

#include "handler.h"
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <thrift/TApplicationException.h>

using apache::thrift::TApplicationException;

inline void check(bool condition, const std::string &what) {
  if (!condition) throw std::runtime_error(what);
}

template <typename Value> void same(const Value &got, const Value &wanted) {
  check(got == wanted, "not what was sent");
}

/** Each value comes back as it went. */
template <typename Value, typename Call>
void echoes(Call call, const std::vector<Value> &values) {
  for (const Value value : values) same<Value>(call(value), value);
}

/** The same for results that C++ Thrift gives back through its first parameter. */
template <typename Value>
void echoesInto(const std::function<void(Value &, const Value &)> &call,
                const std::vector<Value> &values) {
  for (const Value &value : values) {
    Value got;
    call(got, value);
    same(got, value);
  }
}

class Checks {
public:
  explicit Checks(std::shared_ptr<apache::thrift::protocol::TProtocol> protocol)
      : client(protocol), second(protocol) {}

  void runSecond() {
    run("secondtestString", [this] {
      std::string got;
      second.secondtestString(got, "x");
      same<std::string>(got, "testString(\"x\")");
    });
  }

  void runTest() {
    scalars();
    containers();
    structs();
    exceptions();
    run("testOneway", [this] { client.testOneway(3); });
  }

private:
  ThriftTestClient client;
  SecondServiceClient second;

  void run(const std::string &name, const std::function<void()> &body) {
    try {
      body();
      say("ok " + name);
    } catch (const std::exception &error) {
      say("failed " + name + ": " + error.what());
    }
  }

  /** Letters of one to four bytes, a zero byte, a line's end. */
  static std::string text() { return std::string("aä→😀\0\n", 12); }

  static std::string longText() {
    std::string all;
    for (int n = 0; n < 50000; n++) all += text();
    return all;
  }

  static Xtruct extremes() {
    return xtruct("Zero", -128, std::numeric_limits<int32_t>::min(),
                  std::numeric_limits<int64_t>::min());
  }

  void scalars() {
    run("testVoid", [this] { client.testVoid(); });
    run("testBool", [this] {
      check(client.testBool(true), "not true");
      check(!client.testBool(false), "not false");
    });
    run("testByte", [this] {
      echoes<int8_t>([this](int8_t n) { return client.testByte(n); }, {0, 127, -128});
    });
    run("testI32", [this] {
      echoes<int32_t>([this](int32_t n) { return client.testI32(n); },
                      {0, -1, std::numeric_limits<int32_t>::max(),
                       std::numeric_limits<int32_t>::min()});
    });
    run("testI64", [this] {
      echoes<int64_t>([this](int64_t n) { return client.testI64(n); },
                      {0, -1, std::numeric_limits<int64_t>::max(),
                       std::numeric_limits<int64_t>::min()});
    });
    run("testDouble", [this] {
      echoes<double>([this](double n) { return client.testDouble(n); },
                     {0, -1.0 / 3, 5e-324, std::numeric_limits<double>::max(), INFINITY,
                      -INFINITY});
      check(std::signbit(client.testDouble(-0.0)), "not -0");
      check(std::isnan(client.testDouble(NAN)), "not NaN");
    });
    run("testEnum", [this] {
      echoes<Numberz::type>([this](Numberz::type n) { return client.testEnum(n); },
                            {Numberz::ONE, Numberz::EIGHT});
    });
    run("testTypedef", [this] {
      echoes<int64_t>([this](int64_t n) { return client.testTypedef(n); }, {309858235082523LL});
    });
    run("testString", [this] {
      echoesInto<std::string>(
          [this](std::string &got, const std::string &sent) { client.testString(got, sent); },
          {"", text(), longText()});
    });
    run("testBinary", [this] {
      std::string bytes;
      for (int n = 0; n < 25600; n++) bytes += static_cast<char>(n);
      echoesInto<std::string>(
          [this](std::string &got, const std::string &sent) { client.testBinary(got, sent); },
          {"", bytes});
    });
  }

  void containers() {
    run("testMap", [this] {
      std::map<int32_t, int32_t> map;
      for (int32_t n = -2; n < 5000; n++) map[n] = 10 - n;
      echoesInto<std::map<int32_t, int32_t>>(
          [this](auto &got, const auto &sent) { client.testMap(got, sent); }, {{}, map});
    });
    run("testStringMap", [this] {
      std::map<std::string, std::string> map = {{"", ""}, {text(), "b"}, {"a", text()}};
      echoesInto<std::map<std::string, std::string>>(
          [this](auto &got, const auto &sent) { client.testStringMap(got, sent); }, {map});
    });
    run("testSet", [this] {
      std::set<int32_t> set;
      for (int32_t n = -2; n < 300; n++) set.insert(n);
      echoesInto<std::set<int32_t>>(
          [this](auto &got, const auto &sent) { client.testSet(got, sent); }, {{}, set});
    });
    run("testList", [this] {
      std::vector<int32_t> list;
      for (int32_t n = -2; n < 20000; n++) list.push_back(n);
      echoesInto<std::vector<int32_t>>(
          [this](auto &got, const auto &sent) { client.testList(got, sent); }, {{}, list});
    });
    run("testMapMap", [this] {
      std::map<int32_t, std::map<int32_t, int32_t>> got, wanted;
      client.testMapMap(got, 1);
      TestHandler().testMapMap(wanted, 1);
      same(got, wanted);
    });
    run("testInsanity", [this] {
      Insanity insanity;
      insanity.__set_userMap({{Numberz::FIVE, 5}, {Numberz::EIGHT, -8}});
      insanity.__set_xtructs({extremes(), xtruct("Hello2", 2, 2, 2)});
      std::map<UserId, std::map<Numberz::type, Insanity>> got, wanted;
      client.testInsanity(got, insanity);
      TestHandler().testInsanity(wanted, insanity);
      same(got, wanted);
    });
  }

  void structs() {
    run("testStruct", [this] {
      echoesInto<Xtruct>([this](auto &got, const auto &sent) { client.testStruct(got, sent); },
                         {extremes()});
    });
    run("testNest", [this] {
      Xtruct2 nest;
      nest.__set_byte_thing(1);
      nest.__set_struct_thing(extremes());
      nest.__set_i32_thing(5);
      echoesInto<Xtruct2>([this](auto &got, const auto &sent) { client.testNest(got, sent); },
                          {nest});
    });
    run("testMulti", [this] {
      Xtruct got;
      client.testMulti(got, 1, 2, 1LL << 62, {{-3, "a"}, {4, "b"}}, Numberz::SIX, 3);
      same(got, xtruct("Hello2", 1, 2, 1LL << 62));
    });
  }

  void exceptions() {
    run("testException", [this] {
      checkXception([this] { client.testException("Xception"); }, "Xception");
      client.testException("nothing");
    });
    run("testMultiException", [this] {
      Xtruct got;
      checkXception([&] { client.testMultiException(got, "Xception", "no"); },
                    "This is an Xception");
      try {
        client.testMultiException(got, "Xception2", "no");
        check(false, "nothing was thrown");
      } catch (const Xception2 &exception) {
        same(exception.errorCode, 2002);
        same<std::string>(exception.struct_thing.string_thing, "This is an Xception2");
      }
      client.testMultiException(got, "none", "yes");
      same<std::string>(got.string_thing, "yes");
    });
    run("a failure that is not declared", [this] {
      checkFailure([this] { client.testException("TException"); },
                   TApplicationException::INTERNAL_ERROR);
      // The connection has outlived it.
      same(client.testI32(7), 7);
    });
    run("a method that does not exist", [this] {
      std::string got;
      checkFailure([&] { second.secondtestString(got, "x"); },
                   TApplicationException::UNKNOWN_METHOD);
      same(client.testI32(8), 8);
    });
  }

  static void checkXception(const std::function<void()> &call, const std::string &message) {
    try {
      call();
    } catch (const Xception &exception) {
      same(exception.errorCode, 1001);
      return same(exception.message, message);
    }
    check(false, "nothing was thrown");
  }

  static void checkFailure(const std::function<void()> &call,
                           TApplicationException::TApplicationExceptionType type) {
    try {
      call();
    } catch (const TApplicationException &exception) {
      return check(exception.getType() == type, "not the type of failure that was expected");
    }
    check(false, "nothing was thrown");
  }
};
