/* The scheduler's word: a pod gets its node, once. Rule: pkg/registry/core/pod/storage (BindingREST). */
#include "worker/handlers/subresources.h"

#include "registry/walk/tree.h"
#include "shm/base/clock.h"
#include "worker/write/answer.h"
#include "worker/write/body.h"
#include "worker/write/change.h"

struct binding {
    struct reply_form form;
    struct write_options o;
    json_t *in;
};

static void merge_map(json_t *pod, const json_t *binding, const char *path)
{
    json_t *from = tree_get(binding, path), *to = tree_get(pod, path);

    if (!json_object_size(from))
        return;
    if (!json_is_object(to))
        tree_set(pod, path, to = json_object());
    json_object_update(to, from);
}

static void set_scheduled(json_t *pod)
{
    json_t *list = tree_get(pod, "status.conditions"), *c;
    char now[21];
    size_t i;

    clock_rfc3339(clock_wall_s(), now);
    if (!json_is_array(list))
        tree_set(pod, "status.conditions", list = json_array());
    json_array_foreach(list, i, c)
    {
        if (!str_is(tree_str(c, "type"), "PodScheduled"))
            continue;
        json_array_remove(list, i);
        break;
    }
    json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "type", "PodScheduled", "status", "True",
                                          "lastTransitionTime", now));
}

static const char *refusal(struct arena *a, const json_t *pod, struct str name)
{
    struct str node = tree_str(pod, "spec.nodeName");

    if (tree_get(pod, "metadata.deletionTimestamp"))
        return arena_printf(a, "pod %.*s is being deleted, cannot be assigned to a host", STR_ARG(name));
    if (node.n)
        return arena_printf(a, "pod %.*s is already assigned to node \"%.*s\"", STR_ARG(name), STR_ARG(node));
    if (tree_size(pod, "spec.schedulingGates"))
        return arena_printf(a, "pod %.*s has non-empty .spec.schedulingGates", STR_ARG(name));
    return NULL;
}

static enum write_verdict step(struct write *w, const json_t *old, json_t **out)
{
    struct binding *b = w->arg;
    struct str uid = tree_str(b->in, "metadata.uid");
    const char *why;
    json_t *pod;

    if (!old) {
        status_not_found(&w->st, "", "pods", w->name);
        return WRITE_FAIL;
    }
    why = refusal(w->arena, old, w->name);
    if (!why && uid.n && !str_eq(uid, tree_str(old, "metadata.uid"))) {
        change_uid_conflict(w, w->stored, uid, tree_str(old, "metadata.uid"));
        return WRITE_FAIL;
    }
    if (why) {
        status_conflict(&w->st, "", "pods/binding", w->name, why);
        return WRITE_FAIL;
    }
    *out = pod = json_deep_copy(old);
    tree_set(pod, "spec.nodeName", json_incref(tree_get(b->in, "target.name")));
    merge_map(pod, b->in, "metadata.annotations");
    merge_map(pod, b->in, "metadata.labels");
    set_scheduled(pod);
    return WRITE_PUT;
}

static enum stage_result over(struct request *rq, struct write *w)
{
    struct binding *b = w->arg;

    if (status_failed(&w->st))
        return answer_status(rq, &w->st);
    return answer_done(rq, &b->form, 201);
}

static bool valid(const json_t *in, struct str url_name, struct status *st)
{
    static const char *const KINDS[] = {"Node", "<empty>"};
    struct status said = {.arena = st->arena};
    struct str kind = tree_str(in, "target.kind");

    if (url_name.n && !str_eq(url_name, tree_str(in, "metadata.name"))) {
        status_bad_request(st, "name in URL does not match name in Binding object");
        return false;
    }
    if (kind.n && !str_is(kind, "Node"))
        field_not_supported(&said, "target.kind", kind, KINDS, 2);
    if (!tree_str(in, "target.name").n)
        field_required(&said, "target.name", "");
    if (said.ncauses)
        status_set(st, 500, "", "%s", status_aggregate(&said));
    return !status_failed(st);
}

static bool read_body(struct binding *b, struct request *rq, const struct schema_resource *bindings,
                      struct status *st)
{
    struct body_want want = body_want(bindings, NULL);
    enum media media;

    if (!form_init(&b->form, rq, st) || !write_options_parse(rq, OPTIONS_CREATE, &b->o, st) ||
        !negotiate_body(rq, &media, st))
        return false;
    b->in = write_keep_tree(rq->arena, body_object(rq, media, &want, &b->o, st));
    return b->in && valid(b->in, rq->info.name, st) && body_namespace(b->in, bindings, rq->info.ns, st);
}

enum stage_result handler_binding(struct request *rq)
{
    const struct schema_resource *pods = schema_resource(STR(""), STR("v1"), STR("pods"));
    const struct schema_resource *bindings = schema_resource(STR(""), STR("v1"), STR("bindings"));
    struct binding *b = arena_alloc(rq->arena, sizeof(*b));
    struct status st = {.arena = rq->arena};
    enum stage_result wait;
    struct write *w;

    if (!body_here(rq, handler_binding, &wait, &st))
        return wait;
    if (status_failed(&st) || !read_body(b, rq, bindings, &st))
        return answer_status(rq, &st);
    w = write_new(rq->ctx, rq->arena, rq, pods, rq->info.ns,
                  arena_str(rq->arena, tree_str(b->in, "metadata.name")));
    w->dry_run = b->o.dry_run;
    w->step = step;
    w->over = over;
    w->arg = b;
    return write_go(w);
}
