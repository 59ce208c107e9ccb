/* Calls to etcd, counted by what they did to which resource. Names, labels and buckets: the reference's
 * storage/etcd3/metrics. */
#ifndef WORKER_REQUEST_STORESTATS_H
#define WORKER_REQUEST_STORESTATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include "shm/base/buf.h"
#include "worker/request/durations.h"

#define STORESTATS_RESOURCES 192

enum storestats_op { STORESTATS_CREATE, STORESTATS_UPDATE, STORESTATS_DELETE, STORESTATS_OPS };

/* Of one process, in shared memory; zeroed is empty. Only its own process writes it. */
struct storestats {
    struct storestats_row {
        _Atomic uint64_t bucket[DURATIONS + 1], sum_ns, failed;
    } row[STORESTATS_RESOURCES][STORESTATS_OPS];
};

void storestats_add(struct storestats *s, uint32_t resource, enum storestats_op op, int64_t ns, bool failed);
void storestats_reset(struct storestats *s);
/* Added up over n processes. */
void storestats_write(const struct storestats *const *all, int n, struct buf *out);
/* The place of a stored resource in tables such as this one, or -1. */
int storestats_place(uint32_t resource);

#endif
