/* A request's body while it arrives, the same for both protocols. */
#ifndef WORKER_NET_INTAKE_H
#define WORKER_NET_INTAKE_H

#include "worker/request/request.h"

struct intake {
    struct buf buf;
    size_t marked; /* bytes at the last sign of progress */
    bool wanted;   /* the handler waits */
    bool resumed;  /* and was told */
};

/* A sender that brings less than this in a body time-out is dropped. */
#define INTAKE_PROGRESS_BYTES 1024

/* At the header's end: sets has_body, content_length, body_complete, body_too_large. */
void intake_begin(struct intake *in, struct request *rq, bool has_body, int64_t length);
/* Bytes of the body. Beyond the bound they are thrown away and body_too_large is set. Returns true when the
 * body has made progress (the time-out starts anew). */
bool intake_take(struct intake *in, struct request *rq, const char *p, size_t n);
void intake_end(struct intake *in, struct request *rq);
/* Once: true if the handler waits and can go on (complete or too large). */
bool intake_ready(struct intake *in, const struct request *rq);
void intake_free(struct intake *in);

#endif
