/* The past of a key range. The first event behind the wanted revision tells what each changed key was then:
 * nothing before an ADDED, the kept previous record otherwise. Those states are put in key order and laid
 * over the scan of the present: where both have a key, the past wins. All of it are views into the snapshot.
 */
#include "shm/cache/history.h"

#include <errno.h>
#include <stdlib.h>
#include "shm/base/hash.h"
#include "shm/base/must.h"
#include "shm/cache/cursor.h"
#include "shm/cache/log.h"

#define HISTORY_MAGIC 0x68697374u

struct past {
    struct str key;
    uint64_t hash;
    const struct record *record; /* NULL: absent then */
    bool now;                    /* there is one at present */
};

/* A walk over both; `now` is the scan's record that is not given out yet. */
struct walk {
    struct scan scan;
    struct str now_key;
    const struct record *now;
    size_t past;
};

struct history {
    unsigned magic;
    struct snapshot *snap;
    struct key prefix;
    struct past *past; /* in key order */
    size_t npast, cap;
    size_t *slots; /* while building: hash table of index + 1 */
    size_t nslots;
    struct walk walk;
    bool open;
    struct key last; /* key given out last, or sought */
    bool has_last;
};

static void grow(struct history *h)
{
    h->cap = h->cap ? h->cap * 2 : 64;
    h->past = realloc(h->past, h->cap * sizeof(*h->past));
    free(h->slots);
    h->nslots = h->cap * 2;
    h->slots = calloc(h->nslots, sizeof(*h->slots));
    must(h->past != NULL && h->slots != NULL);
    for (size_t i = 0; i < h->npast; i++) {
        size_t at = h->past[i].hash & (h->nslots - 1);
        while (h->slots[at])
            at = (at + 1) & (h->nslots - 1);
        h->slots[at] = i + 1;
    }
}

/* Keeps the first state that is reported for a key, and whether the last event left one. */
static void remember(struct history *h, struct str key, const struct record *record, bool now)
{
    if (h->npast == h->cap)
        grow(h);
    uint64_t hash = hash_str(key);
    size_t at = hash & (h->nslots - 1);
    for (; h->slots[at]; at = (at + 1) & (h->nslots - 1)) {
        struct past *p = &h->past[h->slots[at] - 1];
        if (p->hash == hash && str_eq(p->key, key)) {
            p->now = now;
            return;
        }
    }
    h->past[h->npast++] = (struct past){key, hash, record, now};
    h->slots[at] = h->npast;
}

static int by_key(const void *a, const void *b)
{
    return str_cmp(((const struct past *)a)->key, ((const struct past *)b)->key);
}

static int undo(struct history *h, int64_t revision)
{
    struct log_scan sc;
    struct event e;
    const struct record *before;
    int rc = log_scan_open(&sc, h->snap, revision);
    if (rc)
        return rc;
    while (log_scan_before(&sc, &e, &before))
        if (str_starts(e.key, key_str(&h->prefix)))
            remember(h, e.key, before, e.type != EVENT_DELETED);
    log_scan_close(&sc);
    free(h->slots);
    h->slots = NULL;
    if (h->npast)
        qsort(h->past, h->npast, sizeof(*h->past), by_key);
    return 0;
}

struct history *history_open(struct snapshot *s, const struct key *prefix, int64_t revision)
{
    if (revision > snapshot_revision(s)) {
        errno = EOVERFLOW;
        return NULL;
    }
    struct history *h = calloc(1, sizeof(*h));
    must(h != NULL);
    h->magic = HISTORY_MAGIC;
    h->snap = snapshot_ref(s);
    h->prefix = *prefix;
    int rc = undo(h, revision);
    if (rc == 0)
        rc = history_seek(h, NULL);
    if (rc == 0)
        return h;
    history_close(h);
    errno = -rc;
    return NULL;
}

void history_close(struct history *h)
{
    if (!h)
        return;
    must_be(h, HISTORY_MAGIC);
    if (h->open)
        scan_close(&h->walk.scan);
    snapshot_unref(h->snap);
    free(h->past);
    free(h->slots);
    h->magic = 0;
    free(h);
}

/* Index of the first past state with a key >= key. */
static size_t past_at(const struct history *h, struct str key)
{
    size_t lo = 0, hi = h->npast;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (str_cmp(h->past[mid].key, key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* The same of a key behind this one; NULL: the first. */
static size_t past_behind(const struct history *h, const struct key *after)
{
    size_t i = after ? past_at(h, key_str(after)) : 0;
    return i < h->npast && after && str_eq(h->past[i].key, key_str(after)) ? i + 1 : i;
}

static int walk_open(struct history *h, struct walk *w, const struct key *after)
{
    *w = (struct walk){0};
    int rc = scan_open(&w->scan, h->snap, &h->prefix, after, after != NULL);
    if (rc)
        return rc;
    w->past = past_behind(h, after);
    w->now = scan_next(&w->scan, &w->now_key);
    return 0;
}

static const struct record *walk_next(struct history *h, struct walk *w, struct str *key)
{
    for (;;) {
        const struct past *p = w->past < h->npast ? &h->past[w->past] : NULL;
        if (!p && !w->now)
            return NULL;
        int d = !p ? 1 : !w->now ? -1 : str_cmp(p->key, w->now_key);
        const struct record *r = d <= 0 ? p->record : w->now;
        *key = d <= 0 ? p->key : w->now_key;
        if (d <= 0)
            w->past++;
        if (d >= 0)
            w->now = scan_next(&w->scan, &w->now_key);
        if (r)
            return r;
    }
}

int history_seek(struct history *h, const struct key *after)
{
    must_be(h, HISTORY_MAGIC);
    if (h->open)
        scan_close(&h->walk.scan);
    h->has_last = after != NULL;
    if (after)
        h->last = *after;
    int rc = walk_open(h, &h->walk, after);
    h->open = rc == 0;
    return rc;
}

const struct record *history_next(struct history *h, struct str *key)
{
    must_be(h, HISTORY_MAGIC);
    struct str k;
    const struct record *r = h->open ? walk_next(h, &h->walk, &k) : NULL;
    if (!r)
        return NULL;
    must(k.n <= KEY_MAX);
    memcpy(h->last.b, k.p, k.n);
    h->last.n = (uint16_t)k.n;
    h->has_last = true;
    if (key)
        *key = k;
    return r;
}

const struct record *history_object(struct history *h, const struct key *k)
{
    must_be(h, HISTORY_MAGIC);
    size_t at = past_at(h, key_str(k));
    if (at < h->npast && str_eq(h->past[at].key, key_str(k)))
        return h->past[at].record;
    return snapshot_object(h->snap, k);
}

/* Those of the present, less what came since, and with what went. */
int64_t history_remaining(struct history *h, int64_t max)
{
    must_be(h, HISTORY_MAGIC);
    const struct key *after = h->has_last ? &h->last : NULL;
    int64_t n = snapshot_count(h->snap, &h->prefix, after, INT64_MAX);
    for (size_t i = past_behind(h, after); i < h->npast; i++)
        n += (h->past[i].record != NULL) - h->past[i].now;
    return n < max ? n : max;
}
