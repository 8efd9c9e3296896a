// The one load client of this benchmark: N connections with K calls in flight on each, closed
// loop, for a warm-up and a measured window. Replies may come in any order: each is matched by
// its sequence id. Prints one JSON line. `load --help` says the options; standard library and
// Linux epoll only.
#define _GNU_SOURCE
#include "histogram.h"
#include "idle.h"
#include "process.h"
#include "request.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>

// A sequence id is a generation and a slot, so a reply names its slot and a stale one is noticed.
enum { SLOT_BITS = 12, IN_FLIGHT_MAX = 1 << SLOT_BITS, GENERATIONS = 1 << (31 - SLOT_BITS) };
enum { INPUT_BYTES = 1 << 20, REPLY_CHECK_EVERY = 251, DRAIN_MAX_SECONDS = 2 };

struct slot {
  uint64_t sentNs;
  uint32_t sequence;
  int waiting;
};

struct connection {
  int fd;
  struct slot *slots;
  unsigned nextReply; // HTTP: replies come in order
  uint8_t *input, *output;
  size_t inputLength, outputStart, outputLength;
};

struct load {
  int port, connections, inFlight, serverPid;
  double warmupSeconds, windowSeconds;
  struct request request;
  int epoll, open, sending, measuring;
  uint64_t waiting, calls, errors, repliesSeen, idNext;
  struct histogram latency;
  struct connection *all;
};

/** What one reply turned out to be: its size in the stream (0 = not all here yet) and its slot. */
struct reply {
  size_t size, bodyOffset, bodyLength;
  uint32_t sequence;
  int good;
};

static void die(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static uint32_t readU32(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void writeU32(uint8_t *bytes, uint32_t value) {
  for (int index = 0; index < 4; index++) bytes[index] = (uint8_t)(value >> (24 - 8 * index));
}

static void queueCall(struct load *load, struct connection *connection, unsigned index,
                      uint64_t now) {
  struct slot *slot = &connection->slots[index];
  uint8_t *call = connection->output + connection->outputLength;
  memcpy(call, load->request.bytes, load->request.length);
  connection->outputLength += load->request.length;
  uint32_t generation = ((slot->sequence >> SLOT_BITS) + 1) % GENERATIONS;
  slot->sequence = generation << SLOT_BITS | index;
  slot->sentNs = now;
  slot->waiting = 1;
  load->waiting++;
  if (load->request.protocol == PROTOCOL_FRAMED) {
    writeU32(call + load->request.sequenceOffset, slot->sequence);
    writeU32(call + load->request.idOffset + 4, (uint32_t)load->idNext++);
  }
}

static void closeConnection(struct load *load, struct connection *connection) {
  close(connection->fd);
  connection->fd = -1;
  load->open--;
  load->errors++;
  for (int index = 0; index < load->inFlight; index++) {
    load->waiting -= (uint64_t)connection->slots[index].waiting;
    connection->slots[index].waiting = 0;
  }
}

static void flush(struct load *load, struct connection *connection) {
  while (connection->outputStart < connection->outputLength) {
    ssize_t sent = send(connection->fd, connection->output + connection->outputStart,
                        connection->outputLength - connection->outputStart, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) return closeConnection(load, connection);
    if (sent < 0) {
      // Keep what is left at the front: at most K calls are ever unsent, so it always fits.
      connection->outputLength -= connection->outputStart;
      memmove(connection->output, connection->output + connection->outputStart,
              connection->outputLength);
      connection->outputStart = 0;
      return; // edge-triggered: epoll says when there is room
    }
    connection->outputStart += (size_t)sent;
  }
  connection->outputStart = connection->outputLength = 0;
}

static struct reply parseFramed(const uint8_t *bytes, size_t length) {
  struct reply reply = {0};
  if (length < 4) return reply;
  size_t frame = readU32(bytes);
  if (frame < 12 || frame > INPUT_BYTES - 4) return (struct reply){.size = length};
  if (length < frame + 4) return reply;
  reply.size = frame + 4;
  reply.bodyOffset = 4;
  reply.bodyLength = frame;
  size_t nameLength = readU32(bytes + 8);
  // 0x8001 0002: strict Binary, and the message type REPLY (an exception is 3).
  reply.good = readU32(bytes + 4) == 0x80010002 && nameLength <= frame - 12;
  if (reply.good) reply.sequence = readU32(bytes + 12 + nameLength);
  return reply;
}

static struct reply parseHttp(const struct connection *connection, const uint8_t *bytes,
                              size_t length) {
  struct reply reply = {0};
  const uint8_t *end = memmem(bytes, length, "\r\n\r\n", 4);
  if (!end) return reply;
  const char *line = (const char *)bytes, *last = (const char *)end;
  size_t contentLength = 0;
  while (line && line < last) {
    if (strncasecmp(line, "content-length:", 15) == 0) contentLength = strtoul(line + 15, NULL, 10);
    line = memmem(line, (size_t)(last - line), "\r\n", 2);
    if (line) line += 2;
  }
  reply.bodyOffset = (size_t)(end - bytes) + 4;
  reply.bodyLength = contentLength;
  if (length < reply.bodyOffset + contentLength) return (struct reply){0};
  reply.size = reply.bodyOffset + contentLength;
  reply.good = memcmp(bytes, "HTTP/1.1 200", 12) == 0;
  reply.sequence = connection->slots[connection->nextReply].sequence;
  return reply;
}

static int replyIsSane(struct load *load, const struct reply *reply, const uint8_t *bytes) {
  const struct request *request = &load->request;
  if (!reply->good) return 0;
  if (reply->bodyLength < request->replyMinBytes) return 0;
  if (reply->bodyLength > request->replyMaxBytes) return 0;
  if (load->repliesSeen++ % REPLY_CHECK_EVERY != 0) return 1;
  return memmem(bytes + reply->bodyOffset, reply->bodyLength, request->replyText,
                strlen(request->replyText)) != NULL;
}

/** False if the connection cannot be understood any more. */
static int takeReply(struct load *load, struct connection *connection, const struct reply *reply,
                     const uint8_t *bytes, uint64_t now) {
  unsigned index = reply->sequence & (IN_FLIGHT_MAX - 1);
  struct slot *slot = &connection->slots[index];
  int known = index < (unsigned)load->inFlight && slot->waiting;
  if (!known || slot->sequence != reply->sequence) return 0;
  if (!replyIsSane(load, reply, bytes)) {
    load->errors++;
    if (!reply->good) return 0;
  }
  slot->waiting = 0;
  load->waiting--;
  if (load->measuring) {
    load->calls++;
    histogramRecord(&load->latency, now - slot->sentNs);
  }
  connection->nextReply = (connection->nextReply + 1) % (unsigned)load->inFlight;
  if (load->sending) queueCall(load, connection, index, now);
  return 1;
}

static void takeReplies(struct load *load, struct connection *connection) {
  uint64_t now = nowNs();
  size_t at = 0;
  for (;;) {
    const uint8_t *bytes = connection->input + at;
    size_t length = connection->inputLength - at;
    struct reply reply = load->request.protocol == PROTOCOL_FRAMED
                             ? parseFramed(bytes, length)
                             : parseHttp(connection, bytes, length);
    if (reply.size == 0) break;
    if (!takeReply(load, connection, &reply, bytes, now)) return closeConnection(load, connection);
    at += reply.size;
  }
  connection->inputLength -= at;
  memmove(connection->input, connection->input + at, connection->inputLength);
  flush(load, connection);
}

static void receive(struct load *load, struct connection *connection) {
  while (connection->fd >= 0) {
    size_t room = INPUT_BYTES - connection->inputLength;
    ssize_t got = recv(connection->fd, connection->input + connection->inputLength, room, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return closeConnection(load, connection);
    connection->inputLength += (size_t)got;
    takeReplies(load, connection);
    if ((size_t)got < room) return; // all read: spare the call that would say so
  }
}

static void openConnection(struct load *load, struct connection *connection) {
  int one = 1;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load->port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connection->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(connection->fd, (struct sockaddr *)&to, sizeof to) < 0) die("connect");
  setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(connection->fd, F_SETFL, O_NONBLOCK);
  connection->slots = calloc((size_t)load->inFlight, sizeof *connection->slots);
  connection->input = malloc(INPUT_BYTES);
  connection->output = malloc((size_t)load->inFlight * load->request.length * 2);
  if (!connection->slots || !connection->input || !connection->output) die("memory");
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection};
  if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &event) < 0) die("epoll_ctl");
}

static void runUntil(struct load *load, uint64_t endNs) {
  struct epoll_event events[256];
  for (uint64_t now = nowNs(); now < endNs && load->open > 0; now = nowNs()) {
    if (!load->sending && load->waiting == 0) return;
    int waitMs = (int)((endNs - now) / 1000000) + 1;
    int count = epoll_wait(load->epoll, events, 256, waitMs);
    for (int index = 0; index < count; index++) {
      struct connection *connection = events[index].data.ptr;
      if (connection->fd < 0) continue;
      if (events[index].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(load, connection);
      if (connection->fd >= 0 && connection->outputLength > 0) flush(load, connection);
    }
  }
}

static int run(struct load *load) {
  load->epoll = epoll_create1(0);
  load->all = calloc((size_t)load->connections, sizeof *load->all);
  load->open = load->connections;
  load->sending = 1;
  for (int index = 0; index < load->connections; index++) openConnection(load, &load->all[index]);
  for (int index = 0; index < load->connections; index++) {
    struct connection *connection = &load->all[index];
    for (int slot = 0; slot < load->inFlight; slot++)
      queueCall(load, connection, (unsigned)slot, nowNs());
    flush(load, connection);
  }
  runUntil(load, nowNs() + (uint64_t)(load->warmupSeconds * 1e9));

  load->measuring = 1;
  double serverCpu = processCpuSeconds(load->serverPid), clientCpu = ownCpuSeconds();
  uint64_t startNs = nowNs();
  runUntil(load, startNs + (uint64_t)(load->windowSeconds * 1e9));
  double seconds = (double)(nowNs() - startNs) / 1e9;
  serverCpu = processCpuSeconds(load->serverPid) - serverCpu;
  clientCpu = ownCpuSeconds() - clientCpu;
  long rssKib = processRssKib(load->serverPid);

  // What is still in flight must be answered too, or it is an error.
  load->measuring = load->sending = 0;
  runUntil(load, nowNs() + DRAIN_MAX_SECONDS * 1000000000ull);
  load->errors += load->waiting;

  double p50 = histogramQuantile(&load->latency, 0.5);
  double p99 = histogramQuantile(&load->latency, 0.99);
  double p999 = histogramQuantile(&load->latency, 0.999);
  printf("{\"calls\":%llu,\"seconds\":%.3f,\"rps\":%.0f,\"p50Us\":%.1f,\"p99Us\":%.1f,"
         "\"p999Us\":%.1f,\"errors\":%llu,\"serverCpuSeconds\":%.3f,\"clientCpuSeconds\":%.3f,"
         "\"serverRssKib\":%ld}\n",
         (unsigned long long)load->calls, seconds, (double)load->calls / seconds,
         p50 / 1e3, p99 / 1e3, p999 / 1e3, (unsigned long long)load->errors, serverCpu, clientCpu,
         rssKib);
  return load->calls == 0;
}

static const char *usage =
    "load --port P [--method echo|get|set] [--protocol framed|http] [--connections N]\n"
    "     [--in-flight K] [--warmup SECONDS] [--seconds SECONDS] [--server-pid PID]\n"
    "load --memory --port P [--connections N]     holds N idle connections until stdin closes\n";

int main(int count, char **arguments) {
  struct load load = {.connections = 1, .inFlight = 1, .warmupSeconds = 1, .windowSeconds = 2};
  const char *method = "echo", *protocol = "framed";
  int memory = 0, option;
  static const struct option options[] = {
      {"port", 1, 0, 'p'},    {"method", 1, 0, 'm'},  {"protocol", 1, 0, 'P'},
      {"connections", 1, 0, 'c'}, {"in-flight", 1, 0, 'k'}, {"warmup", 1, 0, 'w'},
      {"seconds", 1, 0, 's'}, {"server-pid", 1, 0, 'i'}, {"memory", 0, 0, 'M'}, {0}};
  while ((option = getopt_long(count, arguments, "", options, NULL)) != -1) {
    switch (option) {
    case 'p': load.port = atoi(optarg); break;
    case 'm': method = optarg; break;
    case 'P': protocol = optarg; break;
    case 'c': load.connections = atoi(optarg); break;
    case 'k': load.inFlight = atoi(optarg); break;
    case 'w': load.warmupSeconds = atof(optarg); break;
    case 's': load.windowSeconds = atof(optarg); break;
    case 'i': load.serverPid = atoi(optarg); break;
    case 'M': memory = 1; break;
    default: return fputs(usage, stderr), 2;
    }
  }
  int http = strcmp(protocol, "http") == 0;
  int sane = load.port > 0 && load.connections > 0 && load.inFlight > 0 &&
             load.inFlight <= IN_FLIGHT_MAX && (http || strcmp(protocol, "framed") == 0) &&
             requestBuild(&load.request, http ? PROTOCOL_HTTP : PROTOCOL_FRAMED, method);
  if (!sane) return fputs(usage, stderr), 2;
  return memory ? idleRun(load.port, load.connections, &load.request) : run(&load);
}
