// The one load client of this benchmark: N connections with at most K calls in flight on each, for
// a warm-up and a measured window. Closed loop (an answered call is replaced at once), or open loop
// at a rate. Framed replies may come in any order: each is matched by its sequence id. Prints one
// JSON line. `load --help` says the options; standard library and Linux epoll only.
#define _GNU_SOURCE
#include "histogram.h"
#include "idle.h"
#include "process.h"
#include "reply.h"
#include "request.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

// A sequence id is a generation and a slot, so a reply names its slot and a stale one is noticed.
enum { SLOT_BITS = 12, IN_FLIGHT_MAX = 1 << SLOT_BITS, GENERATIONS = 1 << (31 - SLOT_BITS) };
enum { INPUT_BYTES = REPLY_BYTES_MAX, REPLY_CHECK_EVERY = 251, DRAIN_MAX_SECONDS = 2 };

struct slot {
  uint64_t sentNs;
  uint32_t sequence;
  int waiting;
};

struct connection {
  int fd;
  struct slot *slots;
  // Slots without a call, longest free first, so that slots are used in a circle where replies
  // come in order: nextReply is whose turn it is (HTTP, Redis).
  uint16_t *freeSlots;
  unsigned freeStart, freeCount, nextReply;
  uint8_t *input, *output;
  size_t inputLength, outputStart, outputLength;
};

struct load {
  int port, connections, inFlight, serverPid;
  double warmupSeconds, windowSeconds, ratePerSecond; // rate 0: closed loop
  struct request request;
  int epoll, open, sending, measuring;
  uint64_t waiting, calls, errors, repliesSeen, idNext;
  struct histogram latency;
  struct connection *all;
  // Open loop: when the next call is due, who takes it, and where the gaps come from.
  uint64_t dueNs;
  unsigned nextConnection;
  unsigned short random[3];
};

static void die(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void writeU32(uint8_t *bytes, uint32_t value) {
  for (int index = 0; index < 4; index++) bytes[index] = (uint8_t)(value >> (24 - 8 * index));
}

/** Takes a free slot, of which there must be one. `sinceNs` is where its latency starts. */
static void queueCall(struct load *load, struct connection *connection, uint64_t sinceNs) {
  unsigned index = connection->freeSlots[connection->freeStart];
  connection->freeStart = (connection->freeStart + 1) % (unsigned)load->inFlight;
  connection->freeCount--;
  struct slot *slot = &connection->slots[index];
  uint8_t *call = connection->output + connection->outputLength;
  memcpy(call, load->request.bytes, load->request.length);
  connection->outputLength += load->request.length;
  uint32_t generation = ((slot->sequence >> SLOT_BITS) + 1) % GENERATIONS;
  slot->sequence = generation << SLOT_BITS | index;
  slot->sentNs = sinceNs;
  slot->waiting = 1;
  load->waiting++;
  if (load->request.protocol == PROTOCOL_FRAMED)
    writeU32(call + load->request.sequenceOffset, slot->sequence);
  if (load->request.history.users > 0) historyPatch(&load->request, call);
  else if (load->request.protocol == PROTOCOL_FRAMED)
    writeU32(call + load->request.idOffset + 4, (uint32_t)load->idNext++);
}

static void freeSlot(struct load *load, struct connection *connection, unsigned index) {
  unsigned at = (connection->freeStart + connection->freeCount++) % (unsigned)load->inFlight;
  connection->freeSlots[at] = (uint16_t)index;
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

static int replyIsSane(struct load *load, const struct reply *reply, const uint8_t *bytes) {
  const struct request *request = &load->request;
  if (!reply->good) return 0;
  if (reply->bodyLength < request->replyMinBytes) return 0;
  if (reply->bodyLength > request->replyMaxBytes) return 0;
  const uint8_t *body = bytes + reply->bodyOffset;
  if (request->history.users > 0 && !historyReplyIsRight(request, body, reply->bodyLength))
    return 0;
  if (load->repliesSeen++ % REPLY_CHECK_EVERY != 0) return 1;
  return memmem(body, reply->bodyLength, request->replyText, strlen(request->replyText)) != NULL;
}

/** False if the connection cannot be understood any more. */
static int takeReply(struct load *load, struct connection *connection, const struct reply *reply,
                     const uint8_t *bytes, uint64_t now) {
  int inOrder = load->request.protocol != PROTOCOL_FRAMED;
  unsigned index = inOrder ? connection->nextReply : reply->sequence & (IN_FLIGHT_MAX - 1);
  struct slot *slot = &connection->slots[index];
  int known = index < (unsigned)load->inFlight && slot->waiting;
  if (!known || (!inOrder && slot->sequence != reply->sequence)) return 0;
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
  freeSlot(load, connection, index);
  if (load->sending && load->ratePerSecond == 0) queueCall(load, connection, now);
  return 1;
}

static void takeReplies(struct load *load, struct connection *connection) {
  uint64_t now = nowNs();
  size_t at = 0;
  for (;;) {
    const uint8_t *bytes = connection->input + at;
    size_t length = connection->inputLength - at;
    struct reply reply = replyParse(load->request.protocol, bytes, length);
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
  connection->freeSlots = calloc((size_t)load->inFlight, sizeof *connection->freeSlots);
  connection->input = malloc(INPUT_BYTES);
  connection->output = malloc((size_t)load->inFlight * load->request.length * 2);
  if (!connection->slots || !connection->freeSlots || !connection->input || !connection->output)
    die("memory");
  for (int slot = 0; slot < load->inFlight; slot++) freeSlot(load, connection, (unsigned)slot);
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection};
  if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &event) < 0) die("epoll_ctl");
}

static struct connection *connectionWithRoom(struct load *load) {
  for (int tries = 0; tries < load->connections; tries++) {
    struct connection *connection = &load->all[load->nextConnection];
    load->nextConnection = (load->nextConnection + 1) % (unsigned)load->connections;
    if (connection->fd >= 0 && connection->freeCount > 0) return connection;
  }
  return NULL;
}

/**
 * Open loop: sends what is due, at random times as independent callers do. What finds every slot
 * taken waits, and its latency counts from when it was due all the same.
 */
static void sendDue(struct load *load, uint64_t now) {
  struct connection *connection;
  while (load->dueNs <= now && (connection = connectionWithRoom(load)) != NULL) {
    queueCall(load, connection, load->dueNs);
    load->dueNs += (uint64_t)(-log(1 - erand48(load->random)) / load->ratePerSecond * 1e9);
  }
  for (int index = 0; index < load->connections; index++) {
    connection = &load->all[index];
    if (connection->fd >= 0 && connection->outputLength > 0) flush(load, connection);
  }
}

static void runUntil(struct load *load, uint64_t endNs) {
  struct epoll_event events[256];
  for (uint64_t now = nowNs(); now < endNs && load->open > 0; now = nowNs()) {
    if (!load->sending && load->waiting == 0) return;
    int waitMs = (int)((endNs - now) / 1000000) + 1;
    if (load->sending && load->ratePerSecond > 0) {
      sendDue(load, now);
      waitMs = 0; // sleeping and waking up would be later than the next call is due
    }
    int count = epoll_wait(load->epoll, events, 256, waitMs);
    for (int index = 0; index < count; index++) {
      struct connection *connection = events[index].data.ptr;
      if (connection->fd < 0) continue;
      if (events[index].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(load, connection);
      if (connection->fd >= 0 && connection->outputLength > 0) flush(load, connection);
    }
  }
}

/** Closed loop: fills every slot. */
static void sendFirst(struct load *load) {
  for (int index = 0; index < load->connections; index++) {
    struct connection *connection = &load->all[index];
    while (connection->freeCount > 0) queueCall(load, connection, nowNs());
    flush(load, connection);
  }
}

static int run(struct load *load) {
  load->epoll = epoll_create1(0);
  load->all = calloc((size_t)load->connections, sizeof *load->all);
  load->open = load->connections;
  load->sending = 1;
  for (int index = 0; index < load->connections; index++) openConnection(load, &load->all[index]);
  load->dueNs = nowNs();
  if (load->ratePerSecond == 0) sendFirst(load);
  runUntil(load, nowNs() + (uint64_t)(load->warmupSeconds * 1e9));

  load->measuring = 1;
  double serverCpu = processCpuSeconds(load->serverPid), clientCpu = ownCpuSeconds();
  uint64_t startNs = nowNs();
  runUntil(load, startNs + (uint64_t)(load->windowSeconds * 1e9));
  double seconds = (double)(nowNs() - startNs) / 1e9;
  serverCpu = processCpuSeconds(load->serverPid) - serverCpu;
  clientCpu = ownCpuSeconds() - clientCpu;
  long rssKib = processRssKib(load->serverPid);
  uint64_t endNs = nowNs();
  int behind = load->ratePerSecond > 0 && load->dueNs < endNs;
  double behindMs = behind ? (double)(endNs - load->dueNs) / 1e6 : 0;

  // What is still in flight must be answered too, or it is an error.
  load->measuring = load->sending = 0;
  runUntil(load, nowNs() + DRAIN_MAX_SECONDS * 1000000000ull);
  load->errors += load->waiting;

  double p50 = histogramQuantile(&load->latency, 0.5);
  double p99 = histogramQuantile(&load->latency, 0.99);
  double p999 = histogramQuantile(&load->latency, 0.999);
  printf("{\"calls\":%llu,\"seconds\":%.3f,\"rps\":%.0f,\"p50Us\":%.1f,\"p99Us\":%.1f,"
         "\"p999Us\":%.1f,\"errors\":%llu,\"serverCpuSeconds\":%.3f,\"clientCpuSeconds\":%.3f,"
         "\"serverRssKib\":%ld,\"behindMs\":%.1f}\n",
         (unsigned long long)load->calls, seconds, (double)load->calls / seconds,
         p50 / 1e3, p99 / 1e3, p999 / 1e3, (unsigned long long)load->errors, serverCpu, clientCpu,
         rssKib, behindMs);
  return load->calls == 0;
}

static const char *usage =
    "load --port P [--method echo|get|set] [--protocol framed|http] [--connections N]\n"
    "     [--in-flight K] [--warmup SECONDS] [--seconds SECONDS] [--server-pid PID]\n"
    "     [--rate CALLS_PER_SECOND]    open loop: in-flight is only what is allowed at once\n"
    "load --port P --method history-get|history-set [--protocol framed|redis] --users N\n"
    "     [--items-per-user N] ...     calls of the feed history about the users 1 to N\n"
    "     [--scores]                   Redis: times only in the scores\n"
    "load --memory --port P [--connections N]     holds N idle connections until stdin closes\n";

static int protocolOf(const char *name) {
  static const char *const names[] = {"framed", "http", "redis"}; // as enum protocol
  for (int index = 0; index < 3; index++)
    if (strcmp(name, names[index]) == 0) return index;
  return -1;
}

int main(int count, char **arguments) {
  struct load load = {.connections = 1, .inFlight = 1, .warmupSeconds = 1, .windowSeconds = 2};
  const char *method = "echo", *protocolName = "framed";
  int memory = 0, option;
  static const struct option options[] = {
      {"port", 1, 0, 'p'},        {"method", 1, 0, 'm'},         {"protocol", 1, 0, 'P'},
      {"connections", 1, 0, 'c'}, {"in-flight", 1, 0, 'k'},      {"warmup", 1, 0, 'w'},
      {"seconds", 1, 0, 's'},     {"server-pid", 1, 0, 'i'},     {"rate", 1, 0, 'r'},
      {"users", 1, 0, 'u'},       {"items-per-user", 1, 0, 'n'}, {"scores", 0, 0, 'S'},
      {"memory", 0, 0, 'M'},      {0}};
  while ((option = getopt_long(count, arguments, "", options, NULL)) != -1) {
    switch (option) {
    case 'p': load.port = atoi(optarg); break;
    case 'm': method = optarg; break;
    case 'P': protocolName = optarg; break;
    case 'c': load.connections = atoi(optarg); break;
    case 'k': load.inFlight = atoi(optarg); break;
    case 'w': load.warmupSeconds = atof(optarg); break;
    case 's': load.windowSeconds = atof(optarg); break;
    case 'i': load.serverPid = atoi(optarg); break;
    case 'r': load.ratePerSecond = atof(optarg); break;
    case 'u': load.request.history.users = strtoull(optarg, NULL, 10); break;
    case 'n': load.request.history.itemsPerUser = (uint32_t)atoi(optarg); break;
    case 'S': load.request.history.withScores = 1; break;
    case 'M': memory = 1; break;
    default: return fputs(usage, stderr), 2;
    }
  }
  int protocol = protocolOf(protocolName);
  if (protocol != PROTOCOL_REDIS) load.request.history.withScores = 0;
  int sane = load.port > 0 && load.connections > 0 && load.inFlight > 0 &&
             load.inFlight <= IN_FLIGHT_MAX && load.ratePerSecond >= 0 && protocol >= 0 &&
             requestBuild(&load.request, (enum protocol)protocol, method);
  if (!sane) return fputs(usage, stderr), 2;
  return memory ? idleRun(load.port, load.connections, &load.request) : run(&load);
}
