/* An apply without force is tried and refused where others own what it would change; nothing is changed
 * before that is known. */
#include "registry/apply/config.h"

#include "registry/apply/call.h"
#include "registry/apply/conflicts.h"
#include "registry/apply/lastapplied.h"
#include "registry/apply/merge.h"
#include "registry/apply/prune.h"
#include "registry/apply/typed.h"
#include "registry/walk/decode.h"
#include "registry/walk/tree.h"

#define BEFORE "before-first-apply"
#define KUBECTL "kubectl"

/* "/v1, Kind=ConfigMap"; what cannot be a version is none. */
static const char *kind_text(struct arena *a, const json_t *config)
{
    struct str version = tree_str(config, "apiVersion"), kind = tree_str(config, "kind"), group = STR("");
    ptrdiff_t slash = str_find(version, '/');

    if (slash >= 0) {
        group = (struct str){version.p, (size_t)slash};
        version = (struct str){version.p + slash + 1, version.n - (size_t)slash - 1};
        if (str_find(version, '/') >= 0)
            group = version = kind = STR("");
    }
    return arena_printf(a, "%.*s/%.*s, Kind=%.*s", STR_ARG(group), STR_ARG(version), STR_ARG(kind));
}

static const char *wanted_kind(const struct apply_call *c)
{
    return arena_printf(c->arena, "%s/%s, Kind=%s", c->group, c->version, c->kind);
}

/* "default/web; apps/v1, Kind=Deployment" */
static const char *name_text(struct arena *a, const json_t *config)
{
    return arena_printf(a, "%.*s/%.*s; %s", STR_ARG(tree_str(config, "metadata.namespace")),
                        STR_ARG(tree_str(config, "metadata.name")), kind_text(a, config));
}

/* Whether the configuration is one for this request. */
static bool check(struct tracker *t, const json_t *config, struct status *st)
{
    const char *is = kind_text(t->call->arena, config), *err;

    if (strcmp(is, wanted_kind(t->call)) != 0) {
        status_bad_request(st, "invalid object type: %s", is);
        return false;
    }
    if (json_is_array(tree_get(config, "metadata.managedFields"))) {
        status_bad_request(st, "metadata.managedFields must be nil");
        return false;
    }
    err = typed_error(&t->s, &t->root, config);
    if (err)
        status_set(st, 500, "", "failed to create typed patch object (%s): %s",
                   name_text(t->call->arena, config), err);
    return !err;
}

/* Nobody owns anything yet: what is there is owned by a manager of its own, so that an apply can't take it
 * unasked. */
static void claim_existing(struct tracker *t, struct managers *ms, const json_t *live)
{
    if (live && ms->n == 0)
        tracker_claim(t, ms, NULL, live, STR(BEFORE));
}

/* What the applying manager had before, and now has. */
struct self {
    struct str id;
    struct manager before;
    bool was_there;
};

static void take_part(struct tracker *t, struct managers *ms, const json_t *config, struct self *self)
{
    struct str sub = str_of(t->call->subresource);
    struct manager *m;

    self->id = managers_id(t->call->arena, t->call->manager, true, STR_NONE, sub);
    m = managers_find(ms, self->id);
    self->was_there = m != NULL;
    if (m)
        self->before = *m;
    m = managers_add(ms, self->id);
    m->name = t->call->manager;
    m->applies = true;
    m->version = t->version;
    m->subresource = sub;
    manager_set(m, resets_filter(t->call->arena, &t->resets, compare_set(&t->s, &t->root, config)));
}

/* Conflicts that kubectl's former way of applying does not explain. */
static int unexplained(struct tracker *t, const json_t *live, struct conflict *conflicts, int n)
{
    const struct fieldset *allowed;
    int kept = 0;

    if (n == 0 || !str_is(t->call->manager, KUBECTL))
        return n;
    allowed = lastapplied_set(t, live);
    for (int i = 0; i < n; i++) {
        conflicts[i].set = fieldset_difference(t->call->arena, conflicts[i].set, allowed);
        if (conflicts[i].set)
            conflicts[kept++] = conflicts[i];
    }
    return kept;
}

static bool may_take(struct tracker *t, struct managers *ms, const json_t *live, struct str self,
                     struct status *st)
{
    struct conflict *conflicts;
    int n;

    if (t->call->force)
        return true;
    conflicts = arena_raw(t->call->arena, (size_t)(ms->n + 1) * sizeof(*conflicts));
    n = unexplained(t, live, conflicts, tracker_conflicts(t, ms, self, conflicts));
    if (n)
        conflicts_status(st, conflicts, n);
    return n == 0;
}

static void settle_self(struct tracker *t, struct managers *ms, const struct self *self, bool changed)
{
    struct manager *m = managers_find(ms, self->id);
    const struct fieldset *set;

    if (!m)
        return;
    set = tracker_own(t, m->set);
    if (!set) {
        managers_remove(ms, m);
        return;
    }
    manager_set(m, set);
    if (self->was_there && fieldset_same(set, self->before.set))
        m->stored = self->before.stored;
    if (changed)
        m->time = t->now;
}

/* The merged tree as an object of its type; what was no change stays what it was. */
static json_t *converted(struct tracker *t, const json_t *tree, const json_t *config, struct status *st)
{
    struct arena *a = t->call->arena;
    json_t *obj = json_deep_copy(tree);
    struct status why = {.arena = a};

    if (decode_merged(obj, t->call->type, NULL, &why))
        return obj;
    json_decref(obj);
    status_set(st, 500, "",
               "failed to convert new object (%s) to proper version: unable to convert unstructured object "
               "to %s: %s",
               name_text(a, config), wanted_kind(t->call), why.message);
    return NULL;
}

static json_t *apply(struct tracker *t, struct managers *ms, const json_t *live, const json_t *config,
                     struct status *st)
{
    const json_t *before = tracker_view(t, live), *after;
    json_t *merged, *obj;
    struct self self;
    bool changed;

    tracker_reconcile(t, ms);
    merged = tree_keep(t->call->arena, merge(&t->s, &t->root, before, config));
    take_part(t, ms, config, &self);
    after = prune(t, merged, ms, self.was_there ? self.before.set : NULL, self.before.version);
    tracker_compare(t, before, after, false);
    if (t->s.err) {
        status_set(st, 500, "", "failed to merge config: %s", t->s.err);
        return NULL;
    }
    if (!may_take(t, ms, live, self.id, st))
        return NULL;
    tracker_take(t, ms, self.id);
    changed = !shape_same(&t->s, &t->root, before, true, after, false);
    settle_self(t, ms, &self, changed);
    obj = changed || !live ? converted(t, after, config, st) : json_deep_copy(live);
    return obj;
}

json_t *config_apply(const struct apply_call *c, const json_t *live, const json_t *config, struct status *st)
{
    struct managers ms;
    struct tracker t;
    const char *err;
    json_t *obj;

    if (!managers_read(&ms, c->arena, tree_get(live, "metadata.managedFields"), true, &err)) {
        status_set(st, 500, "", "failed to decode managed fields: %s", err);
        return NULL;
    }
    tracker_init(&t, c);
    if (!check(&t, config, st))
        return NULL;
    claim_existing(&t, &ms, live);
    obj = apply(&t, &ms, live, config, st);
    if (!obj)
        return NULL;
    managers_put(&ms, obj);
    if (str_is(c->manager, KUBECTL))
        lastapplied_renew(c->arena, obj, config);
    return obj;
}
