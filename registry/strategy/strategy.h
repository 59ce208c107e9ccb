/* What is special about a kind sits here: one file per group, one row a resource, all hooks optional. The
 * generic path (generic.c) does what every kind shares. Rules: the reference's
 * pkg/registry/GROUP/RESOURCE/strategy.go. */
#ifndef REGISTRY_STRATEGY_STRATEGY_H
#define REGISTRY_STRATEGY_STRATEGY_H

#include <jansson.h>
#include "registry/schema.h"
#include "registry/status.h"
#include "registry/world.h"

struct strategy_call {
    struct arena *arena;
    const struct schema_resource *resource;
    const struct schema_resource *served; /* in whose form the client wrote; NULL: resource */
    const char *subresource;              /* "" for the main resource */
    const struct world *world;
    struct findings *warnings; /* Warning headers */
    const char *user;
    const struct str *groups; /* of the user */
    int ngroups;
    struct str uid; /* of the user; empty: none */
    bool dry_run;
};

/* What an object has that no other may have at the same time. Texts are borrowed from the object. */
struct holdings {
    struct str addresses[2];
    int naddresses;
    int *ports; /* in the arena */
    int nports;
};

struct strategy {
    const char *group, *plural;
    /* After decoding, before admission: absent fields get the reference's defaults. Also on read of older
     * objects. */
    void (*defaults)(const struct strategy_call *c, json_t *obj);
    /* What else is absent in objects of older versions, when they are read from etcd; of c->world only what
     * flags say is there. */
    void (*on_read)(const struct strategy_call *c, json_t *obj);
    /* Chooses what an object holds, of what nobody holds now. old NULL: a new one. Before preparation; not
     * for subresources. false: st is the answer. Whoever writes the object claims the choice first
     * (holdings), and asks again when somebody else was faster. */
    bool (*allocate)(const struct strategy_call *c, json_t *obj, const json_t *old, struct status *st);
    void (*holdings)(struct arena *a, const json_t *obj, struct holdings *out);
    /* What a create or an update may set or resets. */
    void (*prepare_create)(const struct strategy_call *c, json_t *obj);
    void (*prepare_update)(const struct strategy_call *c, json_t *obj, const json_t *old);
    void (*validate)(const struct strategy_call *c, const json_t *obj, struct status *st);
    void (*validate_update)(const struct strategy_call *c, const json_t *obj, const json_t *old,
                            struct status *st);
    /* What follows from the name of a new object: also from one that was generated, after all is checked. */
    void (*named)(json_t *obj);
    /* Grace period of a delete in seconds (0: at once); asked: what the client wanted, or -1. */
    int64_t (*grace_s)(const struct strategy_call *c, const json_t *obj, int64_t asked);
    /* The first delete only says that the object goes: somebody has to clear up first. What it says of that
     * beside metadata.deletionTimestamp; NULL: nothing. */
    void (*announce)(const struct strategy_call *c, json_t *obj);
    /* "orphan" or "background": what a delete without propagationPolicy does; "unsupported": dependents are
     * none of its business. NULL: background. */
    const char *default_policy;
    /* A delete answers with the object even when it is gone at once. */
    bool delete_returns_object;
    /* What a write of the status subresource may change in metadata. */
    enum strategy_meta {
        STATUS_META_NEW,
        STATUS_META_OLD_LABELS,
        STATUS_META_RESET, /* what a client may say of an object stays (ResetObjectMetaForStatus) */
        STATUS_META_OLD,
    } status_meta;
    /* Whether a terminating object without finalizers may go now; NULL: yes. */
    bool (*may_remove)(const json_t *obj);
    /* A create may bring a status. */
    bool keeps_status;
};

/* The row of a resource, or a row with no hooks. Never NULL. */
const struct strategy *strategy_for(const struct schema_resource *r);

/* Absent fields get their defaults: the table of registry/walk/default.c, then the kind's hook. obj is in the
 * form of c->resource. */
void strategy_defaults(const struct strategy_call *c, json_t *obj);
/* Whether an update to obj of the terminating object old removes it: no finalizer left, no grace period
 * running. */
bool strategy_removes(const struct schema_resource *r, const json_t *obj, const json_t *old);
/* The generic path: metadata a create must have (uid, creationTimestamp, generation, namespace, name from
 * generateName), status reset or kept, kind and apiVersion set, then the kind's hooks. false: st filled. */
bool strategy_before_create(const struct strategy_call *c, json_t *obj, struct status *st);
/* obj takes over from old what a client can't change: uid, creationTimestamp, deletionTimestamp,
 * deletionGracePeriodSeconds, generation rule, status/spec separation, ... */
bool strategy_before_update(const struct strategy_call *c, json_t *obj, const json_t *old, struct status *st);
/* What the kind itself checks of an object that is only answered, never stored. */
bool strategy_check(const struct strategy_call *c, const json_t *obj, struct status *st);
/* Into the storage version and back; the identity for most kinds. Takes obj, returns a new reference or NULL
 * with st filled. */
json_t *strategy_convert(struct arena *a, json_t *obj, const struct schema_resource *from,
                         const struct schema_resource *to, struct status *st);

#endif
