/* Managers own fields of the version they wrote, so a kind that is stored in another form is looked at in the
 * one that was asked for. */
#include "worker/write/tracking.h"

#include "registry/apply/config.h"
#include "registry/walk/tree.h"
#include "shm/base/clock.h"

#define FIELDS "metadata.managedFields"

struct apply_call tracking_call(struct request *rq, const struct change *c)
{
    struct body_want want = body_want(c->r, rq->info.sub);
    struct str manager = c->o.field_manager;

    if (!manager.n)
        manager = apply_manager_of_agent(rq->arena, request_header(rq, "user-agent"));
    return (struct apply_call){.arena = rq->arena,
                               .resource = c->r,
                               .type = want.type,
                               .group = want.group,
                               .version = want.version,
                               .kind = want.kind,
                               .subresource = c->sub,
                               .manager = manager,
                               .now_s = clock_wall_s(),
                               .force = c->o.force};
}

void tracking_note(struct change *c, struct request *rq, json_t *obj, const json_t *old)
{
    struct apply_call call = tracking_call(rq, c);
    struct status st = {.arena = rq->arena};
    json_t *served, *live;

    if (c->r == c->stored) {
        apply_track(&call, old, obj);
        return;
    }
    served = change_to_served(c, rq->arena, obj, &st);
    live = old ? change_to_served(c, rq->arena, old, &st) : NULL;
    write_keep_tree(rq->arena, live);
    write_keep_tree(rq->arena, served);
    if (!served || (old && !live)) {
        tree_delete(obj, FIELDS);
        return;
    }
    apply_track(&call, live, served);
    tree_copy(obj, served, FIELDS);
}

static struct apply_call call_as(struct arena *a, const struct schema_resource *r, const char *manager,
                                 const char *subresource)
{
    return (struct apply_call){.arena = a,
                               .resource = r,
                               .type = r->type,
                               .group = r->group,
                               .version = r->version,
                               .kind = r->kind,
                               .subresource = subresource,
                               .manager = str_of(manager),
                               .now_s = clock_wall_s(),
                               .force = true};
}

void tracking_note_as(struct arena *a, const struct schema_resource *r, const char *manager,
                      const char *subresource, json_t *obj, const json_t *old)
{
    struct apply_call call = call_as(a, r, manager, subresource);

    apply_track(&call, old, obj);
}

json_t *tracking_apply_as(struct arena *a, const struct schema_resource *r, const char *manager,
                          const char *subresource, json_t *obj, json_t *part, struct status *st)
{
    struct apply_call call = call_as(a, r, manager, subresource);

    tree_set_string(part, "apiVersion",
                    r->group[0] ? arena_printf(a, "%s/%s", r->group, r->version) : r->version);
    tree_set_string(part, "kind", r->kind);
    tree_copy(part, obj, "metadata.name");
    tree_copy(part, obj, "metadata.namespace");
    write_keep_tree(a, part);
    write_keep_tree(a, obj);
    return config_apply(&call, obj, part, st);
}
