/* The objects of a selection at one revision, in key order, however long the reader takes. The scan holds a
 * snapshot while it can; when that has to go, it goes on at the same revision through history. */
#ifndef WORKER_READ_SCAN_H
#define WORKER_READ_SCAN_H

#include "shm/cache/history.h"
#include "shm/cache/snapshot.h"
#include "worker/loop/loop.h"
#include "worker/read/selector.h"

struct read_scan {
    struct snapshots *all;
    const struct loop *loop; /* NULL: never yields */
    const struct selection *sel;
    int64_t revision;      /* what the reader is told */
    struct snapshot *snap; /* NULL: given back */
    struct history *history;
    enum { SCAN_CLOSED, SCAN_ONE, SCAN_RANGE, SCAN_INDEX, SCAN_HISTORY } how;
    union {
        struct scan range;
        struct index_scan index;
    } u;
    struct key prefix;
    struct key at; /* goes on behind (or at) this key */
    bool has_at, at_after;
    bool registered; /* for reclaim */
    bool done;
    bool yielded; /* the last NULL of read_scan_next was no end: the turn was over */
    unsigned skipped;
    const struct record *last;
};

/* Takes over the reference to snap. revision: what to read; older than the snapshot: through history. from: a
 * key to go on from (after: behind it), or NULL. Nothing is opened yet. */
void read_scan_init(struct read_scan *sc, struct snapshots *all, const struct selection *sel,
                    struct snapshot *snap, int64_t revision, const struct key *from, bool after);
/* From here on read_scan_next gives way where the turn is over; the caller looks at sc->yielded. */
void read_scan_slice(struct read_scan *sc, const struct loop *l);
/* Makes sure that reading is possible: 0, -ESTALE (the revision has left the window) or -EIO. */
int read_scan_open(struct read_scan *sc);
/* Next object that matches; NULL at the end, or with sc->yielded where many did not match and the turn is
 * over. A view under sc->snap. */
const struct record *read_scan_next(struct read_scan *sc);
/* Objects in the range behind the last one returned, matching or not; the scan is not moved. */
int64_t read_scan_remaining(struct read_scan *sc);
/* Whether any object, matching or not, follows. The scan has to be rewound afterwards. */
bool read_scan_more(struct read_scan *sc);
/* Back to where it was given by init. */
void read_scan_rewind(struct read_scan *sc, const struct key *from, bool after);
/* The turn ends: remembers the place; from now on the snapshot may be asked back. */
void read_scan_pause(struct read_scan *sc);
void read_scan_close(struct read_scan *sc);

#endif
