// The requests the load client sends, and what a sane reply to each looks like.
#pragma once
#include "history.h"
#include <stddef.h>
#include <stdint.h>

enum protocol { PROTOCOL_FRAMED, PROTOCOL_HTTP, PROTOCOL_REDIS };

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
  /** Of history-get and history-set only: `history.users` is 0 for the others. */
  struct history history;
};

/** False if there is no such method in that protocol. */
int requestBuild(struct request *request, enum protocol protocol, const char *method);

/** Appends to the request. */
void requestPut(struct request *request, const void *bytes, size_t length);
/** Appends a big-endian number of `width` bytes. */
void requestPutInteger(struct request *request, int64_t value, int width);
/** Appends the type and the id before a Thrift field. */
void requestPutField(struct request *request, int type, int id);
/** Appends a framed Thrift call up to its arguments; `requestEndFrame` ends what begins here. */
void requestBeginFrame(struct request *request, const char *name);
void requestEndFrame(struct request *request);

enum { TYPE_STOP = 0, TYPE_I32 = 8, TYPE_I64 = 10, TYPE_STRING = 11 };
enum { TYPE_STRUCT = 12, TYPE_LIST = 15 };
