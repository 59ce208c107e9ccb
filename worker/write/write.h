/* One write on its way: read the state, make the next one of it, hand it to the store, and begin anew when
 * somebody else was faster (the reference's GuaranteedUpdate). With etcd the state that is at hand is tried
 * first: if it was old the store refuses; what writes nothing (a failure, no change) is decided again on the
 * newest. Used with a request, which is parked meanwhile, and without (keeper, collections). */
#ifndef WORKER_WRITE_WRITE_H
#define WORKER_WRITE_WRITE_H

#include <jansson.h>
#include "registry/status.h"
#include "shm/store/store.h"
#include "worker/read/freshness.h"
#include "worker/request/request.h"

#define WRITE_MAGIC 0x77726974u
#define WRITE_TRIES_MAX 64

enum write_verdict {
    WRITE_FAIL,       /* w->st says why */
    WRITE_AGAIN,      /* w->name was changed: look there */
    WRITE_KEEP,       /* nothing is written; *out, or the stored state, is the answer */
    WRITE_PUT,        /* *out is the new state */
    WRITE_REMOVE,     /* the object goes; *out, or the stored state, is the answer */
    WRITE_PUT_REMOVE, /* *out is written and the object removed right after */
};

enum write_state {
    WRITE_READS,
    WRITE_TAKES, /* what the new state holds and only one may hold is claimed */
    WRITE_SENT,
    WRITE_ANSWERED,
    WRITE_UNDOES, /* the claims of a write that has failed go back */
    WRITE_DROPS,  /* it is written; what is held no more goes back */
    WRITE_OVER,
};

struct write {
    unsigned magic;
    enum write_state state;
    struct context *ctx;
    struct request *rq; /* NULL: not for a request */
    struct arena *arena;
    const struct schema_resource *stored; /* the storage resource: trees are in its form */
    struct str ns, name;
    bool dry_run;
    bool creates; /* what is there is in the way, whether it can be read or not */
    int64_t
        ttl_s; /* a step may say after how many seconds what it made goes by itself; 0: as the kind has it */
    /* From the stored state (NULL: absent; borrowed) to what shall be (*out: new reference). Called again
     * after a conflict. */
    enum write_verdict (*step)(struct write *w, const json_t *old, json_t **out);
    /* With a request: sends the answer. */
    enum stage_result (*over)(struct request *rq, struct write *w);
    /* Without: called from the loop when the store answered; calls write_run. */
    void (*wake)(struct write *w);
    void *arg;   /* the step's */
    void *owner; /* whoever waits: of wake */

    /* when over */
    struct status st; /* failed or not */
    bool created, removed;
    json_t *tree;                /* the answer as a tree; lives as long as the arena; NULL: record is it */
    const struct record *record; /* the answer's finished bytes; in the arena */
    int64_t revision;            /* that the answer carries; 0: none (dry run of a create) */

    /* the write's own */
    enum write_verdict verdict;
    int64_t old_revision;
    int64_t at_least; /* what the state that is read must have reached; -1: the newest */
    bool sure;        /* it is no older than the write */
    struct freshness_wait wait;
    struct buf draft;
    struct store_result result;
    uint64_t ticket;
    int tries, tries_max;  /* WRITE_TRIES_MAX, unless who made it says otherwise */
    bool removing;         /* second half of PUT_REMOVE */
    bool bare;             /* the store found it too large: it is tried without saying who owns what */
    struct claims *claims; /* of this try; NULL: none */
    enum store_verb verb;  /* what is sent when they are taken */
    int64_t expect;
    int claim_error;
    bool retries; /* after undoing: begin anew; else it is over */
};

/* A write in the arena, with clean-up. The caller fills step and over or wake. */
struct write *write_new(struct context *ctx, struct arena *a, struct request *rq,
                        const struct schema_resource *stored, struct str ns, struct str name);
/* Goes on until the write is over (true) or waits (false: resumed through the request, or wake is called). */
bool write_run(struct write *w);
/* Runs a request's write and answers through w->over; for handlers to return. */
enum stage_result write_go(struct write *w);
/* A tree that goes with the arena. Takes the reference, returns it borrowed. */
json_t *write_keep_tree(struct arena *a, json_t *tree);

#endif
