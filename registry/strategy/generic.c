/* What every kind shares on the way into the store. The order is the reference's (rest.BeforeCreate,
 * rest.BeforeUpdate): system metadata, the kind's own preparation, then all checks, so that one answer names
 * every mistake. */
#include "registry/strategy/strategy.h"

#include "registry/rules/objectmeta.h"
#include "registry/strategy/rows.h"
#include "registry/strategy/warnings.h"
#include "registry/validation/check.h"
#include "registry/walk/tree.h"
#include "registry/walk/default.h"
#include "registry/walk/encode.h"
#include "shm/base/buf.h"
#include "shm/base/clock.h"

static const struct strategy_rows *const GROUPS[] = {
    &strategy_rows_core,  &strategy_rows_pod,          &strategy_rows_service, &strategy_rows_apps,
    &strategy_rows_batch, &strategy_rows_certificates, &strategy_rows_rest,
};

static const struct strategy PLAIN = {.group = "", .plural = ""};

const struct strategy *strategy_for(const struct schema_resource *r)
{
    for (size_t g = 0; g < sizeof(GROUPS) / sizeof(GROUPS[0]); g++) {
        for (int i = 0; i < GROUPS[g]->n; i++) {
            const struct strategy *s = &GROUPS[g]->rows[i];

            if (strcmp(s->plural, r->plural) == 0 && strcmp(s->group, r->group) == 0)
                return s;
        }
    }
    return &PLAIN;
}

void strategy_defaults(const struct strategy_call *c, json_t *obj)
{
    const struct strategy *s = strategy_for(c->resource);

    default_tree(obj, c->resource->type);
    if (s->defaults)
        s->defaults(c, obj);
}

bool strategy_removes(const struct schema_resource *r, const json_t *obj, const json_t *old)
{
    const struct strategy *s = strategy_for(r);

    if (tree_size(obj, "metadata.finalizers") || !tree_get(old, "metadata.deletionTimestamp"))
        return false;
    if (tree_int(old, "metadata.deletionGracePeriodSeconds", 0) != 0)
        return false;
    return !s->may_remove || s->may_remove(obj);
}

static void set_type(json_t *obj, const struct schema_resource *r)
{
    tree_set_string(obj, "kind", r->kind);
    tree_set_string(obj, "apiVersion", r->api_version);
}

static const char *const WIPED[] = {
    "metadata.deletionTimestamp",
    "metadata.deletionGracePeriodSeconds",
    "metadata.selfLink",
};

static void system_metadata(const struct strategy_call *c, json_t *obj)
{
    char uid[37], now[21];

    for (size_t i = 0; i < sizeof(WIPED) / sizeof(WIPED[0]); i++)
        tree_delete(obj, WIPED[i]);
    generate_uid(uid);
    tree_set_string(obj, "metadata.uid", uid);
    clock_rfc3339(c->world && c->world->now_s ? c->world->now_s(c->world->arg) : clock_wall_s(), now);
    tree_set_string(obj, "metadata.creationTimestamp", now);
    if (c->resource->flags & RESOURCE_GENERATION)
        tree_set_int(obj, "metadata.generation", 1);
    if (!tree_str(obj, "metadata.name").n && tree_str(obj, "metadata.generateName").n) {
        char name[64];

        generate_name(tree_str(obj, "metadata.generateName"), name);
        tree_set_string(obj, "metadata.name", name);
    }
    if (!(c->resource->flags & RESOURCE_NAMESPACED))
        tree_delete(obj, "metadata.namespace");
}

static struct check checking(const struct strategy_call *c, struct status *st)
{
    return (struct check){.st = st,
                          .arena = c->arena,
                          .resource = c->resource,
                          .served = c->served ? c->served : c->resource,
                          .subresource = c->subresource ? c->subresource : "",
                          .world = c->world};
}

static void check_new(const struct strategy_call *c, const json_t *obj, struct status *st)
{
    const struct validation *v = validation_for(c->resource);
    struct check check = checking(c, st);

    if (!v || !v->creates_metadata)
        check_metadata(&check, obj);
    if (v && v->create)
        v->create(&check, obj);
}

bool strategy_check(const struct strategy_call *c, const json_t *obj, struct status *st)
{
    const struct validation *v = validation_for(c->resource);
    struct check check = checking(c, st);

    if (v && v->create)
        v->create(&check, obj);
    return !status_invalid_done(st, c->resource->group, "", STR(""));
}

static void check_update(const struct strategy_call *c, const json_t *obj, const json_t *old,
                         struct status *st)
{
    const struct validation *v = validation_for(c->resource);
    struct check check = checking(c, st);

    void (*hook)(struct check *, const json_t *, const json_t *);

    if (!(v && v->checks_metadata) && (st->ncauses || tree_size(obj, "metadata.finalizers")))
        check_metadata_update(&check, obj, old);
    if (!v)
        return;
    hook = !*check.subresource                        ? v->update
           : strcmp(check.subresource, "status") == 0 ? v->update_status
                                                      : v->update_part;
    if (hook)
        hook(&check, obj, old);
}

bool strategy_before_create(const struct strategy_call *c, json_t *obj, struct status *st)
{
    const struct strategy *s = strategy_for(c->resource);

    set_type(obj, c->resource);
    system_metadata(c, obj);
    default_withhold(obj, c->resource->type);
    if ((c->resource->flags & RESOURCE_STATUS) && !s->keeps_status)
        json_object_del(obj, "status");
    if (s->allocate && !s->allocate(c, obj, NULL, st))
        return false;
    if (s->prepare_create)
        s->prepare_create(c, obj);
    check_new(c, obj, st);
    if (s->validate)
        s->validate(c, obj, st);
    if (status_failed(st))
        return false;
    if (status_invalid_done(st, c->resource->group, c->resource->kind, tree_str(obj, "metadata.name")))
        return false;
    if (s->named)
        s->named(obj);
    warnings_collect(c, obj, NULL);
    return true;
}

static bool is_head(const char *key)
{
    return strcmp(key, "kind") == 0 || strcmp(key, "apiVersion") == 0 || strcmp(key, "metadata") == 0;
}

/* A status write changes status and metadata; the rest stays. */
static void keep_all_but_status(json_t *obj, const json_t *old)
{
    const char *key;
    json_t *v;
    void *next;

    json_object_foreach_safe(obj, next, key, v)
    {
        if (!is_head(key) && strcmp(key, "status") != 0)
            json_object_del(obj, key);
    }
    json_object_foreach((json_t *)(uintptr_t)old, key, v)
    {
        if (!is_head(key) && strcmp(key, "status") != 0)
            json_object_set_new(obj, key, json_deep_copy(v));
    }
}

static void keep_metadata(json_t *obj, const json_t *old, enum strategy_meta how)
{
    static const char *const OWN[] = {"metadata.resourceVersion", "metadata.managedFields"};
    static const char *const SAID[] = {"metadata.labels", "metadata.annotations", "metadata.finalizers",
                                       "metadata.ownerReferences"};
    json_t *own[2];

    if (how == STATUS_META_OLD_LABELS)
        tree_copy(obj, old, "metadata.labels");
    for (int i = 0; i < 4 && how == STATUS_META_RESET; i++)
        tree_copy(obj, old, SAID[i]);
    if (how != STATUS_META_OLD)
        return;
    for (int i = 0; i < 2; i++)
        own[i] = json_incref(tree_get(obj, OWN[i]));
    tree_copy(obj, old, "metadata");
    for (int i = 0; i < 2; i++) {
        if (own[i])
            tree_set(obj, OWN[i], own[i]);
        else
            tree_delete(obj, OWN[i]);
    }
}

static bool changed_beside_status(const json_t *obj, const json_t *old, const struct schema_type *t)
{
    for (int i = 0; t && i < t->nfields; i++) {
        const char *name = t->fields[i].json;

        if (!is_head(name) && strcmp(name, "status") != 0 && !tree_same(obj, old, name, t))
            return true;
    }
    return false;
}

/* What no client can change. */
static void keep_system_metadata(json_t *obj, const json_t *old)
{
    if (!tree_str(obj, "metadata.uid").n)
        tree_copy(obj, old, "metadata.uid");
    if (tree_get(old, "metadata.creationTimestamp"))
        tree_copy(obj, old, "metadata.creationTimestamp");
    if (tree_get(old, "metadata.deletionTimestamp"))
        tree_copy(obj, old, "metadata.deletionTimestamp");
    if (!tree_get(obj, "metadata.deletionGracePeriodSeconds"))
        tree_copy(obj, old, "metadata.deletionGracePeriodSeconds");
    tree_delete(obj, "metadata.selfLink");
}

bool strategy_before_update(const struct strategy_call *c, json_t *obj, const json_t *old, struct status *st)
{
    const struct strategy *s = strategy_for(c->resource);
    bool status = c->subresource && strcmp(c->subresource, "status") == 0;
    /* its strategy takes what it may change of the status */
    bool is_decision = c->subresource && strcmp(c->subresource, "approval") == 0;

    set_type(obj, c->resource);
    tree_copy(obj, old, "metadata.generation");
    if (status) {
        keep_all_but_status(obj, old);
        keep_metadata(obj, old, s->status_meta);
    } else if ((c->resource->flags & RESOURCE_STATUS) && !is_decision) {
        tree_copy(obj, old, "status");
    }
    if (s->allocate && !c->subresource[0] && !s->allocate(c, obj, old, st))
        return false;
    default_withhold(obj, c->resource->type);
    if (s->prepare_update)
        s->prepare_update(c, obj, old);
    if ((c->resource->flags & RESOURCE_GENERATION) && !status &&
        tree_int(obj, "metadata.generation", 0) == tree_int(old, "metadata.generation", 0) &&
        changed_beside_status(obj, old, c->resource->type))
        tree_set_int(obj, "metadata.generation", tree_int(old, "metadata.generation", 0) + 1);
    keep_system_metadata(obj, old);
    /* The reference checks metadata of all kinds, as of a new object and as of a change, and most kinds do so
     * once more: every mistake is a cause each time. */
    objectmeta_validate(obj, c->resource, st);
    objectmeta_validate_update(obj, old, c->resource, st);
    check_update(c, obj, old, st);
    if (s->validate_update)
        s->validate_update(c, obj, old, st);
    if (status_failed(st))
        return false;
    if (status_invalid_done(st, c->resource->group, c->resource->kind, tree_str(obj, "metadata.name")))
        return false;
    warnings_collect(c, obj, old);
    return true;
}
