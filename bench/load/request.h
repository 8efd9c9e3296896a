// The requests the load client sends, and what a sane reply to each looks like.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum protocol { PROTOCOL_FRAMED, PROTOCOL_HTTP };

struct request {
  enum protocol protocol;
  uint8_t bytes[2048];
  size_t length;
  /** Where the call's own numbers go (framed only): its sequence id, and the first i64 it sends. */
  size_t sequenceOffset, idOffset;
  /** Bytes of a right reply: the frame without its length, or the body. */
  size_t replyMinBytes, replyMaxBytes;
  /** Must occur in a reply; one in 251 is searched for it. */
  const char *replyText;
};

/** False if there is no such method. */
int requestBuild(struct request *request, enum protocol protocol, const char *method);
