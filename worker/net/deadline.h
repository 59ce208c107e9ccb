/* Time-outs of connections and streams: one ordered list a kind, since all of a kind last equally long.
 * Setting and clearing cost a few pointers; one timer looks at the heads. */
#ifndef WORKER_NET_DEADLINE_H
#define WORKER_NET_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

enum deadline_kind {
    DEADLINE_NONE,
    DEADLINE_HEADER, /* handshake, or a request's header */
    DEADLINE_IDLE,   /* nothing under way */
    DEADLINE_BODY,   /* the next piece of a request body */
    DEADLINE_SEND,   /* the client takes nothing */
    DEADLINE_LINGER, /* closed on our side */
    DEADLINE_KINDS,
};

/* Embed; zeroed is not running. */
struct deadline {
    struct deadline *next, *prev;
    void (*expired)(struct deadline *d);
    int64_t at_ms;
    enum deadline_kind kind;
};

struct deadlines {
    struct deadline *first[DEADLINE_KINDS], *last[DEADLINE_KINDS];
    int64_t ms[DEADLINE_KINDS]; /* how long each kind lasts */
};

/* Starts or restarts d. */
void deadline_set(struct deadlines *l, struct deadline *d, enum deadline_kind kind, int64_t now_ms);
/* The same, but d goes on if it runs with this kind already. */
void deadline_keep(struct deadlines *l, struct deadline *d, enum deadline_kind kind, int64_t now_ms);
void deadline_clear(struct deadlines *l, struct deadline *d);
/* Calls expired for all that are due; they are cleared first. */
void deadlines_run(struct deadlines *l, int64_t now_ms);

#endif
