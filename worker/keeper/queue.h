/* What the keeper has to look at: a set of (task, object), each at most once, first come first served, some
 * later. */
#ifndef WORKER_KEEPER_QUEUE_H
#define WORKER_KEEPER_QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include "shm/base/str.h"

enum task {
    TASK_BOOTSTRAP,   /* the object has to be there */
    TASK_EXPIRE,      /* an event that is old */
    TASK_NAMESPACE,   /* a namespace that is going */
    TASK_DEPENDENT,   /* an object whose owners may be gone */
    TASK_FOREGROUND,  /* an owner that waits for its dependents */
    TASK_ORPHAN,      /* an owner that lets go of its dependents */
    TASK_PROTECTED,   /* a claim or volume whose protection may end */
    TASK_SERVICE,     /* a Service whose addresses must be its own */
    TASK_ADDRESS,     /* an address that must be somebody's */
    TASK_PORTS,       /* the map of node ports */
    TASK_IDENTITY,    /* the lease of an API server: our own, or one that may be over */
    TASK_MASTERLEASE, /* our own address among those of the API servers */
    TASK_FLOW,        /* a FlowSchema or a priority level */
    TASK_DEFINITION,  /* a CustomResourceDefinition */
    TASK_APISERVICE,  /* an APIService of this very server */
    TASKS,
};

struct work {
    enum task task;
    uint32_t resource;
    struct str ns, name; /* behind the struct */
    int64_t due_ms;
    int failures;
    bool running, again;
    struct work *chain;       /* of the hash */
    struct work *next, *prev; /* of a list, when not running */
};

struct queue;
struct queue *queue_new(void);
void queue_free(struct queue *q);
/* Puts it in, unless it waits already; while it runs: it will run again. due_ms 0: now. */
void queue_add(struct queue *q, enum task task, uint32_t resource, struct str ns, struct str name,
               int64_t due_ms);
/* The next one whose time has come, now running; NULL: none. */
struct work *queue_take(struct queue *q, int64_t now_ms);
/* It is done; or it failed and is due again after a pause that grows up to a minute. */
void queue_done(struct queue *q, struct work *w, bool ok, int64_t now_ms);
/* When the next delayed one is due; -1: none waits, 0: one is ready. */
int64_t queue_due_ms(const struct queue *q);
int queue_waiting(const struct queue *q);

#endif
