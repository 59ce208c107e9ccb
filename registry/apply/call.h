/* What the files of this room share of a write on its way. */
#ifndef REGISTRY_APPLY_CALL_H
#define REGISTRY_APPLY_CALL_H

#include "registry/apply/apply.h"
#include "registry/apply/compare.h"
#include "registry/apply/managers.h"
#include "registry/apply/resets.h"

#define TRACKER_VERSIONS_MAX 8 /* that one kind is served in; no more are known */

struct tracker {
    const struct apply_call *call;
    struct shaper s;
    struct shape root;
    struct resets resets;
    struct str version; /* "apps/v1": of the trees */
    struct str now;
    /* what is compared: the object before and after, and what came of it, by version */
    const json_t *live, *obj;
    bool obj_typed;
    struct {
        struct str version;
        struct comparison cmp;
    } compared[TRACKER_VERSIONS_MAX];
    int ncompared;
};

void tracker_init(struct tracker *t, const struct apply_call *c);
/* The object without metadata.managedFields, which nobody owns; borrowed from the arena. NULL: the empty
 * object. */
const json_t *tracker_view(struct tracker *t, const json_t *obj);

/* The object in the version of a manager: a typed tree, borrowed from the arena; the shape is set to that of
 * the version. obj itself when it is the same version. typed: what obj is. NULL: there is no such version. */
const json_t *tracker_convert(struct tracker *t, const json_t *obj, bool *typed, struct str from,
                              struct str to, struct shape *shape);
/* Without the managers of versions that are not known, and as today's schema sees what they own. */
void tracker_reconcile(struct tracker *t, struct managers *ms);

/* live (typed) became obj: views, which have to last. The comparison in their own version. */
const struct comparison *tracker_compare(struct tracker *t, const json_t *live, const json_t *obj,
                                         bool typed);

struct conflict {
    const struct manager *manager;
    const struct fieldset *set;
};
/* What managers other than `self` own of what changed; room for ms->n. Returns how many. */
int tracker_conflicts(struct tracker *t, struct managers *ms, struct str self, struct conflict *conflicts);
/* All others lose what changed or went. */
void tracker_take(struct tracker *t, struct managers *ms, struct str self);
/* The set that a writer comes to own: without what it cannot change and what nobody owns. */
const struct fieldset *tracker_own(struct tracker *t, const struct fieldset *set);
/* Everything that differs between live (NULL: the empty object) and obj, both typed, becomes what the manager
 * updated. false: nothing can be said. */
bool tracker_claim(struct tracker *t, struct managers *ms, const json_t *live, const json_t *obj,
                   struct str name);

#endif
