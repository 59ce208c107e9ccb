/* A namespace that is going: everything in it is deleted, kind by kind, a bounded number at a time; when
 * nothing is left, its own finalizer is taken off and it goes. What does not go at once (finalizers, grace
 * periods) is told in its conditions, and the next deletion in it brings the namespace back here. Rule:
 * pkg/controller/namespace. */
#include "registry/strategy/strategy.h"
#include "registry/walk/tree.h"
#include "shm/base/clock.h"
#include "worker/keeper/loops.h"
#include "worker/write/tracking.h"
#include "worker/read/text.h"

#define BATCH 256
#define GRACE_US 5000000

static const struct schema_resource *namespaces(void)
{
    return keeper_resource("", "v1", "namespaces");
}

static bool is_terminating(const struct record *r)
{
    struct str v;

    return text_member(text_metadata(record_json(r)), STR("deletionTimestamp"), &v) && !str_is(v, "null");
}

/* Whoever deletes a namespace and, by name, what is in it, finds it all for a while. */
static void come_back(struct keeper *k, const struct record *namespace)
{
    struct str v = text_string(text_metadata(record_json(namespace)), STR("deletionTimestamp"));
    int64_t deleted_us, now = clock_wall_us(), left_us = 0;

    if (clock_parse_rfc3339(v.p, v.n, &deleted_us) == 0 && deleted_us <= now)
        left_us = deleted_us + GRACE_US - now;
    queue_add(k->queue, TASK_NAMESPACE, namespaces()->id, STR_NONE, record_name(namespace),
              left_us > 0 ? loop_now_ms(k->ctx->loop) + left_us / 1000 : 0);
}

void namespaces_event(struct keeper *k, const struct event *e)
{
    const struct schema_resource *r = namespaces();
    struct str ns = record_ns(e->record);
    struct snapshot *s;
    struct key key;

    if (e->resource == r->id && e->type != EVENT_DELETED && is_terminating(e->record))
        come_back(k, e->record);
    if (e->type == EVENT_ADDED || ns.n == 0)
        return;
    /* Something went, or lost a finalizer, in a namespace that may wait for that. */
    s = keeper_snapshot(k);
    if (!s)
        return;
    key_make(&key, r->id, STR_NONE, ns);
    const struct record *own = snapshot_object(s, &key);
    if (own && is_terminating(own))
        come_back(k, own);
    snapshot_unref(s);
}

struct emptying {
    int begun, left; /* deletions begun; objects that wait for something */
    int finalizers;  /* of those: with finalizers */
    bool more;       /* the batch was full */
};

/* A pod on a node that nobody knows can't be ended by anyone. */
static bool is_stranded(struct job *j, const struct record *r)
{
    struct str spec, node;
    json_t *found;

    /* asked to go at once already: then a finalizer holds it */
    if (text_member(text_metadata(record_json(r)), STR("deletionGracePeriodSeconds"), &spec) &&
        str_is(spec, "0"))
        return false;
    if (!text_member(record_json(r), STR("spec"), &spec))
        return false;
    node = text_string(spec, STR("nodeName"));
    if (node.n == 0)
        return false;
    found = j->k->ctx->world.get(j->k->ctx->world.arg, keeper_resource("", "v1", "nodes"), STR_NONE, node);
    json_decref(found);
    return !found;
}

static void empty_one(struct job *j, struct emptying *e, const struct schema_resource *r,
                      const struct record *rec)
{
    struct delete_options o = {.grace_s = -1, .orphan = -1, .propagation = PROPAGATION_BACKGROUND};
    bool stranded = strcmp(r->plural, "pods") == 0 && is_stranded(j, rec);
    struct str v;

    if (stranded)
        o.grace_s = 0;
    if (is_terminating(rec) && !stranded) {
        e->left++;
        e->finalizers += text_member(text_metadata(record_json(rec)), STR("finalizers"), &v);
        return;
    }
    e->begun++;
    job_delete(j, r, record_ns(rec), record_name(rec), &o);
}

static void empty_kind(struct job *j, struct emptying *e, const struct schema_resource *r)
{
    struct snapshot *s = keeper_snapshot(j->k);
    const struct record *rec;
    struct key prefix;
    struct scan scan;

    if (!s)
        return;
    key_prefix(&prefix, r->id, j->work->name);
    if (scan_open(&scan, s, &prefix, NULL, false) == 0) {
        while (!e->more && (rec = scan_next(&scan, NULL))) {
            empty_one(j, e, r, rec);
            e->more = e->begun >= BATCH;
        }
        scan_close(&scan);
    }
    snapshot_unref(s);
}

static enum write_verdict finalize(struct write *w, const json_t *old, json_t **out)
{
    json_t *list, *v;
    size_t i;

    if (!old || !tree_get(old, "metadata.deletionTimestamp"))
        return WRITE_KEEP;
    *out = json_deep_copy(old);
    list = tree_get(*out, "spec.finalizers");
    json_array_foreach(list, i, v)
    {
        if (json_is_string(v) && strcmp(json_string_value(v), "kubernetes") == 0)
            json_array_remove(list, i--);
    }
    return strategy_removes(w->stored, *out, old) ? WRITE_REMOVE : WRITE_PUT;
}

struct condition {
    const char *type;
    bool holds;
    const char *reason, *message, *ok_reason, *ok_message;
};

static void set_condition(json_t *list, const struct condition *c)
{
    const char *status = c->holds ? "True" : "False";
    json_t *v, *found = NULL;
    char now[21];
    size_t i;

    json_array_foreach(list, i, v)
    {
        if (str_is(tree_str(v, "type"), c->type))
            found = v;
    }
    if (!found)
        json_array_append_new(list, found = json_object());
    if (!str_is(tree_str(found, "status"), status)) {
        clock_rfc3339(clock_wall_s(), now);
        tree_set_string(found, "lastTransitionTime", now);
    }
    tree_set_string(found, "type", c->type);
    tree_set_string(found, "status", status);
    tree_set_string(found, "reason", c->holds ? c->reason : c->ok_reason);
    tree_set_string(found, "message", c->holds ? c->message : c->ok_message);
}

static enum write_verdict tell(struct write *w, const json_t *old, json_t **out)
{
    const struct emptying *e = w->arg;
    const char *remaining = arena_printf(w->arena, "Some resources are remaining: %d objects", e->left);
    const char *finalizers = arena_printf(
        w->arena, "Some content in the namespace has finalizers remaining: %d objects", e->finalizers);
    const struct condition all[] = {
        {"NamespaceDeletionDiscoveryFailure", false, "", "", "ResourcesDiscovered",
         "All resources successfully discovered"},
        {"NamespaceDeletionGroupVersionParsingFailure", false, "", "", "ParsedGroupVersions",
         "All legacy kube types successfully parsed"},
        {"NamespaceDeletionContentFailure", false, "", "", "ContentDeleted",
         "All content successfully deleted, may be waiting on finalization"},
        {"NamespaceContentRemaining", e->left > 0, "SomeResourcesRemain", remaining, "ContentRemoved",
         "All content successfully removed"},
        {"NamespaceFinalizersRemaining", e->finalizers > 0, "SomeFinalizersRemain", finalizers,
         "ContentHasNoFinalizers", "All content-preserving finalizers finished"},
    };
    json_t *list;

    if (!old || !tree_get(old, "metadata.deletionTimestamp"))
        return WRITE_KEEP;
    *out = json_deep_copy(old);
    list = tree_get(*out, "status.conditions");
    if (!json_is_array(list))
        tree_set(*out, "status.conditions", list = json_array());
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        set_condition(list, &all[i]);
    tracking_note_as(w->arena, w->stored, TRACKING_CONTROLLERS, "status", *out, old);
    return WRITE_PUT;
}

static void empty_all(struct job *j, struct emptying *e)
{
    const struct schema_resource *const *all;
    int n;

    all = schema_resources(&n);
    for (int i = 0; i < n && !e->more; i++) {
        const struct schema_resource *r = all[i];

        if ((r->flags & RESOURCE_NAMESPACED) && !(r->flags & RESOURCE_VIRTUAL) &&
            (!r->storage || r->storage == r))
            empty_kind(j, e, r);
    }
}

/* The deletions are done: once more, until a look finds nothing to begin. */
static bool next(struct job *j)
{
    struct emptying *e = j->state;
    struct work *w = j->work;

    if (j->step++)
        return false;
    *e = (struct emptying){0};
    snapshots_turn(j->k->ctx->snapshots);
    j->writes++;
    empty_all(j, e);
    if (e->begun)
        w->again = true;
    else if (e->left == 0)
        job_write(j, namespaces(), STR_NONE, w->name, finalize, NULL);
    else
        job_write(j, namespaces(), STR_NONE, w->name, tell, e);
    j->writes--;
    return j->writes == 0;
}

void namespaces_run(struct job *j)
{
    json_t *ns = keeper_tree(j, namespaces(), STR_NONE, j->work->name);

    if (!ns || !tree_get(ns, "metadata.deletionTimestamp") ||
        !tree_list_has(tree_get(ns, "spec.finalizers"), "kubernetes"))
        return;
    j->state = arena_alloc(j->arena, sizeof(struct emptying));
    j->next = next;
    empty_all(j, j->state);
}
