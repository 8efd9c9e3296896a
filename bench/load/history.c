// Builds the calls of the feed history once; each call is a copy with other numbers in it.
#include "history.h"
#include "request.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// Every item of the benchmark has these 12 bytes and 20 of its own.
#define EXTRA_START "extra-bytes-"
#define EXTRA EXTRA_START "of-a-fresh-item-----"
#define EVER_MS "4102444800000" // the year 2100
enum { EXTRA_BYTES = 32, USER_DIGITS = 10, TIME_DIGITS = 13, KIND_VIDEO = 2 };
/** A member of a sorted set: item id, time (unless it is only the score), kind, extra. */
enum { MEMBER_BYTES = 8 + 8 + 4 + EXTRA_BYTES, TIMELESS_BYTES = MEMBER_BYTES - 8 };

static void putText(struct request *request, const char *text) {
  requestPut(request, text, strlen(text));
}

static void putThriftItem(struct request *request, int index) {
  struct history *history = &request->history;
  requestPutField(request, TYPE_I64, 1);
  history->itemIdOffset[index] = request->length;
  requestPutInteger(request, 0, 8);
  requestPutField(request, TYPE_I64, 2);
  history->timeOffset[index] = request->length;
  requestPutInteger(request, 0, 8);
  requestPutField(request, TYPE_I32, 3);
  requestPutInteger(request, KIND_VIDEO, 4);
  requestPutField(request, TYPE_STRING, 4);
  requestPutInteger(request, EXTRA_BYTES, 4);
  putText(request, EXTRA);
  requestPutInteger(request, TYPE_STOP, 1);
}

static void buildThrift(struct request *request) {
  struct history *history = &request->history;
  requestBeginFrame(request, history->isSet ? "SetHistory" : "GetHistoryByRange");
  requestPutField(request, TYPE_I64, 1);
  history->userOffset = request->length;
  requestPutInteger(request, 0, 8);
  if (history->isSet) {
    requestPutField(request, TYPE_LIST, 2);
    requestPutInteger(request, TYPE_STRUCT, 1);
    requestPutInteger(request, HISTORY_ITEMS_PER_SET, 4);
    for (int index = 0; index < HISTORY_ITEMS_PER_SET; index++) putThriftItem(request, index);
  } else {
    requestPutField(request, TYPE_I64, 2);
    requestPutInteger(request, 0, 8);
    requestPutField(request, TYPE_I64, 3);
    requestPutInteger(request, atoll(EVER_MS), 8);
    requestPutField(request, TYPE_I32, 4);
    requestPutInteger(request, HISTORY_LIMIT, 4);
  }
  requestPutInteger(request, TYPE_STOP, 1);
  requestEndFrame(request);
}

static void putRedisWord(struct request *request, const char *word) {
  char head[32];
  snprintf(head, sizeof head, "$%zu\r\n", strlen(word));
  putText(request, head);
  putText(request, word);
  putText(request, "\r\n");
}

static void putRedisItem(struct request *request, int index) {
  struct history *history = &request->history;
  history->scoreOffset[index] = request->length + strlen("$13\r\n");
  putRedisWord(request, EVER_MS);
  char head[32];
  snprintf(head, sizeof head, "$%d\r\n", history->withScores ? TIMELESS_BYTES : MEMBER_BYTES);
  putText(request, head);
  history->itemIdOffset[index] = request->length;
  requestPutInteger(request, 0, 8);
  history->timeOffset[index] = request->length;
  if (!history->withScores) requestPutInteger(request, 0, 8);
  requestPutInteger(request, KIND_VIDEO, 4);
  putText(request, EXTRA "\r\n");
}

static void buildRedis(struct request *request) {
  struct history *history = &request->history;
  putText(request, history->isSet ? "*22\r\n" : history->withScores ? "*8\r\n" : "*7\r\n");
  putRedisWord(request, history->isSet ? "ZADD" : "ZREVRANGEBYSCORE");
  history->userOffset = request->length + strlen("$12\r\nh:");
  putRedisWord(request, "h:0000000000");
  if (history->isSet) {
    for (int index = 0; index < HISTORY_ITEMS_PER_SET; index++) putRedisItem(request, index);
    return;
  }
  putRedisWord(request, "(" EVER_MS);
  putRedisWord(request, "0");
  if (history->withScores) putRedisWord(request, "WITHSCORES");
  putRedisWord(request, "LIMIT");
  putRedisWord(request, "0");
  putRedisWord(request, "50");
}

int historyBuild(struct request *request, const char *method) {
  struct history *history = &request->history;
  history->isSet = strcmp(method, "history-set") == 0;
  if (!history->isSet && strcmp(method, "history-get") != 0) return 0;
  if (request->protocol == PROTOCOL_HTTP || history->users == 0) return 0;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  // Ids that no earlier run has used, so that every item is a new one.
  history->itemIdNext = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
  history->random = history->itemIdNext * 2 + 1;
  if (request->protocol == PROTOCOL_REDIS) buildRedis(request);
  else buildThrift(request);
  request->replyText = history->isSet ? "" : EXTRA_START;
  request->replyMinBytes = history->isSet ? 4 : 64;
  // An item has at most 71 bytes, and the cursor with the names around it fits the rest.
  request->replyMaxBytes = 256 + (history->isSet ? 0 : HISTORY_LIMIT * 80);
  return 1;
}

/** xorshift64*, scaled to 0 … below - 1. */
static uint64_t randomBelow(struct history *history, uint64_t below) {
  history->random ^= history->random >> 12;
  history->random ^= history->random << 25;
  history->random ^= history->random >> 27;
  uint64_t value = history->random * 2685821657736338717u;
  return (uint64_t)(((unsigned __int128)value * below) >> 64);
}

static void writeU64(uint8_t *bytes, uint64_t value) {
  for (int index = 0; index < 8; index++) bytes[index] = (uint8_t)(value >> (56 - 8 * index));
}

static void writeDecimal(uint8_t *bytes, uint64_t value, int digits) {
  while (digits-- > 0) {
    bytes[digits] = (uint8_t)('0' + value % 10);
    value /= 10;
  }
}

void historyPatch(struct request *request, uint8_t *call) {
  struct history *history = &request->history;
  int redis = request->protocol == PROTOCOL_REDIS;
  uint64_t user = 1 + randomBelow(history, history->users);
  if (redis) writeDecimal(call + history->userOffset, user, USER_DIGITS);
  else writeU64(call + history->userOffset, user);
  if (!history->isSet) return;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  uint64_t timeMs = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
  for (int index = 0; index < HISTORY_ITEMS_PER_SET; index++, timeMs++) {
    writeU64(call + history->itemIdOffset[index], history->itemIdNext++);
    if (!history->withScores) writeU64(call + history->timeOffset[index], timeMs);
    if (redis) writeDecimal(call + history->scoreOffset[index], timeMs, TIME_DIGITS);
  }
}

static long countOfThrift(const struct history *history, const uint8_t *body, size_t length) {
  static const uint8_t getHead[] = {TYPE_STRUCT, 0, 0, TYPE_LIST, 0, 1, TYPE_STRUCT};
  static const uint8_t setHead[] = {TYPE_STRUCT, 0, 0, TYPE_I32, 0, 1};
  const uint8_t *head = history->isSet ? setHead : getHead;
  size_t headBytes = history->isSet ? sizeof setHead : sizeof getHead;
  // Version, name with its length, sequence id; the caller has checked that they fit.
  size_t at = 12 + ((size_t)body[6] << 8 | body[7]);
  if (length < at + headBytes + 4 || memcmp(body + at, head, headBytes) != 0) return -1;
  at += headBytes;
  return (long)body[at] << 24 | body[at + 1] << 16 | body[at + 2] << 8 | body[at + 3];
}

int historyReplyIsRight(const struct request *request, const uint8_t *body, size_t length) {
  const struct history *history = &request->history;
  long count = request->protocol == PROTOCOL_REDIS ? strtol((const char *)body + 1, NULL, 10)
                                                   : countOfThrift(history, body, length);
  if (history->isSet) return count == HISTORY_ITEMS_PER_SET;
  if (history->withScores) count /= 2;
  return count <= HISTORY_LIMIT && (count == HISTORY_LIMIT || count >= history->itemsPerUser);
}
