/* The changes of a batch while it is made, with the drafts of what is put in one piece of memory that grows.
 */
#ifndef SHM_WATCHER_BATCH_H
#define SHM_WATCHER_BATCH_H

#include "shm/base/buf.h"
#include "shm/watcher/load.h"

#define BATCH_NO_DRAFT ((size_t)-1)

/* Zeroed before its first use. */
struct batch {
    struct buf drafts; /* appended to by the caller, before batch_add */
    int n;             /* changes */

    /* its own */
    struct load_change *changes;
    size_t *draft_at;
    int room;
    int64_t last; /* revision of the last change that was numbered, and its position there */
    uint32_t last_sub;
};

/* draft_at: where its draft begins in drafts, or BATCH_NO_DRAFT. numbered: the change gets its position among
 * those of its revision; what came before it counts, though it was dropped since. */
void batch_add(struct batch *b, const struct load_change *ch, size_t draft_at, bool numbered);
/* How many changes come before those of `revision` at the end. */
int batch_before(const struct batch *b, int64_t revision);
/* The revision of the last change; 0: there is none. */
int64_t batch_last(const struct batch *b);
/* changes and n of out: views of the first n, until the next call that changes the batch. */
void batch_view(struct batch *b, int n, struct load_batch *out);
void batch_drop_first(struct batch *b, int n);
void batch_clear(struct batch *b);
/* The numbering begins anew: revisions may be lower than they were. */
void batch_restart(struct batch *b);
void batch_free(struct batch *b);

#endif
