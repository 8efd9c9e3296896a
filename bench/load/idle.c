// Opens many connections, makes one call on each (so that the server has allocated what a
// connection in use needs, and does not take it for a peer that never spoke), and then keeps them
// all silent.
#define _GNU_SOURCE
#include "idle.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/** Linux gives out some 28,000 ports per source address; fewer each leaves room for TIME_WAIT. */
enum { CONNECTIONS_PER_ADDRESS = 8000 };

static int fail(const char *what) {
  perror(what);
  return -1;
}

static int openFrom(int port, uint32_t source) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  if (fd < 0) return fail("socket (is `ulimit -n` high enough?)");
  struct timeval patience = {.tv_sec = 10};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(source)};
  if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0) return fail("bind");
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) return fail("connect");
  return fd;
}

/**
 * Sends the call and reads until the whole reply is there; only framed replies say their
 * length.
 */
static int callOnce(int fd, const struct request *request) {
  uint8_t reply[65536];
  size_t have = 0;
  if (send(fd, request->bytes, request->length, MSG_NOSIGNAL) < 0) return fail("send");
  for (;;) {
    ssize_t got = recv(fd, reply + have, sizeof reply - have, 0);
    if (got <= 0) return fail("recv");
    have += (size_t)got;
    if (request->protocol == PROTOCOL_HTTP) return 0;
    if (have >= 4) {
      uint32_t length;
      memcpy(&length, reply, 4);
      length = ntohl(length);
      if (have >= length + 4 || length > sizeof reply - 4) return 0;
    }
  }
}

int idleRun(int port, int count, const struct request *request) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  rlim_t wanted = (rlim_t)count + 64;
  if (files.rlim_cur < wanted) {
    files.rlim_cur = wanted;
    if (files.rlim_max < wanted) files.rlim_max = wanted;
    if (setrlimit(RLIMIT_NOFILE, &files) < 0) return fail("setrlimit"), 1;
  }
  for (int index = 0; index < count; index++) {
    uint32_t source = INADDR_LOOPBACK + (uint32_t)(index / CONNECTIONS_PER_ADDRESS);
    int fd = openFrom(port, source);
    if (fd < 0 || callOnce(fd, request) < 0) {
      fprintf(stderr, "load: connection %d of %d failed\n", index + 1, count);
      return 1;
    }
  }
  printf("{\"connections\":%d}\n", count);
  fflush(stdout);
  for (char byte; read(0, &byte, 1) > 0;) continue;
  return 0; // the kernel closes them all
}
