/* Reading a request and judging its condition. A damaged one can only come from a process that went wrong; it
 * costs that process an answer of -EIO and nobody else anything. */
#include "shm/store/embedded/incoming.h"

#include <errno.h>
#include "shm/cache/cursor.h"

/* Resource id and the NUL behind the namespace. */
#define KEY_MIN 5

bool incoming_decode(struct area *a, int mailbox, uint64_t seq, struct incoming *rq)
{
    struct mailbox_request r = *incoming_slot(a, mailbox, seq);
    const char *payload = mailbox_at(a, mailbox)->payload;
    if (r.off > MAILBOX_BYTES || r.key_bytes > KEY_MAX || r.key_bytes < KEY_MIN ||
        r.draft_bytes > MAILBOX_REQUEST_MAX)
        return false;
    uint64_t draft_at = mailbox_draft_at(&r);
    if (draft_at + r.draft_bytes > MAILBOX_BYTES || (r.verb != STORE_PUT && r.verb != STORE_DELETE))
        return false;
    struct str draft = {payload + draft_at, r.draft_bytes};
    if (r.draft_bytes ? !record_ok(draft) : r.verb == STORE_PUT)
        return false;
    *rq = (struct incoming){.verb = r.verb,
                            .key = {payload + r.off, r.key_bytes},
                            .draft = r.draft_bytes ? (const struct record *)draft.p : NULL,
                            .expect = r.expect};
    return true;
}

int incoming_actual(struct cache *c, MDB_txn *txn, const struct incoming *rq, int64_t *actual)
{
    MDB_val k = str_val(rq->key), v;
    *actual = 0;
    int rc = mdb_get(txn, c->objects, &k, &v);
    if (rc == MDB_NOTFOUND)
        return 0;
    const struct record *r = rc ? NULL : record_view(val_str(v));
    if (!r)
        return -EIO;
    *actual = r->mod_revision;
    return 0;
}

int incoming_conflict(const struct incoming *rq, int64_t actual)
{
    if (rq->expect == STORE_EXPECT_ABSENT && actual)
        return -EEXIST;
    if (rq->expect > 0 && rq->expect != actual)
        return -ESTALE;
    return rq->verb == STORE_DELETE && !actual ? -ESTALE : 0;
}
