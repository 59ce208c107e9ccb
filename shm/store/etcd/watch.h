/* A watch: every change of a key range, in order of revisions. One stream each.
 *
 * What is handed out is in order and without repetition: events that etcd sends twice, or from before where
 * the watch stands (members before 3.4.31 do both), are left out. */
#ifndef SHM_STORE_ETCD_WATCH_H
#define SHM_STORE_ETCD_WATCH_H

#include "shm/store/etcd/client.h"

struct etcd_watch;

struct etcd_watch_options {
    struct str key, end;    /* as in struct etcd_range; copied */
    int64_t start_revision; /* the first revision wanted; 0: from now on */
    bool prev_kv;           /* events carry the state before, unless that is compacted */
    bool progress_notify;   /* etcd says by itself now and then how far it is */
};

struct etcd_batch {
    struct etcd_header header; /* revision: of the store when the batch was sent */
    int count;                 /* events, at least 1 */
    bool more;                 /* the last revision may go on in the next batch (a fragment) */
    struct message_list events;
    int64_t from;  /* revisions before this one were seen */
    uint32_t skip; /* and of this one so many events */
};
/* The next event of a batch: *at starts at zero. Checked: it has a key and a revision, and these do not fall.
 */
struct etcd_batch_at {
    size_t at;
    uint32_t skipped;
};
bool etcd_batch_next(const struct etcd_batch *b, struct etcd_batch_at *at, struct etcd_event *e);

struct etcd_watch_hooks {
    void *arg;
    /* The watch stands (again); revision: of the store. May be NULL. */
    void (*created)(void *arg, int64_t revision, uint64_t cluster_id);
    void (*batch)(void *arg, const struct etcd_batch *b);
    /* No events up to this revision are left to come. in_order false: the member's answer may have overtaken
     * events and proves nothing but that the stream lives. */
    void (*progress)(void *arg, int64_t revision, bool in_order);
    /* The stream is gone; nothing more comes until etcd_watch_resume. error:
     *   -ESTALE   compacted: events from start on up to st->compact_revision cannot be had; list again
     *   -EAGAIN, -ETIMEDOUT  connection, member or leader lost: resume
     *   else      refused, or the answers make no sense (-EPROTO): report, then resume with patience */
    void (*ended)(void *arg, const struct etcd_status *st);
};

/* Never NULL; the hooks come later. */
struct etcd_watch *etcd_watch_new(struct etcd_client *c, const struct etcd_watch_options *o,
                                  const struct etcd_watch_hooks *hooks);
/* Opens the stream, the first time or after `ended`: from the last revision that was handed out whole, plus
 * one. Also from `ended`; after repeated failures with growing pauses. Returns 0, or -EAGAIN (too much
 * outstanding). */
int etcd_watch_resume(struct etcd_watch *w);
/* The same from a revision of the caller's choice: after a list. */
int etcd_watch_restart(struct etcd_watch *w, int64_t start_revision);
/* Goes on at another member, if there is one. Returns as etcd_watch_resume; 0 when no stream stands. */
int etcd_watch_move(struct etcd_watch *w);
/* No hook is called any more. NULL is allowed; also from a hook. */
void etcd_watch_free(struct etcd_watch *w);
/* Asks how far the stream is; answered by `progress`, of members that are busy with events by those. Returns
 * 0, -ENOENT (no stream stands), -EAGAIN. */
int etcd_watch_request_progress(struct etcd_watch *w);
/* Whether answers to that are in order with events. */
bool etcd_watch_progress_in_order(const struct etcd_watch *w);
/* Everything up to here was handed out, or is known not to exist. */
int64_t etcd_watch_revision(const struct etcd_watch *w);

#endif
