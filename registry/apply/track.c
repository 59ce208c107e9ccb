/* The one algorithm under updates and applies: compare the object before and after, in every version that a
 * manager used, and take from each what somebody else changed. A comparison is made once a version. */
#include "registry/apply/call.h"

#include "registry/apply/shapeset.h"
#include "registry/strategy/strategy.h"
#include "registry/walk/decode.h"
#include "registry/walk/tree.h"
#include "shm/base/clock.h"

#define FIELD(name_, below)                                                                                  \
    {                                                                                                        \
        {.kind = ELEMENT_FIELD, .name = {name_, sizeof(name_) - 1}}, true, below                             \
    }

/* What belongs to nobody: identity and what the server writes by itself. Sorted. */
static const struct fieldset_node STRIPPED_METADATA[] = {
    FIELD("clusterName", NULL),
    FIELD("creationTimestamp", NULL),
    FIELD("generation", NULL),
    FIELD("managedFields", NULL),
    FIELD("name", NULL),
    FIELD("namespace", NULL),
    FIELD("resourceVersion", NULL),
    FIELD("selfLink", NULL),
    FIELD("uid", NULL),
};
static const struct fieldset STRIPPED_BELOW = {STRIPPED_METADATA, 9};
static const struct fieldset_node STRIPPED_TOP[] = {
    FIELD("apiVersion", NULL),
    FIELD("kind", NULL),
    FIELD("metadata", &STRIPPED_BELOW),
};
static const struct fieldset STRIPPED = {STRIPPED_TOP, 3};

static struct str version_text(struct arena *a, const char *group, const char *version)
{
    return str_of(*group ? arena_printf(a, "%s/%s", group, version) : version);
}

void tracker_init(struct tracker *t, const struct apply_call *c)
{
    char now[21];

    *t = (struct tracker){.call = c, .root = shape_of(c->type)};
    shaper_init(&t->s, c->arena);
    if (c->type == c->resource->type)
        t->resets = resets_of(c->arena, c->resource, c->subresource);
    t->version = version_text(c->arena, c->group, c->version);
    clock_rfc3339(c->now_s, now);
    t->now = arena_str(c->arena, str_of(now));
}

const json_t *tracker_view(struct tracker *t, const json_t *obj)
{
    json_t *view, *meta;

    if (!obj)
        return t->s.empty;
    if (!tree_get(obj, "metadata.managedFields"))
        return obj;
    view = json_copy((json_t *)(uintptr_t)obj);
    meta = json_copy(json_object_get(obj, "metadata"));
    json_object_del(meta, "managedFields");
    json_object_set_new(view, "metadata", meta);
    return tree_keep(t->call->arena, view);
}

static const struct schema_resource *resource_of(struct tracker *t, struct str version)
{
    ptrdiff_t slash = str_find(version, '/');
    struct str group = slash < 0 ? STR("") : (struct str){version.p, (size_t)slash};
    struct str v = slash < 0 ? version : (struct str){version.p + slash + 1, version.n - (size_t)slash - 1};

    /* the reference converts within a group only: other groups count as unknown */
    return str_is(group, t->call->group) ? schema_resource(group, v, str_of(t->call->resource->plural))
                                         : NULL;
}

static bool is_own_type(const struct tracker *t)
{
    return t->call->type == t->call->resource->type;
}

const json_t *tracker_convert(struct tracker *t, const json_t *obj, bool *typed, struct str from,
                              struct str to, struct shape *shape)
{
    const struct schema_resource *f, *r;
    struct status st = {.arena = t->call->arena};
    json_t *copy;

    if (str_eq(from, to))
        return obj;
    f = is_own_type(t) ? resource_of(t, from) : NULL;
    r = f ? resource_of(t, to) : NULL;
    if (!r)
        return NULL;
    copy = json_deep_copy(obj);
    if (!*typed && !decode_merged(copy, f->type, NULL, &st)) {
        json_decref(copy);
        return NULL;
    }
    if (f->storage && f->storage != f)
        copy = strategy_convert(t->call->arena, copy, f, f->storage, &st);
    if (copy && r->storage && r->storage != r)
        copy = strategy_convert(t->call->arena, copy, r->storage, r, &st);
    *typed = true;
    *shape = shape_of(r->type);
    return tree_keep(t->call->arena, copy);
}

static bool knows_version(struct tracker *t, struct str version, struct shape *shape)
{
    const struct schema_resource *r;

    *shape = t->root;
    if (str_eq(version, t->version))
        return true;
    r = is_own_type(t) ? resource_of(t, version) : NULL;
    if (r)
        *shape = shape_of(r->type);
    return r != NULL;
}

void tracker_reconcile(struct tracker *t, struct managers *ms)
{
    int n = 0;

    for (int i = 0; i < ms->n; i++) {
        struct manager *m = &ms->m[i];
        struct shape shape;

        if (!knows_version(t, m->version, &shape))
            continue;
        manager_set(m, shapeset_reconcile(t->call->arena, &shape, m->set));
        ms->m[n++] = *m;
    }
    ms->n = n;
}

static struct comparison filtered(struct tracker *t, struct comparison c)
{
    struct arena *a = t->call->arena;

    return (struct comparison){resets_filter(a, &t->resets, c.added),
                               resets_filter(a, &t->resets, c.modified),
                               resets_filter(a, &t->resets, c.removed)};
}

/* NULL: there is no such version. */
static const struct comparison *compared(struct tracker *t, struct str version)
{
    bool live_typed = true, obj_typed = t->obj_typed;
    struct shape shape = t->root;
    const json_t *l, *r;

    for (int i = 0; i < t->ncompared; i++) {
        if (str_eq(t->compared[i].version, version))
            return &t->compared[i].cmp;
    }
    if (t->ncompared == TRACKER_VERSIONS_MAX)
        return NULL;
    l = tracker_convert(t, t->live, &live_typed, t->version, version, &shape);
    r = tracker_convert(t, t->obj, &obj_typed, t->version, version, &shape);
    if (!l || !r)
        return NULL;
    t->compared[t->ncompared].version = version;
    t->compared[t->ncompared].cmp = filtered(t, compare(&t->s, &shape, l, live_typed, r, obj_typed));
    return &t->compared[t->ncompared++].cmp;
}

const struct comparison *tracker_compare(struct tracker *t, const json_t *live, const json_t *obj, bool typed)
{
    t->live = live;
    t->obj = obj;
    t->obj_typed = typed;
    t->ncompared = 0;
    return compared(t, t->version);
}

static const struct fieldset *lost(struct tracker *t, const struct manager *m, const struct comparison *c)
{
    struct arena *a = t->call->arena;

    return fieldset_union(a, fieldset_intersection(a, m->set, c->modified),
                          fieldset_intersection(a, m->set, c->added));
}

int tracker_conflicts(struct tracker *t, struct managers *ms, struct str self, struct conflict *conflicts)
{
    int n = 0;

    for (int i = 0; i < ms->n; i++) {
        const struct comparison *c = str_eq(ms->m[i].id, self) ? NULL : compared(t, ms->m[i].version);
        const struct fieldset *set = c ? lost(t, &ms->m[i], c) : NULL;

        if (set)
            conflicts[n++] = (struct conflict){&ms->m[i], set};
    }
    return n;
}

void tracker_take(struct tracker *t, struct managers *ms, struct str self)
{
    struct arena *a = t->call->arena;
    int n = 0;

    for (int i = 0; i < ms->n; i++) {
        struct manager *m = &ms->m[i];
        const struct comparison *c = NULL;
        const struct fieldset *set = NULL;

        if (!str_eq(m->id, self)) {
            c = compared(t, m->version);
            if (!c)
                continue;
            set = fieldset_union(a, lost(t, m, c), fieldset_intersection(a, m->set, c->removed));
        }
        if (set)
            manager_set(m, fieldset_difference(a, m->set, set));
        if (m->set)
            ms->m[n++] = *m;
    }
    ms->n = n;
}

const struct fieldset *tracker_own(struct tracker *t, const struct fieldset *set)
{
    struct arena *a = t->call->arena;

    return fieldset_difference(a, resets_filter(a, &t->resets, set), &STRIPPED);
}

bool tracker_claim(struct tracker *t, struct managers *ms, const json_t *live, const json_t *obj,
                   struct str name)
{
    struct arena *a = t->call->arena;
    struct str sub = str_of(t->call->subresource);
    const struct comparison *cmp;
    const struct fieldset *set;
    struct manager *m;

    tracker_reconcile(t, ms);
    cmp = tracker_compare(t, tracker_view(t, live), tracker_view(t, obj), true);
    tracker_take(t, ms, STR_NONE);
    if (t->s.err)
        return false;
    set = tracker_own(t, fieldset_union(a, cmp->modified, cmp->added));
    if (set) {
        m = managers_add(ms, managers_id(a, name, false, t->version, sub));
        m->name = name;
        m->version = t->version;
        m->subresource = sub;
        m->time = t->now;
        manager_set(m, fieldset_union(a, set, m->set));
    }
    managers_limit(ms);
    return true;
}
