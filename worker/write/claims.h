/* What only one object may hold: addresses and node ports of Services. They are claimed in the store before
 * the object is written, each under a condition that only one of many can meet, and given back after it is
 * gone or when its write has failed. What a process that dies leaves behind, the keeper repairs. Rules:
 * pkg/registry/core/service/storage (transactions), ../ipallocator, ../allocator/storage. */
#ifndef WORKER_WRITE_CLAIMS_H
#define WORKER_WRITE_CLAIMS_H

#include <jansson.h>
#include "registry/rules/portmap.h"
#include "worker/request/context.h"

struct claims;

struct claims_of {
    const struct schema_resource *stored;
    struct str ns, name;
    const json_t *old, *now; /* what is stored, what shall be; NULL: nothing. Looked at in claims_new only */
};

enum claims_part {
    CLAIMS_TAKE, /* before the write */
    CLAIMS_UNDO, /* the write has failed: what was taken goes back */
    CLAIMS_DROP, /* the write is done: what is held no more goes back */
};
enum claims_end {
    CLAIMS_WAIT, /* the store was asked; wake will be called */
    CLAIMS_LOOK, /* call again with the newest state */
    CLAIMS_DONE,
    CLAIMS_LOST,   /* TAKE: somebody else has it now; undo, then choose again */
    CLAIMS_FAILED, /* TAKE: *error is the store's; undo */
};

/* In the arena, with clean-up; ctx and what `of` points at must outlive it. wake is called from the loop when
 * the store has answered. NULL: nothing to claim and nothing to give back. */
struct claims *claims_new(struct context *ctx, struct arena *a, const struct claims_of *of,
                          void (*wake)(void *arg), void *arg);
/* Begins a part, or goes on with it. s: the newest state after CLAIMS_LOOK, else NULL. */
enum claims_end claims_run(struct claims *c, enum claims_part part, struct snapshot *s, int *error);

/* ---- for the keeper ---- */

/* The IPAddress object of an address of a Service; new reference. */
json_t *claims_address(struct context *ctx, struct arena *a, struct str address,
                       const struct schema_resource *holder, struct str ns, struct str name);
/* Whether an IPAddress object is of those that are made here. */
bool claims_manage(const json_t *address);
/* The object that says which node ports are taken; old as stored, or NULL; new reference. */
json_t *claims_ports(struct arena *a, const json_t *old, const struct portmap *m);

#endif
