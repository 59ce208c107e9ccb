/* Answers that are JSON already, in the form the client wants. response_status is promised in request.h. */
#ifndef WORKER_REQUEST_STATUS_H
#define WORKER_REQUEST_STATUS_H

#include "worker/request/negotiate.h"

/* Begins a response with compact JSON text turned into what was negotiated (indented, YAML); json is borrowed
 * until the request ends. content_type: NULL for that of a. */
void response_json(struct request *rq, int code, const struct accept *a, const char *content_type,
                   struct str json);
/* text/plain; charset=utf-8 with nosniff, as Go's http.Error says it (a newline is added). */
void response_text(struct request *rq, int code, const char *text);
/* Indented text (two blanks) of compact JSON: the white space of Go's MarshalIndent. */
void json_indent(struct buf *out, struct str compact);
/* Errors that routes make: details are there but empty. 404, 405. */
void status_no_route(struct status *st);
void status_no_method(struct status *st);

#endif
