/* Four ways to the same objects: one key, a range, an index, or the past. The choice is made here once, so
 * that lists, their pre-pass and the initial state of a watch do not each make their own. */
#include "worker/read/scan.h"

#include <errno.h>

static void leave(struct read_scan *sc)
{
    if (sc->how == SCAN_RANGE)
        scan_close(&sc->u.range);
    if (sc->how == SCAN_INDEX)
        index_scan_close(&sc->u.index);
    if (sc->history)
        history_close(sc->history);
    sc->history = NULL;
    sc->how = SCAN_CLOSED;
}

static void remember(struct read_scan *sc)
{
    if (!sc->last)
        return;
    key_make(&sc->at, sc->sel->resource, record_ns(sc->last), record_name(sc->last));
    sc->has_at = sc->at_after = true;
    sc->last = NULL;
}

static void give_back(void *arg)
{
    struct read_scan *sc = arg;
    remember(sc);
    leave(sc);
    struct snapshot *s = sc->snap;
    sc->snap = NULL;
    sc->registered = false;
    snapshot_unref(s);
}

void read_scan_init(struct read_scan *sc, struct snapshots *all, const struct selection *sel,
                    struct snapshot *snap, int64_t revision, const struct key *from, bool after)
{
    *sc = (struct read_scan){.all = all, .sel = sel, .snap = snap, .revision = revision};
    key_prefix(&sc->prefix, sel->resource, sel->ns);
    read_scan_rewind(sc, from, after);
}

void read_scan_rewind(struct read_scan *sc, const struct key *from, bool after)
{
    leave(sc);
    sc->last = NULL;
    sc->done = false;
    sc->has_at = from != NULL;
    sc->at_after = after;
    if (from)
        sc->at = *from;
}

/* A key that sorts before k with no name between: history goes on behind a key, never at one. */
static struct key before(const struct key *k)
{
    struct key b = *k;
    if (b.b[b.n - 1] == 0) {
        b.n--;
        return b;
    }
    b.b[b.n - 1]--;
    if (b.n < KEY_MAX)
        b.b[b.n++] = 0xff;
    return b;
}

static int open_history(struct read_scan *sc)
{
    struct key range = sc->prefix;
    if (sc->sel->one)
        key_make(&range, sc->sel->resource, sc->sel->ns, sc->sel->name);
    sc->history = history_open(sc->snap, &range, sc->revision);
    if (!sc->history)
        return errno == ESTALE ? -ESTALE : -EIO;
    struct key from = sc->has_at && !sc->at_after ? before(&sc->at) : sc->at;
    if (history_seek(sc->history, sc->has_at ? &from : NULL))
        return -EIO;
    sc->how = SCAN_HISTORY;
    return 0;
}

static int open_present(struct read_scan *sc)
{
    const struct selection *sel = sc->sel;
    const struct key *from = sc->has_at ? &sc->at : NULL;
    int rc = 0;
    if (sel->one) {
        sc->how = SCAN_ONE;
        sc->done = sc->has_at && sc->at_after;
    } else if (sel->index) {
        rc = index_scan_open(&sc->u.index, sc->snap, sel->resource, sel->index->slot, sel->index->value,
                             sel->ns, from, sc->at_after);
        sc->how = rc == 0 ? SCAN_INDEX : SCAN_CLOSED;
    } else {
        rc = scan_open(&sc->u.range, sc->snap, &sc->prefix, from, sc->at_after);
        sc->how = rc == 0 ? SCAN_RANGE : SCAN_CLOSED;
    }
    return rc;
}

void read_scan_slice(struct read_scan *sc, const struct loop *l)
{
    sc->loop = l;
}

int read_scan_open(struct read_scan *sc)
{
    if (sc->how != SCAN_CLOSED)
        return 0;
    if (!sc->snap)
        sc->snap = snapshot_get(sc->all);
    if (!sc->snap)
        return -EIO;
    return snapshot_revision(sc->snap) == sc->revision ? open_present(sc) : open_history(sc);
}

static const struct record *next_one(struct read_scan *sc)
{
    struct key k;
    if (sc->done)
        return NULL;
    sc->done = true;
    key_make(&k, sc->sel->resource, sc->sel->ns, sc->sel->name);
    return snapshot_object(sc->snap, &k);
}

static const struct record *next_any(struct read_scan *sc)
{
    switch (sc->how) {
    case SCAN_ONE:
        return next_one(sc);
    case SCAN_RANGE:
        return scan_next(&sc->u.range, NULL);
    case SCAN_INDEX:
        return index_scan_next(&sc->u.index);
    case SCAN_HISTORY:
        return history_next(sc->history, NULL);
    default:
        return NULL;
    }
}

const struct record *read_scan_next(struct read_scan *sc)
{
    const struct record *r;
    sc->yielded = false;
    while ((r = next_any(sc)) != NULL) {
        sc->last = r;
        if (selection_matches_record(sc->sel, r))
            return r;
        if (sc->loop && (++sc->skipped & 255) == 0 && loop_turn_over(sc->loop)) {
            sc->yielded = true;
            return NULL;
        }
    }
    return NULL;
}

bool read_scan_more(struct read_scan *sc)
{
    return next_any(sc) != NULL;
}

int64_t read_scan_remaining(struct read_scan *sc)
{
    if (sc->how == SCAN_HISTORY)
        return history_remaining(sc->history, INT64_MAX);
    if (sc->how == SCAN_ONE || !sc->last)
        return 0;
    struct key after;
    key_make(&after, sc->sel->resource, record_ns(sc->last), record_name(sc->last));
    return snapshot_count(sc->snap, &sc->prefix, &after, INT64_MAX);
}

void read_scan_pause(struct read_scan *sc)
{
    if (!sc->snap || sc->registered)
        return;
    snapshot_set_reclaim(sc->snap, give_back, sc);
    sc->registered = true;
}

void read_scan_close(struct read_scan *sc)
{
    leave(sc);
    if (sc->registered)
        snapshot_clear_reclaim(sc->snap, sc);
    sc->registered = false;
    snapshot_unref(sc->snap);
    sc->snap = NULL;
}
