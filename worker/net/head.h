/* A response's header as HTTP/1.1 writes it. */
#ifndef WORKER_NET_HEAD_H
#define WORKER_NET_HEAD_H

#include "shm/base/buf.h"
#include "worker/request/request.h"

/* The standard phrase, "" for codes without one. */
const char *head_reason(int code);
/* Whether a response with this code and method carries a body at all (RFC 9110, 6.4.1). */
bool head_has_body(const struct response *res);
/* Status line and headers. keep_alive false: Connection: close. */
void head_write(struct buf *out, const struct response *res, struct str date, bool chunked, bool keep_alive);

#endif
