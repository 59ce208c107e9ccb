/* The log: the watch window. key = revision; value below. Bounded by bytes and age, not by count. A revision of
 * etcd may have many events (a transaction, a lease that ran out): they are told apart by `sub`, 0, 1, ..., come
 * into the log together, and whoever reads one reads all of them. A client whose connection breaks between two of
 * them and that asks for what came after their revision misses the others, as with the reference: so what we
 * make ourselves (shm/watcher/diff.h) gets revisions of its own. */
#ifndef SHM_CACHE_LOG_H
#define SHM_CACHE_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include "shm/cache/record.h"
#include "shm/cache/snapshot.h"

enum log_type { EVENT_ADDED = 1, EVENT_MODIFIED = 2, EVENT_DELETED = 3 };

/* value = this header | key | previous record (so that exact reads and DELETED-by-selector can be answered) |
 * record. The new record of a DELETED event is the last state with resourceVersion of the deletion. */
struct log_value {
    uint16_t type;
    uint16_t flags;
    uint32_t resource;
    int64_t wall_ms;       /* when it was committed: age bound, latency metric */
    int64_t prev_revision; /* mod revision of the previous state, 0 for ADDED */
    uint32_t key_off, key_bytes;
    uint32_t prev_off, prev_bytes; /* previous record, whole; 0 for ADDED */
    uint32_t record_off, record_bytes;
} __attribute__((packed));
_Static_assert(sizeof(struct log_value) == 48, "log header is 48 bytes");
#define LOG_MORE 1u /* there may be a next one of this revision */

/* A decoded view; dies with the snapshot. */
struct event {
    int64_t revision;
    uint32_t sub;
    bool more; /* look for sub + 1, too */
    enum log_type type;
    uint32_t resource;
    int64_t wall_ms;
    struct str key;
    const struct record *record; /* new state; for DELETED the last state at the deletion's revision */
    const struct record *prev;   /* NULL for ADDED and DELETED */
};

/* Reads a value of the log; e->sub is the caller's to set. false: the bytes are none. *before (may be NULL): the state that a MODIFIED or
 * DELETED ended, with its own resourceVersion. */
bool log_decode(int64_t revision, struct str value, struct event *e, const struct record **before);

/* The event at exactly this revision; false: not there. */
bool log_get(struct snapshot *s, int64_t revision, uint32_t sub, struct event *e);

/* Events after a revision, ascending. An open scan holds a reference to its snapshot. Who stops has to stop
 * between two revisions. */
struct log_scan {
    struct snapshot *snap;
    MDB_cursor *cur;
    bool done;
    int64_t after;
    bool started;
};
/* Returns 0, -EIO, or -ESTALE when events after `after` have left the window (410 Expired). */
int log_scan_open(struct log_scan *sc, struct snapshot *s, int64_t after);
bool log_scan_next(struct log_scan *sc, struct event *e);
/* The same, with the state that a MODIFIED or DELETED ended. */
bool log_scan_before(struct log_scan *sc, struct event *e, const struct record **before);
void log_scan_close(struct log_scan *sc);

#endif
