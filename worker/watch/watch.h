/* One watch: a filter and a place in the order of revisions. Shared by the files of this room.
 *
 *   initial state        behind                        current
 *   scan, ADDED each --> reads the log from cursor --> told by dispatch which revisions are its own
 *                        ^                             |
 *                        '-- more than it can note <---'   (its socket is full)
 */
#ifndef WORKER_WATCH_WATCH_H
#define WORKER_WATCH_WATCH_H

#include "worker/read/form.h"
#include "worker/read/options.h"
#include "worker/read/scan.h"
#include "worker/request/request.h"
#include "worker/watch/dispatch.h"

#define WATCH_MAGIC 0x77617463u
#define WATCH_SLICE_BYTES (64u << 10) /* pushed at a time; one larger event goes alone */
#define WATCH_PENDING_MAX 1024        /* revisions noted before a watch reads the log instead */

struct frame;
struct group;

struct watch {
    unsigned magic;
    struct request *rq;
    struct dispatch *d;
    struct reply_form form;
    uint64_t form_id; /* equal: frames can be shared */
    struct list_options opt;
    struct selection sel;

    /* place */
    int64_t cursor;   /* everything up to here was handled */
    bool behind;      /* reads the log; dispatch tells it nothing */
    int64_t *pending; /* ring buffer of revisions to look at */
    int npending, pending_at, pending_cap;
    struct read_scan *scan; /* initial state under way; NULL: done */
    bool end_mark;          /* the initial state ends in a bookmark */
    bool early;             /* dispatch matches the selector before it wakes */

    /* sending */
    struct str error;  /* an ERROR event to end with */
    bool headers_sent; /* a Table's columns */
    bool ending;
    bool bookmark_due;
    struct frame **frames; /* shared frames that the pushed segments point into */
    int nframes, frames_cap;
    struct buf built; /* bytes of this slice that are nobody else's */

    /* time, in clock_ms */
    int64_t end_ms, bookmark_ms;

    /* dispatch's links */
    struct group *group;
    struct watch *next, *prev;              /* in the group */
    struct watch *timed_next, **timed_link; /* in the wheel */
};

#endif
