/* The headers of a write that is handed on, there and back. */
#ifndef WORKER_CALLOUT_FORWARDHEAD_H
#define WORKER_CALLOUT_FORWARDHEAD_H

#include <curl/curl.h>
#include "worker/request/request.h"

/* By what the other server is told who asks. */
enum forward_identity {
    FORWARD_ANONYMOUS,
    FORWARD_BEARER,      /* the client's own token */
    FORWARD_FRONT_PROXY, /* X-Remote-*, believed because of the certificate that is shown with them */
};
enum forward_identity forward_identity(const struct request *rq);
/* Whether a server with --write-server has handed the request on already. */
bool forward_seen_before(const struct request *rq);
/* What goes there; the caller's to free. NULL: the user's name, a group or the like has characters that no
 * header can carry. */
struct curl_slist *forward_headers(struct request *rq, enum forward_identity by);

#define FORWARD_HEADERS_MAX (RESPONSE_HEADERS_MAX - 4) /* the pipeline and the body add their own */

/* Of the answer: what the client is to see. */
struct forward_head {
    struct header headers[FORWARD_HEADERS_MAX];
    int n;
    const char *content_type; /* NULL: none */
};
/* Notes one line; strings are copied into the arena. false: there are too many. */
bool forward_answer_line(struct forward_head *h, struct arena *a, struct str line);

#endif
