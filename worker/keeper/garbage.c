/* Owners and dependents, when no kube-controller-manager looks after them: an object whose owners are all
 * gone goes too (background); an owner that is deleted in the foreground waits for those of its dependents
 * that block it; an owner that orphans takes its name off its dependents first. Who depends on whom is known
 * from the ring; whether it still holds is looked up when something is done. Rule:
 * pkg/controller/garbagecollector. */
#include <stdlib.h>
#include "registry/strategy/strategy.h"
#include "registry/walk/tree.h"
#include "shm/cache/key.h"
#include "worker/keeper/loops.h"
#include "worker/write/tracking.h"
#include "worker/read/text.h"

#define ORPHAN "orphan"
#define FOREGROUND "foregroundDeletion"
#define CLAIM_PROTECTION "kubernetes.io/pvc-protection"
#define VOLUME_PROTECTION "kubernetes.io/pv-protection"

/* ---- references ---- */

static struct str refs_text(const struct record *r)
{
    struct str v;

    return r && text_member(text_metadata(record_json(r)), STR("ownerReferences"), &v) ? v : STR_NONE;
}

static json_t *refs_of(struct str text)
{
    return text.n ? json_loadb(text.p, text.n, 0, NULL) : NULL;
}

/* The resource a reference points to, as stored; NULL: none that is known. */
static const struct schema_resource *owner_resource(const json_t *ref)
{
    struct str api = tree_str(ref, "apiVersion"), group = STR(""), version = api;
    ptrdiff_t slash = str_find(api, '/');
    const struct schema_resource *r;

    if (slash >= 0) {
        group = (struct str){api.p, (size_t)slash};
        version = (struct str){api.p + slash + 1, api.n - (size_t)slash - 1};
    }
    r = schema_resource_of_kind(group, version, tree_str(ref, "kind"));
    return r && r->storage ? r->storage : r;
}

enum owner { OWNER_SOLID, OWNER_ABSENT, OWNER_WAITING };

static bool finalizers_have(struct str metadata, const char *name)
{
    struct str list;
    char quoted[80];

    if (!text_member(metadata, STR("finalizers"), &list))
        return false;
    snprintf(quoted, sizeof(quoted), "\"%s\"", name);
    return memmem(list.p, list.n, quoted, strlen(quoted)) != NULL;
}

static bool is_terminating(struct str metadata)
{
    struct str v;

    return text_member(metadata, STR("deletionTimestamp"), &v) && !str_is(v, "null");
}

static enum owner owner_state(struct snapshot *s, const json_t *ref, struct str ns)
{
    const struct schema_resource *r = owner_resource(ref);
    const struct record *rec;
    struct str metadata;
    struct key k;

    if (!r || ((r->flags & RESOURCE_NAMESPACED) && ns.n == 0))
        return OWNER_SOLID;
    key_make(&k, r->id, r->flags & RESOURCE_NAMESPACED ? ns : STR_NONE, tree_str(ref, "name"));
    rec = snapshot_object(s, &k);
    if (!rec)
        return OWNER_ABSENT;
    metadata = text_metadata(record_json(rec));
    if (!str_eq(text_string(metadata, STR("uid")), tree_str(ref, "uid")))
        return OWNER_ABSENT;
    if (is_terminating(metadata) && finalizers_have(metadata, FOREGROUND))
        return OWNER_WAITING;
    return OWNER_SOLID;
}

/* ---- news ---- */

static void add_edges(struct keeper *k, const json_t *refs, struct str key)
{
    size_t i;
    json_t *ref;

    json_array_foreach(refs, i, ref)
    {
        if (tree_str(ref, "uid").n)
            graph_add(k->graph, tree_str(ref, "uid"), key);
    }
}

/* Also tells owners that may wait for it. */
static void remove_edges(struct keeper *k, const json_t *refs, struct str key, struct str ns)
{
    size_t i;
    json_t *ref;

    json_array_foreach(refs, i, ref)
    {
        const struct schema_resource *r = owner_resource(ref);

        graph_remove(k->graph, tree_str(ref, "uid"), key);
        if (r && tree_bool(ref, "blockOwnerDeletion", false))
            queue_add(k->queue, TASK_FOREGROUND, r->id, r->flags & RESOURCE_NAMESPACED ? ns : STR_NONE,
                      tree_str(ref, "name"), 0);
    }
}

static void look_at(void *arg, struct str key)
{
    struct keeper *k = arg;
    uint32_t resource;
    struct str ns, name;

    if (key_parse(key, &resource, &ns, &name))
        queue_add(k->queue, TASK_DEPENDENT, resource, ns, name, 0);
}

static bool lacks_owner(struct keeper *k, const json_t *refs, struct str ns)
{
    struct snapshot *s = keeper_snapshot(k);
    bool lacks = false;
    size_t i;
    json_t *ref;

    if (!s)
        return false;
    json_array_foreach(refs, i, ref)
    {
        lacks = lacks || owner_state(s, ref, ns) != OWNER_SOLID;
    }
    snapshot_unref(s);
    return lacks;
}

static void references_event(struct keeper *k, const struct event *e)
{
    bool gone = e->type == EVENT_DELETED;
    struct str now = refs_text(e->record), before = gone ? now : refs_text(e->prev),
               ns = record_ns(e->record);
    json_t *refs;

    if (!gone && str_eq(now, before))
        return;
    refs = refs_of(before);
    remove_edges(k, refs, e->key, ns);
    json_decref(refs);
    if (gone)
        return;
    refs = refs_of(now);
    add_edges(k, refs, e->key);
    if (lacks_owner(k, refs, ns))
        queue_add(k->queue, TASK_DEPENDENT, e->resource, ns, record_name(e->record), 0);
    json_decref(refs);
}

static void terminating_event(struct keeper *k, const struct event *e, struct str metadata)
{
    static const struct {
        const char *finalizer;
        enum task task;
    } WAITS[] = {
        {ORPHAN, TASK_ORPHAN},
        {FOREGROUND, TASK_FOREGROUND},
        {CLAIM_PROTECTION, TASK_PROTECTED},
        {VOLUME_PROTECTION, TASK_PROTECTED},
    };

    for (size_t i = 0; i < sizeof(WAITS) / sizeof(WAITS[0]); i++) {
        if (finalizers_have(metadata, WAITS[i].finalizer))
            queue_add(k->queue, WAITS[i].task, e->resource, record_ns(e->record), record_name(e->record), 0);
    }
}

void garbage_event(struct keeper *k, const struct event *e)
{
    struct str metadata = text_metadata(record_json(e->record));

    references_event(k, e);
    if (e->type == EVENT_DELETED)
        graph_each(k->graph, text_string(metadata, STR("uid")), look_at, k);
    else if (is_terminating(metadata))
        terminating_event(k, e, metadata);
}

/* ---- an object whose owners may be gone ---- */

struct verdict {
    int solid, absent, waiting;
    struct snapshot *s;
};

static void count_owners(struct verdict *v, const json_t *refs, struct str ns)
{
    size_t i;
    json_t *ref;

    json_array_foreach(refs, i, ref)
    {
        enum owner o = owner_state(v->s, ref, ns);

        v->solid += o == OWNER_SOLID;
        v->absent += o == OWNER_ABSENT;
        v->waiting += o == OWNER_WAITING;
    }
}

/* References to owners that are no more, or go, are taken off; the others keep the object. */
static enum write_verdict drop_dangling(struct write *w, const json_t *old, json_t **out)
{
    struct snapshot *s;
    json_t *list, *ref, *kept;
    size_t i;

    if (!old || !(s = snapshot_get(w->ctx->snapshots)))
        return WRITE_KEEP;
    kept = json_array();
    list = tree_get(old, "metadata.ownerReferences");
    json_array_foreach(list, i, ref)
    {
        if (owner_state(s, ref, w->ns) == OWNER_SOLID)
            json_array_append(kept, ref);
    }
    snapshot_unref(s);
    *out = json_deep_copy(old);
    tree_set(*out, "metadata.ownerReferences", kept);
    tracking_note_as(w->arena, w->stored, TRACKING_CONTROLLERS, "", *out, old);
    return WRITE_PUT;
}

static void count_edge(void *arg, struct str key)
{
    ++*(int *)arg;
}

static enum propagation policy_of(struct keeper *k, const json_t *obj, const struct verdict *v)
{
    const json_t *finalizers = tree_get(obj, "metadata.finalizers");
    int dependents = 0;

    graph_each(k->graph, tree_str(obj, "metadata.uid"), count_edge, &dependents);
    if (v->waiting && dependents)
        return PROPAGATION_FOREGROUND;
    if (tree_list_has(finalizers, ORPHAN))
        return PROPAGATION_ORPHAN;
    return tree_list_has(finalizers, FOREGROUND) ? PROPAGATION_FOREGROUND : PROPAGATION_BACKGROUND;
}

void garbage_dependent(struct job *j)
{
    const struct work *work = j->work;
    const struct schema_resource *r = schema_resource_of_id(work->resource);
    struct delete_options o = {.grace_s = -1, .orphan = -1};
    struct verdict v = {.s = keeper_snapshot(j->k)};
    json_t *obj = r ? keeper_tree(j, r, work->ns, work->name) : NULL;

    if (obj && v.s)
        count_owners(&v, tree_get(obj, "metadata.ownerReferences"), work->ns);
    snapshot_unref(v.s);
    if (!obj || (v.absent == 0 && v.waiting == 0))
        return;
    if (tree_get(obj, "metadata.deletionTimestamp"))
        return;
    if (v.solid) {
        job_write(j, r, work->ns, work->name, drop_dangling, NULL);
        return;
    }
    o.propagation = policy_of(j->k, obj, &v);
    o.uid = tree_str(obj, "metadata.uid");
    job_delete(j, r, work->ns, work->name, &o);
}

/* ---- owners that are going ---- */

static enum write_verdict drop_finalizer(struct write *w, const json_t *old, json_t **out)
{
    const char *name = w->arg;
    json_t *list, *v;
    size_t i;

    if (!old || !tree_get(old, "metadata.deletionTimestamp") ||
        !tree_list_has(tree_get(old, "metadata.finalizers"), name))
        return WRITE_KEEP;
    *out = json_deep_copy(old);
    list = tree_get(*out, "metadata.finalizers");
    json_array_foreach(list, i, v)
    {
        if (json_is_string(v) && strcmp(json_string_value(v), name) == 0)
            json_array_remove(list, i--);
    }
    tracking_note_as(w->arena, w->stored, TRACKING_CONTROLLERS, "", *out, old);
    return strategy_removes(w->stored, *out, old) ? WRITE_REMOVE : WRITE_PUT;
}

static void drop(struct job *j, const struct schema_resource *r, const char *finalizer)
{
    job_write(j, r, j->work->ns, j->work->name, drop_finalizer, (void *)(uintptr_t)finalizer);
}

struct dependents {
    struct job *j;
    struct str uid;
    struct str *keys;
    int n, cap;
    int blocking;
};

static void collect(void *arg, struct str key)
{
    struct dependents *d = arg;

    if (d->n == d->cap) {
        int cap = d->cap ? d->cap * 2 : 16;
        struct str *more = arena_alloc(d->j->arena, (size_t)cap * sizeof(*more));

        if (d->n)
            memcpy(more, d->keys, (size_t)d->n * sizeof(*more));
        d->keys = more;
        d->cap = cap;
    }
    d->keys[d->n++] = arena_str(d->j->arena, key);
}

static const json_t *ref_to(const json_t *obj, struct str uid)
{
    size_t i;
    json_t *ref;

    json_array_foreach(tree_get(obj, "metadata.ownerReferences"), i, ref)
    {
        if (str_eq(tree_str(ref, "uid"), uid))
            return ref;
    }
    return NULL;
}

/* The owner of the job while it is going and has this finalizer; with its dependents. */
static json_t *going_owner(struct job *j, const char *finalizer, struct dependents *d)
{
    const struct schema_resource *r = schema_resource_of_id(j->work->resource);
    json_t *obj = r ? keeper_tree(j, r, j->work->ns, j->work->name) : NULL;

    if (!obj || !tree_get(obj, "metadata.deletionTimestamp") ||
        !tree_list_has(tree_get(obj, "metadata.finalizers"), finalizer))
        return NULL;
    *d = (struct dependents){.j = j, .uid = tree_str(obj, "metadata.uid")};
    graph_each(j->k->graph, d->uid, collect, d);
    return obj;
}

static void look_at_dependent(struct dependents *d, struct str key)
{
    uint32_t resource;
    struct str ns, name;
    const struct schema_resource *r;
    const json_t *obj, *ref;

    if (!key_parse(key, &resource, &ns, &name) || !(r = schema_resource_of_id(resource)))
        return;
    obj = keeper_tree(d->j, r, ns, name);
    ref = obj ? ref_to(obj, d->uid) : NULL;
    if (!ref)
        return;
    d->blocking += tree_bool(ref, "blockOwnerDeletion", false);
    queue_add(d->j->k->queue, TASK_DEPENDENT, resource, ns, name, 0);
}

void garbage_foreground(struct job *j)
{
    struct dependents d;

    if (!going_owner(j, FOREGROUND, &d))
        return;
    for (int i = 0; i < d.n; i++)
        look_at_dependent(&d, d.keys[i]);
    if (d.blocking == 0)
        drop(j, schema_resource_of_id(j->work->resource), FOREGROUND);
}

static enum write_verdict drop_ref(struct write *w, const json_t *old, json_t **out)
{
    const struct str *uid = w->arg;
    json_t *list, *ref;
    size_t i;

    if (!old || !ref_to(old, *uid))
        return WRITE_KEEP;
    *out = json_deep_copy(old);
    list = tree_get(*out, "metadata.ownerReferences");
    json_array_foreach(list, i, ref)
    {
        if (str_eq(tree_str(ref, "uid"), *uid))
            json_array_remove(list, i--);
    }
    tracking_note_as(w->arena, w->stored, TRACKING_CONTROLLERS, "", *out, old);
    return WRITE_PUT;
}

static bool orphaned(struct job *j)
{
    if (j->step++)
        return false;
    drop(j, schema_resource_of_id(j->work->resource), ORPHAN);
    return j->writes == 0;
}

void garbage_orphan(struct job *j)
{
    struct dependents *d = arena_alloc(j->arena, sizeof(*d));
    uint32_t resource;
    struct str ns, name;

    if (!going_owner(j, ORPHAN, d))
        return;
    j->next = orphaned;
    for (int i = 0; i < d->n; i++) {
        if (key_parse(d->keys[i], &resource, &ns, &name) && schema_resource_of_id(resource))
            job_write(j, schema_resource_of_id(resource), ns, name, drop_ref, &d->uid);
    }
}

/* ---- claims and volumes ---- */

static bool claim_in_use(struct job *j, struct str ns, struct str name)
{
    struct snapshot *s = keeper_snapshot(j->k);
    const char *text = arena_printf(j->arena, "\"claimName\":\"%.*s\"", STR_ARG(name));
    const struct record *rec;
    struct scan scan;
    struct key prefix;
    bool used = false;

    if (!s)
        return true;
    key_prefix(&prefix, keeper_resource("", "v1", "pods")->id, ns);
    if (scan_open(&scan, s, &prefix, NULL, false) == 0) {
        while (!used && (rec = scan_next(&scan, NULL)))
            used = memmem(record_json(rec).p, record_json(rec).n, text, strlen(text)) != NULL;
        scan_close(&scan);
    }
    snapshot_unref(s);
    return used;
}

void garbage_protected(struct job *j)
{
    const struct schema_resource *r = schema_resource_of_id(j->work->resource);
    json_t *obj = r ? keeper_tree(j, r, j->work->ns, j->work->name) : NULL;
    bool claim = r && strcmp(r->plural, "persistentvolumeclaims") == 0;

    if (!obj || !tree_get(obj, "metadata.deletionTimestamp"))
        return;
    if (claim ? claim_in_use(j, j->work->ns, j->work->name) : str_is(tree_str(obj, "status.phase"), "Bound"))
        j->failed = true; /* looked at again in a while */
    else
        drop(j, r, claim ? CLAIM_PROTECTION : VOLUME_PROTECTION);
}
