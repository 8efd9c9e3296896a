// Apache Thrift for C++ (Debian: libthrift-dev), as a client of ours and as a server for ours.
//
// cpp-peer server SERVICE TRANSPORT PROTOCOL
//     prints "ready PORT", and "oneway N" for each call of testOneway; ends with its stdin.
// cpp-peer client SERVICE TRANSPORT PROTOCOL PORT
//     prints "ok NAME" or "failed NAME: why" for each check.
//
// SERVICE is `test` or `second`, PROTOCOL `binary` or `compact`, TRANSPORT `framed` or `buffered`,
// for a server `nonblocking` too: framed, by TNonblockingServer.
#include "client.h"
#include <csignal>
#include <thread>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/server/TNonblockingServer.h>
#include <thrift/server/TThreadedServer.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TNonblockingServerSocket.h>
#include <thrift/transport/TServerSocket.h>
#include <thrift/transport/TSocket.h>
#include <unistd.h>

using namespace apache::thrift;
using std::make_shared;
using std::shared_ptr;
using std::string;

static shared_ptr<protocol::TProtocolFactory> protocolFactory(const string &name) {
  if (name == "compact") return make_shared<protocol::TCompactProtocolFactory>();
  return make_shared<protocol::TBinaryProtocolFactory>();
}

static shared_ptr<transport::TTransportFactory> transportFactory(const string &name) {
  if (name == "buffered") return make_shared<transport::TBufferedTransportFactory>();
  return make_shared<transport::TFramedTransportFactory>();
}

static shared_ptr<TProcessor> processor(const string &service) {
  if (service == "second") {
    return make_shared<SecondServiceProcessor>(make_shared<SecondHandler>());
  }
  return make_shared<ThriftTestProcessor>(make_shared<TestHandler>());
}

/** Says the port once the server listens. */
class Ready : public server::TServerEventHandler {
public:
  explicit Ready(std::function<int()> port) : port(std::move(port)) {}
  void preServe() override { say("ready " + std::to_string(port())); }

private:
  std::function<int()> port;
};

static void serve(server::TServer &server, const std::function<int()> &port) {
  server.setServerEventHandler(make_shared<Ready>(port));
  std::thread([] {
    while (std::getchar() != EOF) {
    }
    _exit(0);
  }).detach();
  server.serve();
}

static void serve(const string &service, const string &transport, const string &protocol) {
  // What a handler throws is said on the wire too, and is part of the test.
  GlobalOutput.setOutputFunction([](const char *) {});
  if (transport == "nonblocking") {
    auto listener = make_shared<transport::TNonblockingServerSocket>("127.0.0.1", 0);
    server::TNonblockingServer server(processor(service), protocolFactory(protocol), listener);
    return serve(server, [&] { return listener->getListenPort(); });
  }
  auto listener = make_shared<transport::TServerSocket>("127.0.0.1", 0);
  server::TThreadedServer server(processor(service), listener, transportFactory(transport),
                                 protocolFactory(protocol));
  serve(server, [&] { return listener->getPort(); });
}

static void call(const string &service, const string &transport, const string &protocol,
                 int port) {
  auto socket = make_shared<transport::TSocket>("127.0.0.1", port);
  socket->setRecvTimeout(30000);
  auto over = transportFactory(transport)->getTransport(socket);
  over->open();
  Checks checks(protocolFactory(protocol)->getProtocol(over));
  if (service == "second") checks.runSecond();
  else checks.runTest();
  over->close();
}

int main(int count, char **words) {
  std::signal(SIGPIPE, SIG_IGN);
  if (count == 5 && string(words[1]) == "server") serve(words[2], words[3], words[4]);
  else if (count == 6) call(words[2], words[3], words[4], std::atoi(words[5]));
  else return 2;
  return 0;
}
