/* The rule: above max_bytes the oldest events go, whatever their age; between half of it and all of it those
 * go that are older than max_age_ms; below half nothing goes, because list pages and late watchers still read
 * it. The size is what LMDB says the log's pages take, so pages and keys count too and no sum can drift. */
#include "shm/watcher/trim.h"

#include <errno.h>
#include <stdbool.h>
#include "shm/base/log.h"
#include "shm/cache/cursor.h"
#include "shm/cache/log.h"

/* A batch adds fewer than this; far above the bound (it was lowered at a restart) larger bites are taken. */
#define EVENTS_MAX 1024
#define EVENTS_MAX_FAR 16384

static int measure(struct trim *t, struct cache *c, MDB_txn *txn)
{
    MDB_stat st;
    if (mdb_stat(txn, c->log, &st))
        return -EIO;
    t->bytes = (int64_t)(st.ms_branch_pages + st.ms_leaf_pages + st.ms_overflow_pages) * st.ms_psize;
    return 0;
}

int trim_init(struct trim *t, struct cache *c, MDB_txn *txn, int64_t max_bytes, int64_t max_age_ms)
{
    *t = (struct trim){.max_bytes = max_bytes, .max_age_ms = max_age_ms};
    return measure(t, c, txn);
}

static bool over(const struct trim *t, MDB_val value, int64_t now_ms)
{
    const struct log_value *h = value.mv_data;
    if (t->bytes > t->max_bytes)
        return true;
    if (t->bytes <= t->max_bytes / 2)
        return false;
    return value.mv_size < sizeof(*h) || now_ms - h->wall_ms > t->max_age_ms;
}

/* Removes events under the cursor's front end while they are over the bound. */
static int remove_front(struct trim *t, struct cache *c, MDB_txn *txn, MDB_cursor *cur, int64_t now_ms,
                        int64_t *last)
{
    int max = t->bytes > t->max_bytes / 4 * 5 ? EVENTS_MAX_FAR : EVENTS_MAX, n = 0;
    MDB_val k, v;
    for (; n < max && mdb_cursor_get(cur, &k, &v, MDB_FIRST) == 0 && over(t, v, now_ms); n++) {
        *last = log_key_revision(k);
        int rc = mdb_cursor_del(cur, 0);
        if (rc)
            return cache_errno(rc);
        if (measure(t, c, txn))
            return -EIO;
    }
    return n;
}

int trim_run(struct trim *t, struct cache *c, MDB_txn *txn, int64_t now_ms)
{
    MDB_cursor *cur;
    int64_t last = 0;
    if (measure(t, c, txn))
        return -EIO;
    if (t->bytes <= t->max_bytes / 2)
        return 0;
    int rc = mdb_cursor_open(txn, c->log, &cur);
    if (rc)
        return -EIO;
    int n = remove_front(t, c, txn, cur, now_ms, &last);
    mdb_cursor_close(cur);
    if (n <= 0)
        return n;
    rc = cache_meta_put(c, txn, CACHE_META_COMPACTED, last);
    return rc ? rc : n;
}
