"""Apache Thrift for Python (Debian: python3-thrift), as a client of ours and as a server for ours.

peer.py server SERVICE TRANSPORT PROTOCOL
    prints "ready PORT", and "oneway N" for each call of testOneway; ends with its stdin.
peer.py client SERVICE TRANSPORT PROTOCOL PORT
    prints "ok NAME" or "failed NAME: why" for each check.

SERVICE is `test` or `second`, TRANSPORT `framed` or `buffered`, PROTOCOL `binary`, `compact`,
`accelerated` (Binary, written in C) or `old` (Binary as it was before messages had a version).
"""

import logging
import math
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", ".generated", "python"))

from thrift.protocol.TBinaryProtocol import (  # noqa: E402
    TBinaryProtocolAcceleratedFactory,
    TBinaryProtocolFactory,
)
from thrift.protocol.TCompactProtocol import TCompactProtocolFactory  # noqa: E402
from thrift.server.TServer import TThreadedServer  # noqa: E402
from thrift.Thrift import TApplicationException, TException  # noqa: E402
from thrift.transport import TSocket, TTransport  # noqa: E402
from thrift_test import SecondService, ThriftTest  # noqa: E402
from thrift_test.ttypes import (  # noqa: E402
    Insanity,
    Numberz,
    Xception,
    Xception2,
    Xtruct,
    Xtruct2,
)

TRANSPORTS = {
    "framed": TTransport.TFramedTransportFactory,
    "buffered": TTransport.TBufferedTransportFactory,
}
PROTOCOLS = {
    "binary": TBinaryProtocolFactory,
    "compact": TCompactProtocolFactory,
    "accelerated": TBinaryProtocolAcceleratedFactory,
    "old": lambda: TBinaryProtocolFactory(strictRead=False, strictWrite=False),
}


def echo(_self, thing):
    return thing


class TestHandler:
    testString = testBool = testByte = testI32 = testI64 = testDouble = testBinary = echo
    testStruct = testNest = testMap = testStringMap = testSet = testList = echo
    testEnum = testTypedef = echo

    def testVoid(self):
        pass

    def testMapMap(self, _hello):
        return {-4: {n: n for n in range(-4, 0)}, 4: {n: n for n in range(1, 5)}}

    def testInsanity(self, argument):
        return {
            1: {Numberz.TWO: argument, Numberz.THREE: argument},
            2: {Numberz.SIX: Insanity()},
        }

    def testMulti(self, arg0, arg1, arg2, _arg3, _arg4, _arg5):
        return Xtruct("Hello2", arg0, arg1, arg2)

    def testException(self, arg):
        if arg == "Xception":
            raise Xception(1001, arg)
        if arg == "TException":
            raise TException("nobody declared this")

    def testMultiException(self, arg0, arg1):
        if arg0 == "Xception":
            raise Xception(1001, "This is an Xception")
        if arg0 == "Xception2":
            raise Xception2(2002, Xtruct("This is an Xception2"))
        return Xtruct(arg1)

    def testOneway(self, seconds):
        say("oneway %d" % seconds)


class SecondHandler:
    def secondtestString(self, thing):
        return 'testString("%s")' % thing


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Listener(TSocket.TServerSocket):
    def listen(self):
        super().listen()
        say("ready %d" % self.handle.getsockname()[1])


def serve(service, transport, protocol):
    # What a handler throws is said on the wire too, and is part of the test.
    logging.disable(logging.CRITICAL)
    if service == "test":
        processor = ThriftTest.Processor(TestHandler())
    else:
        processor = SecondService.Processor(SecondHandler())
    server = TThreadedServer(
        processor,
        Listener("127.0.0.1", 0),
        TRANSPORTS[transport](),
        PROTOCOLS[protocol](),
        daemon=True,
    )
    threading.Thread(target=server.serve, daemon=True).start()
    sys.stdin.read()


def same(got, wanted):
    if got != wanted:
        raise AssertionError("got %.200r instead of %.200r" % (got, wanted))


def same_for(call, *values):
    for value in values:
        same(call(value), value)


def raised(kind, call, *arguments):
    try:
        call(*arguments)
    except kind as error:
        return error
    raise AssertionError("nothing was raised")


def check_double(client):
    same_for(client.testDouble, 0.0, -1 / 3, 5e-324, 1.7976931348623157e308, math.inf, -math.inf)
    same(math.copysign(1, client.testDouble(-0.0)), -1)
    same(math.isnan(client.testDouble(math.nan)), True)


def check_insanity(client):
    insanity = Insanity({Numberz.FIVE: 5, Numberz.EIGHT: -8}, [Xtruct("Goodbye4", 4, 4, 4)])
    got = client.testInsanity(insanity)
    same(got[1], {Numberz.TWO: insanity, Numberz.THREE: insanity})
    same(list(got[2]), [Numberz.SIX])
    empty = got[2][Numberz.SIX]
    same([empty.userMap or {}, empty.xtructs or []], [{}, []])


def check_exception(client):
    error = raised(Xception, client.testException, "Xception")
    same([error.errorCode, error.message], [1001, "Xception"])
    same(client.testException("nothing"), None)


def check_multi_exception(client):
    first = raised(Xception, client.testMultiException, "Xception", "no")
    same([first.errorCode, first.message], [1001, "This is an Xception"])
    second = raised(Xception2, client.testMultiException, "Xception2", "no")
    same([second.errorCode, second.struct_thing.string_thing], [2002, "This is an Xception2"])
    same(client.testMultiException("none", "yes").string_thing, "yes")


def check_undeclared(client):
    error = raised(TApplicationException, client.testException, "TException")
    same(error.type, TApplicationException.INTERNAL_ERROR)
    # The connection has outlived it.
    same(client.testI32(7), 7)


def check_unknown_method(client):
    error = raised(
        TApplicationException, SecondService.Client(client._iprot).secondtestString, "x"
    )
    same(error.type, TApplicationException.UNKNOWN_METHOD)
    same(client.testI32(8), 8)


TEXT = "aä→😀\0\n"
STRUCT = Xtruct("Zero", -128, -(2**31), -(2**63))

TEST_CHECKS = {
    "testVoid": lambda client: same(client.testVoid(), None),
    "testString": lambda client: same_for(client.testString, "", TEXT, TEXT * 50000),
    "testBool": lambda client: same_for(client.testBool, True, False),
    "testByte": lambda client: same_for(client.testByte, 0, 127, -128),
    "testI32": lambda client: same_for(client.testI32, 0, -1, 2**31 - 1, -(2**31)),
    "testI64": lambda client: same_for(client.testI64, 0, -1, 2**63 - 1, -(2**63)),
    "testDouble": check_double,
    "testBinary": lambda client: same_for(client.testBinary, b"", bytes(range(256)) * 100),
    "testStruct": lambda client: same_for(client.testStruct, STRUCT),
    "testNest": lambda client: same_for(client.testNest, Xtruct2(1, STRUCT, 5)),
    "testMap": lambda client: same_for(client.testMap, {}, {n: n - 10 for n in range(5000)}),
    "testStringMap": lambda client: same_for(client.testStringMap, {"": "", TEXT: "b", "a": TEXT}),
    "testSet": lambda client: same_for(client.testSet, set(), set(range(-2, 300))),
    "testList": lambda client: same_for(client.testList, [], list(range(-2, 20000))),
    "testEnum": lambda client: same_for(client.testEnum, Numberz.ONE, Numberz.EIGHT, 77),
    "testTypedef": lambda client: same_for(client.testTypedef, 309858235082523),
    "testMapMap": lambda client: same(client.testMapMap(1), TestHandler().testMapMap(1)),
    "testInsanity": check_insanity,
    "testMulti": lambda client: same(
        client.testMulti(1, 2, 2**62, {-3: "a", 4: "b"}, Numberz.SIX, 3),
        Xtruct("Hello2", 1, 2, 2**62),
    ),
    "testException": check_exception,
    "testMultiException": check_multi_exception,
    "testOneway": lambda client: same(client.testOneway(3), None),
    "a failure that is not declared": check_undeclared,
    "a method that does not exist": check_unknown_method,
}

SECOND_CHECKS = {
    "secondtestString": lambda client: same(client.secondtestString("x"), 'testString("x")'),
}


def call(service, transport, protocol, port):
    socket = TSocket.TSocket("127.0.0.1", int(port))
    socket.setTimeout(30000)
    over = TRANSPORTS[transport]().getTransport(socket)
    over.open()
    kind, checks = {
        "test": (ThriftTest, TEST_CHECKS),
        "second": (SecondService, SECOND_CHECKS),
    }[service]
    client = kind.Client(PROTOCOLS[protocol]().getProtocol(over))
    for name, check in checks.items():
        try:
            check(client)
            say("ok " + name)
        except Exception as error:  # whatever it is, the others still tell something
            say("failed %s: %s %s" % (name, type(error).__name__, error))
    over.close()


if __name__ == "__main__":
    {"server": serve, "client": call}[sys.argv[1]](*sys.argv[2:])
