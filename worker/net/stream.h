/* One HTTP/2 stream: a request that is made of header fields as they come, and its answer as DATA frames.
 * What its connection knows of it is here as well; only http2.c and stream.c look inside. */
#ifndef WORKER_NET_STREAM_H
#define WORKER_NET_STREAM_H

#include <nghttp2/nghttp2.h>
#include <sys/queue.h>
#include "worker/net/conn.h"
#include "worker/net/intake.h"

struct http2;

struct stream {
    struct http2 *h;
    struct request *rq;
    int32_t id;
    int cap;           /* of rq->headers */
    size_t head_bytes; /* header list size */
    size_t held;       /* body bytes whose window was not given back */
    size_t shut_out;   /* the same of a body that is too large, and only the stream's window */
    struct intake intake;
    struct deadline deadline;
    bool too_large, head_done, started, responded, reading, wake_again;
    bool lingering; /* answered, the rest of its body is thrown away */
    bool in_ready, in_unsettled, in_again;
    LIST_ENTRY(stream) all;
    TAILQ_ENTRY(stream) ready;
    LIST_ENTRY(stream) unsettled;
    LIST_ENTRY(stream) again;
};

struct http2 {
    struct conn *c;
    nghttp2_session *s;
    LIST_HEAD(, stream) all;
    TAILQ_HEAD(, stream) ready;    /* complete heads, to be started after the read */
    LIST_HEAD(, stream) unsettled; /* may hold a snapshot at the flush's end */
    LIST_HEAD(, stream) again;     /* woke while they were read */
    int streams;
    bool in_head; /* a header block has begun */
    bool any_request;
    bool goaway;       /* the last one is out */
    bool broken;       /* it ended with an error: nothing is read any more */
    int64_t notice_ms; /* when the first one was */
    int64_t second;    /* of idle_frames */
    int idle_frames;
    size_t flushed; /* bytes this flush */
};

/* A stream whose head begins: its request has no header yet. Belongs to the connection. */
struct stream *stream_new(struct http2 *h, int32_t id);
/* With its request. */
void stream_free(struct stream *st);
/* A field of its head; over the bound it becomes too_large and keeps nothing more. */
void stream_header(struct stream *st, nghttp2_rcbuf *name, nghttp2_rcbuf *value);
/* Its request is started, or goes on, when all frames of this read are taken in. */
void stream_ready(struct stream *st);
/* Goes on with a handler that waits for the body, once. */
void stream_resume(struct stream *st);
/* Answered before its body has come: what still comes is thrown away for a moment. */
void stream_linger(struct stream *st);
/* Time-outs: bytes of its body must come; the client must take what there is to send. */
void stream_await_body(struct stream *st);
void stream_await_reader(struct stream *st);
/* nghttp2's send_data_callback: puts a frame's head before the payload that stream.c has read already. */
int stream_send_data(nghttp2_session *s, nghttp2_frame *f, const uint8_t *head, size_t n,
                     nghttp2_data_source *source, void *arg);

#endif
