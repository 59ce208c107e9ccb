/* metadata.managedFields of one object: who owns which fields, in what version, since when. Rules:
 * apimachinery/pkg/util/managedfields/internal/{managedfields,capmanagers}.go. */
#ifndef REGISTRY_APPLY_MANAGERS_H
#define REGISTRY_APPLY_MANAGERS_H

#include "registry/apply/fieldset.h"

#define MANAGERS_UPDATING_MAX 10 /* of those that do not apply; older ones are put together */

struct manager {
    struct str id; /* what makes it the same manager, as JSON text: name, operation, version (unless it
                      applies), subresource */
    struct str name, version, subresource;
    bool applies;
    struct str time; /* RFC 3339, or empty */
    const struct fieldset *set;
    json_t *stored; /* the set as the object has it, while it is still that; else NULL */
    int at;         /* its place in the list it was read from */
    bool gathered;  /* managers_limit has put it together with others */
};

struct managers {
    struct arena *arena;
    struct manager *m; /* by id */
    int n, cap;
};

/* From the list in an object (NULL, null: none). stored: it was written by this server (and may still be
 * text), so that unchanged sets need not be written again. false: *err says what an apply says. Borrows from
 * the list. */
bool managers_read(struct managers *out, struct arena *a, const json_t *list, bool stored, const char **err);
/* The list for the object in the order of the reference, or NULL when nobody owns anything; new reference. */
json_t *managers_write(struct managers *ms);
/* The same, into the object's metadata; where nobody owns anything the list goes. */
void managers_put(struct managers *ms, json_t *obj);
struct managers managers_copy(const struct managers *ms);

/* The identity of a manager. */
struct str managers_id(struct arena *a, struct str name, bool applies, struct str version,
                       struct str subresource);
/* NULL if it is not there. Good until the next manager is added. */
struct manager *managers_find(struct managers *ms, struct str id);
/* Found or made; the rest is the caller's. */
struct manager *managers_add(struct managers *ms, struct str id);
void managers_remove(struct managers *ms, struct manager *m);
void manager_set(struct manager *m, const struct fieldset *set);
/* Puts the oldest updating managers together under the name ancient-changes when there are too many. */
void managers_limit(struct managers *ms);

#endif
