// Finds replies of framed Thrift Binary, HTTP/1.1 with a content length, and Redis.
#define _GNU_SOURCE
#include "reply.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static uint32_t readU32(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static struct reply parseFramed(const uint8_t *bytes, size_t length) {
  struct reply reply = {0};
  if (length < 4) return reply;
  size_t frame = readU32(bytes);
  if (frame < 12 || frame > REPLY_BYTES_MAX - 4) return (struct reply){.size = length};
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

static struct reply parseHttp(const uint8_t *bytes, size_t length) {
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
  return reply;
}

/** The bytes of a line with its end; 0 if the end is not here yet. `number` is what it says. */
static size_t redisLine(const uint8_t *bytes, size_t length, size_t *number) {
  *number = 0;
  for (size_t at = 1; at + 1 < length; at++) {
    if (bytes[at] == '\r') return at + 2;
    *number = *number * 10 + (bytes[at] - '0');
  }
  return 0;
}

/** A number, an error, or an array of strings. */
static struct reply parseRedis(const uint8_t *bytes, size_t length) {
  struct reply reply = {0};
  size_t count, size, at = length == 0 ? 0 : redisLine(bytes, length, &count);
  if (at == 0) return reply;
  if (bytes[0] != '*') count = 0;
  for (size_t index = 0; index < count; index++) {
    size_t head = at < length ? redisLine(bytes + at, length - at, &size) : 0;
    if (head == 0 || length - at < head + size + 2) return reply;
    at += head + size + 2;
  }
  reply.size = reply.bodyLength = at;
  reply.good = bytes[0] == '*' || bytes[0] == ':';
  return reply;
}

struct reply replyParse(enum protocol protocol, const uint8_t *bytes, size_t length) {
  if (protocol == PROTOCOL_FRAMED) return parseFramed(bytes, length);
  return protocol == PROTOCOL_HTTP ? parseHttp(bytes, length) : parseRedis(bytes, length);
}
