// The calls of the feed history, `history-get` and `history-set`: as Thrift calls of FeedHistory
// and as Redis commands on sorted sets. Unlike the other calls each one is about another user.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct request;

enum { HISTORY_LIMIT = 50, HISTORY_ITEMS_PER_SET = 10 };

struct history {
  /** Each call is about one of the users 1 to `users`, all equally likely. */
  uint64_t users;
  /** What every user has at least; a reply with fewer than this (or 50) items is an error. */
  uint32_t itemsPerUser;
  int isSet;
  /** Redis: the time is only the score, and is asked for; otherwise it stands in the member. */
  int withScores;
  uint64_t random, itemIdNext;
  /** Where the numbers of a call go. A score is the time in decimal, for Redis. */
  size_t userOffset, itemIdOffset[HISTORY_ITEMS_PER_SET], timeOffset[HISTORY_ITEMS_PER_SET],
      scoreOffset[HISTORY_ITEMS_PER_SET];
};

/** Builds the call; `request->history` says the users and items. False if it is another method. */
int historyBuild(struct request *request, const char *method);

/** Writes this call's user, and ids and times of new items, into a copy of the request. */
void historyPatch(struct request *request, uint8_t *call);

/** Whether a reply has the right number of items; `body` is the frame or the whole Redis reply. */
int historyReplyIsRight(const struct request *request, const uint8_t *body, size_t length);
