/* The store: what is true. Two backends behave the same: embedded (the watcher's own durable LMDB, written
 * through a mailbox) and etcd. A write is answered when it cannot be lost any more, and its event is readable
 * in the cache no later than store_revision() says. Keys, revisions and bytes; never kinds. */
#ifndef SHM_STORE_STORE_H
#define SHM_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include "shm/cache/key.h"
#include "shm/cache/record.h"

enum store_verb { STORE_PUT = 1, STORE_DELETE = 2 };
#define STORE_EXPECT_ABSENT 0 /* the key must not exist */
#define STORE_EXPECT_ANY (-1)

struct store_op {
    enum store_verb verb;
    struct key key;
    struct str ns, name;        /* what the key was made of, which may have cut it; until submit returns */
    int64_t expect;             /* mod revision the key must have, STORE_EXPECT_ABSENT or STORE_EXPECT_ANY */
    const struct record *draft; /* PUT: copied before store_submit returns */
    const struct record
        *last; /* DELETE: optional draft of the last state to announce instead of the stored one */
};

/* error: 0; -EEXIST (expected absent), -ESTALE (other revision; actual holds it, 0: key is gone), -ENOSPC,
 * -EIO, -EFBIG, -EAGAIN (store unavailable, nothing written), -ETIMEDOUT (unknown whether written). */
struct store_result {
    int error;
    int64_t revision; /* of the write; of a conflict: a cache that has reached it shows what was in the way */
    int64_t actual;
};

typedef void (*store_done)(void *arg, const struct store_result *r);

struct store; /* one per process */

struct store_ops {
    /* Returns 0 and calls done later, from the loop (never inside submit); or -EAGAIN when its queue is full,
     * -EFBIG, and done is not called. *ticket identifies the call for cancel. */
    int (*submit)(struct store *s, const struct store_op *op, store_done done, void *arg, uint64_t *ticket);
    /* The caller does not want the answer any more; the write may still happen. */
    void (*cancel)(struct store *s, uint64_t ticket);
    /* Collects answers; called by the loop when the process's wake fd fires. */
    void (*poll)(struct store *s);
    /* Highest revision acknowledged to anyone: a fresh read must see it. */
    int64_t (*revision)(struct store *s);
    void (*free)(struct store *s);
};

struct store {
    unsigned magic;
    const struct store_ops *ops;
};

static inline int store_submit(struct store *s, const struct store_op *op, store_done done, void *arg,
                               uint64_t *ticket)
{
    return s->ops->submit(s, op, done, arg, ticket);
}
static inline void store_cancel(struct store *s, uint64_t ticket)
{
    s->ops->cancel(s, ticket);
}
static inline void store_poll(struct store *s)
{
    s->ops->poll(s);
}
static inline int64_t store_revision(struct store *s)
{
    return s->ops->revision(s);
}
static inline void store_free(struct store *s)
{
    s->ops->free(s);
}

#endif
