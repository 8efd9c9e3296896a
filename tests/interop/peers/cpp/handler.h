// The service, answered by Apache Thrift for C++.
#pragma once

#include "SecondService.h"
#include "ThriftTest.h"
#include <cstdio>

using namespace thrift::test;

inline void say(const std::string &line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

inline Xtruct xtruct(const std::string &text, int8_t a, int32_t b, int64_t c) {
  Xtruct value;
  value.__set_string_thing(text);
  value.__set_byte_thing(a);
  value.__set_i32_thing(b);
  value.__set_i64_thing(c);
  return value;
}

class TestHandler : public ThriftTestIf {
public:
  void testVoid() override {}
  void testString(std::string &reply, const std::string &thing) override { reply = thing; }
  bool testBool(const bool thing) override { return thing; }
  int8_t testByte(const int8_t thing) override { return thing; }
  int32_t testI32(const int32_t thing) override { return thing; }
  int64_t testI64(const int64_t thing) override { return thing; }
  double testDouble(const double thing) override { return thing; }
  void testBinary(std::string &reply, const std::string &thing) override { reply = thing; }
  void testStruct(Xtruct &reply, const Xtruct &thing) override { reply = thing; }
  void testNest(Xtruct2 &reply, const Xtruct2 &thing) override { reply = thing; }

  void testMap(std::map<int32_t, int32_t> &reply,
               const std::map<int32_t, int32_t> &thing) override {
    reply = thing;
  }

  void testStringMap(std::map<std::string, std::string> &reply,
                     const std::map<std::string, std::string> &thing) override {
    reply = thing;
  }

  void testSet(std::set<int32_t> &reply, const std::set<int32_t> &thing) override {
    reply = thing;
  }

  void testList(std::vector<int32_t> &reply, const std::vector<int32_t> &thing) override {
    reply = thing;
  }

  Numberz::type testEnum(const Numberz::type thing) override { return thing; }
  UserId testTypedef(const UserId thing) override { return thing; }

  void testMapMap(std::map<int32_t, std::map<int32_t, int32_t>> &reply, const int32_t) override {
    for (int32_t n = 1; n <= 4; n++) {
      reply[4][n] = n;
      reply[-4][-n] = -n;
    }
  }

  void testInsanity(std::map<UserId, std::map<Numberz::type, Insanity>> &reply,
                    const Insanity &argument) override {
    reply[1][Numberz::TWO] = argument;
    reply[1][Numberz::THREE] = argument;
    reply[2][Numberz::SIX] = Insanity();
  }

  void testMulti(Xtruct &reply, const int8_t arg0, const int32_t arg1, const int64_t arg2,
                 const std::map<int16_t, std::string> &, const Numberz::type,
                 const UserId) override {
    reply = xtruct("Hello2", arg0, arg1, arg2);
  }

  void testException(const std::string &arg) override {
    if (arg == "Xception") throwXception(arg);
    if (arg == "TException") throw apache::thrift::TException("nobody declared this");
  }

  void testMultiException(Xtruct &reply, const std::string &arg0,
                          const std::string &arg1) override {
    if (arg0 == "Xception") throwXception("This is an Xception");
    if (arg0 == "Xception2") {
      Xception2 exception;
      exception.__set_errorCode(2002);
      exception.__set_struct_thing(xtruct("This is an Xception2", 0, 0, 0));
      throw exception;
    }
    reply = xtruct(arg1, 0, 0, 0);
  }

  void testOneway(const int32_t seconds) override { say("oneway " + std::to_string(seconds)); }

private:
  static void throwXception(const std::string &message) {
    Xception exception;
    exception.__set_errorCode(1001);
    exception.__set_message(message);
    throw exception;
  }
};

class SecondHandler : public SecondServiceIf {
  void secondtestString(std::string &reply, const std::string &thing) override {
    reply = "testString(\"" + thing + "\")";
  }
};
