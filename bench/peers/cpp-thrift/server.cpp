// Debian's C++ thrift: framed Binary, one IO thread that also runs the handlers ("nonblocking")
// or a thread per connection ("threaded"). `cpp-server PORT nonblocking|threaded`
#include "Echo.h"
#include <csignal>
#include <cstdio>
#include <cstring>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/server/TNonblockingServer.h>
#include <thrift/server/TThreadedServer.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TNonblockingServerSocket.h>
#include <thrift/transport/TServerSocket.h>

using namespace apache::thrift;
using std::make_shared;

class Handler : public echo::EchoIf {
public:
  void echo(echo::EchoReply &reply, const echo::EchoRequest &request) override {
    reply.__set_id(request.id);
    reply.__set_timestampMs(request.timestampMs);
    reply.__set_kind(request.kind);
    reply.__set_text(request.text);
  }

  void getItems(std::vector<echo::Item> &items, const echo::GetRequest &request) override {
    items.resize(static_cast<size_t>(request.limit));
    for (int32_t n = 0; n < request.limit; n++) {
      echo::Item &item = items[static_cast<size_t>(n)];
      item.__set_itemId(request.userId + n);
      item.__set_timestampMs(request.toMs - n);
      item.__set_kind(n);
      item.__set_text("item-text-of-thirty-two-letters.");
    }
  }

  int32_t setItems(const echo::SetRequest &request) override {
    return static_cast<int32_t>(request.items.size());
  }
};

/** Says "ready" once the server listens. */
class Ready : public server::TServerEventHandler {
  void preServe() override {
    std::puts("ready");
    std::fflush(stdout);
  }
};

static int serve(server::TServer &server) {
  server.setServerEventHandler(make_shared<Ready>());
  server.serve();
  return 0;
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  std::signal(SIGPIPE, SIG_IGN);
  int port = std::atoi(arguments[1]);
  auto processor = make_shared<echo::EchoProcessor>(make_shared<Handler>());
  auto protocol = make_shared<protocol::TBinaryProtocolFactory>();
  if (std::strcmp(arguments[2], "threaded") == 0) {
    auto listener = make_shared<transport::TServerSocket>("127.0.0.1", port);
    auto framed = make_shared<transport::TFramedTransportFactory>();
    server::TThreadedServer server(processor, listener, framed, protocol);
    return serve(server);
  }
  auto listener = make_shared<transport::TNonblockingServerSocket>("127.0.0.1", port);
  server::TNonblockingServer server(processor, protocol, listener);
  return serve(server);
}
