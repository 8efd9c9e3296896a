// Builds the three calls of idl/echo.thrift once, as framed Thrift Binary or as HTTP with JSON;
// the load client only copies them and patches in the numbers of each call.
#include "request.h"
#include <stdio.h>
#include <string.h>

#define ECHO_TEXT "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
#define ITEM_TEXT "item-text-of-thirty-two-letters."
enum { GET_ITEMS = 50, SET_ITEMS = 10 };

static const int64_t USER_ID = 7, TIME_MS = 1763760000000;

void requestPut(struct request *request, const void *bytes, size_t length) {
  memcpy(request->bytes + request->length, bytes, length);
  request->length += length;
}

void requestPutInteger(struct request *request, int64_t value, int width) {
  for (int shift = (width - 1) * 8; shift >= 0; shift -= 8)
    request->bytes[request->length++] = (uint8_t)(value >> shift);
}

static void putString(struct request *request, const char *text) {
  requestPutInteger(request, (int64_t)strlen(text), 4);
  requestPut(request, text, strlen(text));
}

void requestPutField(struct request *request, int type, int id) {
  requestPutInteger(request, type, 1);
  requestPutInteger(request, id, 2);
}

static void putI64Field(struct request *request, int id, int64_t value) {
  requestPutField(request, TYPE_I64, id);
  requestPutInteger(request, value, 8);
}

static void putI32Field(struct request *request, int id, int32_t value) {
  requestPutField(request, TYPE_I32, id);
  requestPutInteger(request, value, 4);
}

/** EchoRequest and Item have the same shape. */
static void putItem(struct request *request, int64_t id, int32_t kind, const char *text) {
  putI64Field(request, 1, id);
  putI64Field(request, 2, TIME_MS);
  putI32Field(request, 3, kind);
  requestPutField(request, TYPE_STRING, 4);
  putString(request, text);
  requestPutInteger(request, TYPE_STOP, 1);
}

static void putThriftArguments(struct request *request, const char *method) {
  if (strcmp(method, "echo") == 0) {
    putItem(request, 1, 3, ECHO_TEXT);
  } else if (strcmp(method, "get") == 0) {
    putI64Field(request, 1, USER_ID);
    putI64Field(request, 2, 0);
    putI64Field(request, 3, TIME_MS);
    putI32Field(request, 4, GET_ITEMS);
    requestPutInteger(request, TYPE_STOP, 1);
  } else {
    putI64Field(request, 1, USER_ID);
    requestPutField(request, TYPE_LIST, 2);
    requestPutInteger(request, TYPE_STRUCT, 1);
    requestPutInteger(request, SET_ITEMS, 4);
    for (int index = 0; index < SET_ITEMS; index++) putItem(request, index, index, ITEM_TEXT);
    requestPutInteger(request, TYPE_STOP, 1);
  }
}

void requestBeginFrame(struct request *request, const char *name) {
  request->length = 4; // the frame's length, which requestEndFrame knows
  requestPutInteger(request, 0x80010001, 4);
  putString(request, name);
  request->sequenceOffset = request->length;
  requestPutInteger(request, 0, 4);
  requestPutField(request, TYPE_STRUCT, 1);
  request->idOffset = request->length + 3;
}

void requestEndFrame(struct request *request) {
  requestPutInteger(request, TYPE_STOP, 1);
  size_t end = request->length;
  request->length = 0;
  requestPutInteger(request, (int64_t)end - 4, 4);
  request->length = end;
}

static void buildFramed(struct request *request, const char *method) {
  const char *name = strcmp(method, "echo") == 0  ? "echo"
                     : strcmp(method, "get") == 0 ? "getItems"
                                                  : "setItems";
  requestBeginFrame(request, name);
  putThriftArguments(request, method);
  requestEndFrame(request);
}

static size_t jsonItem(char *out, size_t room, int index) {
  const char *form = "%s{\"itemId\":%d,\"timestampMs\":%lld,\"kind\":%d,\"text\":\"%s\"}";
  return (size_t)snprintf(out, room, form, index ? "," : "", index, (long long)TIME_MS, index,
                          ITEM_TEXT);
}

static void buildHttp(struct request *request, const char *method) {
  char body[1536];
  size_t length = 0;
  if (strcmp(method, "echo") == 0) {
    length = (size_t)snprintf(body, sizeof body,
                              "{\"id\":1,\"timestampMs\":%lld,\"kind\":3,\"text\":\"%s\"}",
                              (long long)TIME_MS, ECHO_TEXT);
  } else if (strcmp(method, "get") == 0) {
    length = (size_t)snprintf(body, sizeof body,
                              "{\"userId\":%lld,\"fromMs\":0,\"toMs\":%lld,\"limit\":%d}",
                              (long long)USER_ID, (long long)TIME_MS, GET_ITEMS);
  } else {
    length = (size_t)snprintf(body, sizeof body, "{\"userId\":%lld,\"items\":[",
                              (long long)USER_ID);
    for (int index = 0; index < SET_ITEMS; index++)
      length += jsonItem(body + length, sizeof body - length, index);
    length += (size_t)snprintf(body + length, sizeof body - length, "]}");
  }
  const char *form = "POST /%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n%s";
  request->length = (size_t)snprintf((char *)request->bytes, sizeof request->bytes, form, method,
                                     length, body);
}

int requestBuild(struct request *request, enum protocol protocol, const char *method) {
  request->protocol = protocol;
  if (strncmp(method, "history-", 8) == 0) return historyBuild(request, method);
  request->history.users = 0;
  int echo = strcmp(method, "echo") == 0, get = strcmp(method, "get") == 0;
  if (!echo && !get && strcmp(method, "set") != 0) return 0;
  if (protocol == PROTOCOL_FRAMED) buildFramed(request, method);
  else if (protocol == PROTOCOL_HTTP) buildHttp(request, method);
  else return 0;
  request->replyText = echo ? ECHO_TEXT : get ? ITEM_TEXT : "";
  // The text alone, and room for names, numbers and (JSON) the words around them.
  size_t text = echo ? sizeof ECHO_TEXT - 1 : get ? GET_ITEMS * (sizeof ITEM_TEXT - 1) : 0;
  request->replyMinBytes = text + 1;
  request->replyMaxBytes = text + 200 + (get ? GET_ITEMS * 100 : 0);
  return 1;
}
