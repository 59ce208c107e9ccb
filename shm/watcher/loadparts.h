/* What the files of a load share: load.c the way from state to state, loadlist.c what is read in pages. */
#ifndef SHM_WATCHER_LOADPARTS_H
#define SHM_WATCHER_LOADPARTS_H

#include "shm/store/etcd/kv.h"
#include "shm/store/etcd/watch.h"
#include "shm/watcher/batch.h"
#include "shm/watcher/diff.h"
#include "shm/watcher/load.h"

enum load_state {
    LOAD_ASK,   /* where does the cluster stand? */
    LOAD_COLD,  /* pages of values */
    LOAD_KEYS,  /* pages of keys, to compare */
    LOAD_MARK,  /* revisions for what is gone; then the keys again */
    LOAD_READ,  /* what differs */
    LOAD_WATCH, /* the watch is asked for or stands */
};

/* A page that was answered and is looked through while the next one is under way. */
struct load_page {
    struct buf bytes; /* the answer */
    struct message_list kvs;
    size_t at;
    bool there, more; /* more: another page follows */
};

struct load {
    unsigned magic;
    struct cache *cache;
    struct etcd_client *client;
    struct load_hooks hooks;
    struct buf prefix, end, mark;
    int page, limit; /* keys in a page: the first one, and the next one */
    bool grows;      /* with what a page may hold in bytes */
    int64_t timeout_ms;
    enum load_state state;
    bool busy; /* a call or the watch is under way */
    bool ready;
    int failed;   /* what the sink refused with */
    int failures; /* in a row, of etcd */
    int64_t retry_ms;
    uint64_t ticket;
    uint64_t cluster_id;
    int64_t revision; /* applied */
    int64_t at;       /* of the list under way; 0: the first page says */
    struct buf from;  /* next key of the list */
    struct load_page held;
    struct diff *diff, *before; /* of the list before the marks were made */
    struct marks *marks;
    int rounds; /* of marks: more is gone meanwhile */
    size_t to_read, next_read;
    struct etcd_watch *watch;
    bool doubted;     /* the cluster may have gone back in time */
    int64_t doubt_at; /* what it was seen to have reached */
    int64_t doubt_ms; /* when to ask */
    uint64_t doubt_ticket;
    uint64_t skipped;
    struct batch batch; /* being made */
};

/* ---- load.c ---- */

/* Another state, with what it starts from; its first call is made by load_run. */
void load_go(struct load *l, enum load_state s);
/* The call under way failed: the same again after a pause, longer each time. */
void load_later(struct load *l, const struct etcd_status *st, const char *what);
/* Adds to the batch what is stored, or that it is gone. numbered: as batch_add. */
void load_add_put(struct load *l, const struct key *k, const struct etcd_kv *kv, bool numbered);
void load_add_delete(struct load *l, const struct key *k, int64_t revision);
/* Hands the batch on: the rest as in struct load_batch. But last: what has the revision `last` stays, for
 * more of it may follow. */
void load_flush(struct load *l, bool quiet, int64_t upto, bool window);
void load_flush_but_last(struct load *l, int64_t last, int64_t upto);

/* ---- loadlist.c ---- */

/* Make the call of LOAD_COLD and LOAD_KEYS, LOAD_MARK, LOAD_READ. Return 0, -EIO (the cache), or as
 * etcd_client_call does. */
int load_ask_page(struct load *l);
/* Looks through a part of the page that is held; false: there is none. */
bool load_work(struct load *l);
int load_ask_marks(struct load *l);
int load_ask_read(struct load *l);

#endif
