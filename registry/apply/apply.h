/* Who owns the fields of an object: kept with every write, decided by server-side apply. Rules:
 * apimachinery/pkg/util/managedfields/internal, structured-merge-diff/merge/update.go. */
#ifndef REGISTRY_APPLY_APPLY_H
#define REGISTRY_APPLY_APPLY_H

#include <jansson.h>
#include "registry/schema.h"
#include "registry/status.h"

/* A write as its client sees it: trees are in the form of the version that was asked for. */
struct apply_call {
    struct arena *arena;
    const struct schema_resource *resource; /* as asked for */
    const struct schema_type *type;         /* of the body: the resource's, or its subresource's (Scale) */
    const char *group, *version, *kind;     /* of the body */
    const char *subresource;                /* "" for the main resource */
    struct str manager;                     /* fieldManager, or what stands for it */
    int64_t now_s;
    bool force; /* of an apply: takes over what others own */
};

/* The manager when a client names none: what stands before the slash in its User-Agent, without what cannot
 * be printed. */
struct str apply_manager_of_agent(struct arena *a, struct str user_agent);

/* A create (live NULL), an update or a patch made obj of live: puts into obj who owns what now. A client may
 * clear managedFields with an empty list, or change them; what cannot be understood is taken from live. Never
 * fails: where nothing can be said, nobody owns anything. */
void apply_track(const struct apply_call *c, const json_t *live, json_t *obj);

/* Times of managedFields alone are no change: when obj is old but for them, obj gets those of old. Both
 * typed, in one form. */
void apply_forget_times(struct arena *a, const struct schema_type *type, json_t *obj, const json_t *old);

#endif
