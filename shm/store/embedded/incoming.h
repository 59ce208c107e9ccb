/* One request as the watcher finds it in a mailbox. */
#ifndef SHM_STORE_EMBEDDED_INCOMING_H
#define SHM_STORE_EMBEDDED_INCOMING_H

#include "shm/area.h"
#include "shm/cache/cache.h"
#include "shm/store/embedded/shared.h"
#include "shm/store/store.h"

/* Views into the mailbox; valid until the request is answered. */
struct incoming {
    enum store_verb verb;
    struct str key;
    const struct record *draft; /* NULL: a deletion that announces the stored state */
    int64_t expect;
};

static inline const struct mailbox_request *incoming_slot(struct area *a, int mailbox, uint64_t seq)
{
    return &mailbox_at(a, mailbox)->request[seq % MAILBOX_SLOTS];
}

/* What another process wrote is checked like a file. false: it cannot be read. */
bool incoming_decode(struct area *a, int mailbox, uint64_t seq, struct incoming *rq);
/* Modification revision of the key as the transaction sees it, 0 when absent. Returns 0 or -EIO. */
int incoming_actual(struct cache *c, MDB_txn *txn, const struct incoming *rq, int64_t *actual);
/* 0, or why a request cannot be applied at this revision: -EEXIST, -ESTALE (see store.h). */
int incoming_conflict(const struct incoming *rq, int64_t actual);

#endif
