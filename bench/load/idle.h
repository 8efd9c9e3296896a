// The idle connections of `load --memory`.
#pragma once
#include "request.h"

/** Opens `count` connections, each of which makes one call, and holds them until stdin closes. */
int idleRun(int port, int count, const struct request *request);
