// The common server of the client benchmark, so cheap that the client is what is measured:
// answers every framed Thrift Binary `echo` call, bare or in a TTHeader frame, with the bytes it
// came in. Two of them are changed: the message type (CALL to REPLY) and the field (1 `request`
// to 0 `success`); EchoRequest and EchoReply have the same fields. `echo-server PORT`, prints
// "ready".
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_BYTES = 1 << 18, TTHEADER_MAGIC = 0x1000, TTHEADER_FIXED_BYTES = 10 };

struct connection {
  int fd;
  /**
   * Bytes [0, answered) are replies still to be sent; [answered, length) is an incomplete
   * frame.
   */
  size_t answered, length;
  uint8_t bytes[BUFFER_BYTES];
};

static uint32_t readU32(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/** Turns one call into its reply in place; false if it is not a strict Binary call. */
static int answer(uint8_t *frame, size_t length) {
  size_t at = 0;
  if (length >= TTHEADER_FIXED_BYTES && (readU32(frame) >> 16) == TTHEADER_MAGIC)
    at = TTHEADER_FIXED_BYTES + 4u * (readU32(frame + 8) >> 16);
  // Kitex's client puts a second length between the header and the message.
  if (at + 4 <= length && readU32(frame + at) == length - at - 4) at += 4;
  if (at + 16 > length || readU32(frame + at) != 0x80010001) return 0;
  size_t field = at + 12 + readU32(frame + at + 4); // after version, name, sequence id
  if (field + 3 > length) return 0;
  frame[at + 3] = 2;
  frame[field + 2] = 0;
  return 1;
}

/** Answers all whole frames that are here; false if one is not a call. */
static int answerAll(struct connection *connection) {
  for (;;) {
    size_t left = connection->length - connection->answered;
    uint8_t *frame = connection->bytes + connection->answered;
    if (left < 4) return 1;
    size_t length = readU32(frame);
    if (length > BUFFER_BYTES - 4) return 0;
    if (left < length + 4) return 1;
    if (!answer(frame + 4, length)) return 0;
    connection->answered += length + 4;
  }
}

/** False if the peer is gone. */
static int sendReplies(struct connection *connection) {
  size_t sent = 0;
  while (sent < connection->answered) {
    ssize_t count = send(connection->fd, connection->bytes + sent, connection->answered - sent, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    if (count < 0) return 0;
    sent += (size_t)count;
  }
  connection->answered -= sent;
  connection->length -= sent;
  memmove(connection->bytes, connection->bytes + sent, connection->length);
  return 1;
}

/** False if the connection is over. */
static int serve(struct connection *connection) {
  for (;;) {
    size_t room = BUFFER_BYTES - connection->length;
    if (room == 0) {
      if (!sendReplies(connection)) return 0;
      if (connection->length == BUFFER_BYTES) return 1; // the peer must read first
      continue;
    }
    ssize_t got = recv(connection->fd, connection->bytes + connection->length, room, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return sendReplies(connection);
    if (got <= 0) return 0;
    connection->length += (size_t)got;
    if (!answerAll(connection) || !sendReplies(connection)) return 0;
    if ((size_t)got < room) return 1;
  }
}

static void acceptAll(int listener, int epoll) {
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct connection *connection = malloc(sizeof *connection);
    if (!connection) exit(1);
    connection->fd = fd;
    connection->answered = connection->length = 0;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

int main(int count, char **arguments) {
  if (count != 2) return fputs("echo-server PORT\n", stderr), 2;
  signal(SIGPIPE, SIG_IGN);
  int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[1]))};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int bound = bind(listener, (struct sockaddr *)&at, sizeof at);
  if (bound < 0 || listen(listener, 4096) < 0) return perror("echo-server"), 1;
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  puts("ready");
  fflush(stdout);
  for (struct epoll_event events[256];;) {
    int ready = epoll_wait(epoll, events, 256, -1);
    for (int index = 0; index < ready; index++) {
      struct connection *connection = events[index].data.ptr;
      if (!connection) {
        acceptAll(listener, epoll);
      } else if (!serve(connection)) {
        close(connection->fd);
        free(connection);
      }
    }
  }
}
