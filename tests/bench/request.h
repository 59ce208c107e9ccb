/* Scenarios of requests that are answered and done. Two phases: a closed loop (every slot, a connection or a
 * stream of one, sends its next request when the last is answered) gives CPU per operation and throughput; an
 * open loop (requests are due at fixed moments whether or not the server keeps up, and their time counts from
 * then: no coordinated omission) gives latency. */
#ifndef BENCH_REQUEST_H
#define BENCH_REQUEST_H

#include "shm/base/buf.h"
#include "tests/bench/bench.h"
#include "tests/bench/scenario.h"

/* What a slot is about to send. */
struct request_next {
    const struct bench *bench;
    int slot, serial; /* which slot; serial: of all requests of this run, from 0 */
    int step;         /* of this slot, from 0 */
    const char *method, *type;
    char path[256];
    struct buf body;
};

struct request_kind {
    void (*prepare)(struct request_next *n);
    bool fresh;  /* a connection for each */
    bool memory; /* the server's peak memory, and the time to the first byte, are of interest */
};

extern const struct request_kind request_get, request_get_same, request_list, request_list_all,
    request_nodelist, request_create, request_apply, request_churn, request_connect;

/* 0, or -1 with a line on stderr. */
int request_run(struct bench *b, const struct row *row, struct result *r);

#endif
