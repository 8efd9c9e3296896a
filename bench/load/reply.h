// Finds the replies in a stream of bytes.
#pragma once
#include "request.h"

/** What one reply turned out to be: its size in the stream; 0 = not all here yet. */
struct reply {
  size_t size, bodyOffset, bodyLength;
  /** Of framed replies; the others come in the order of the calls. */
  uint32_t sequence;
  int good;
};

struct reply replyParse(enum protocol protocol, const uint8_t *bytes, size_t length);

/** Larger ones are not understood. */
enum { REPLY_BYTES_MAX = 1 << 20 };
