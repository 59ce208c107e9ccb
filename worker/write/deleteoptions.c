/* DeleteOptions: the body decides alone when there is one; old clients send any group's DeleteOptions, or
 * none of kind and version. */
#include "registry/walk/decode.h"
#include "registry/walk/protobuf.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"
#include "worker/request/negotiate.h"
#include "worker/write/deletion.h"
#include "worker/write/options.h"

#define SCHEME "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27"
#define DRY_RUN_MAX 16
#define GRACE_NEGATIVE (-2) /* asked for: counts as one second */

static const char *const POLICIES[] = {"Foreground", "Background", "Orphan", "nil"};

struct raw {
    struct str dry_run[DRY_RUN_MAX], policy;
    int ndry;
    bool has_policy;
};

static bool check(struct delete_options *o, const struct raw *raw, struct status *st)
{
    if (raw->has_policy) {
        if (o->orphan >= 0)
            field_invalid_str(st, "propagationPolicy", raw->policy,
                              "orphanDependents and deletionPropagation cannot be both set");
        if (str_is(raw->policy, "Foreground"))
            o->propagation = PROPAGATION_FOREGROUND;
        else if (str_is(raw->policy, "Background"))
            o->propagation = PROPAGATION_BACKGROUND;
        else if (str_is(raw->policy, "Orphan"))
            o->propagation = PROPAGATION_ORPHAN;
        else
            field_not_supported(st, "propagationPolicy", raw->policy, POLICIES, 4);
    }
    options_dry_run(st, raw->dry_run, raw->ndry, &o->dry_run);
    return !status_invalid_done(st, "meta.k8s.io", "DeleteOptions", STR_NONE);
}

static bool from_query(struct request *rq, struct delete_options *o, struct raw *raw, struct status *st)
{
    struct str v;

    if (request_param(rq, "gracePeriodSeconds", &v) && v.n && str_to_int64(v, &o->grace_s)) {
        status_bad_request(st, "strconv.ParseInt: parsing \"%.*s\": invalid syntax", STR_ARG(v));
        return false;
    }
    if (request_param(rq, "gracePeriodSeconds", &v) && o->grace_s < 0)
        o->grace_s = v.n ? GRACE_NEGATIVE : -1;
    if (request_param(rq, "orphanDependents", &v))
        o->orphan = request_param_bool(rq, "orphanDependents");
    if (request_param(rq, "uid", &v) && v.n)
        o->uid = v;
    if (request_param(rq, "resourceVersion", &v) && v.n)
        o->revision = v;
    raw->has_policy = request_param(rq, "propagationPolicy", &raw->policy);
    raw->ndry = query_values(rq, "dryRun", raw->dry_run, DRY_RUN_MAX);
    return true;
}

static bool right_kind(struct request *rq, const json_t *body, struct status *st)
{
    struct str api_version, kind;
    const char *err;

    if (!decode_gvk(rq->arena, body, &api_version, &kind, &err)) {
        status_bad_request(st, "%s", err);
        return false;
    }
    if (kind.n == 0 || str_is(kind, "DeleteOptions"))
        return true;
    status_bad_request(st, "no kind \"%.*s\" is registered for version \"%.*s\" in scheme \"" SCHEME "\"",
                       STR_ARG(kind), STR_ARG(api_version));
    return false;
}

static struct str kept(struct arena *a, const json_t *body, const char *path)
{
    return tree_get(body, path) ? arena_str(a, tree_str(body, path)) : STR_NONE;
}

static void take(struct request *rq, const json_t *body, struct delete_options *o, struct raw *raw)
{
    json_t *orphan = tree_get(body, "orphanDependents"), *v;
    size_t i;

    o->grace_s = tree_int(body, "gracePeriodSeconds", -1);
    if (tree_get(body, "gracePeriodSeconds") && o->grace_s < 0)
        o->grace_s = GRACE_NEGATIVE;
    if (orphan)
        o->orphan = json_is_true(orphan);
    raw->has_policy = tree_get(body, "propagationPolicy") != NULL;
    raw->policy = kept(rq->arena, body, "propagationPolicy");
    o->uid = kept(rq->arena, body, "preconditions.uid");
    o->revision = kept(rq->arena, body, "preconditions.resourceVersion");
    json_array_foreach(tree_get(body, "dryRun"), i, v)
    {
        if (raw->ndry < DRY_RUN_MAX && json_is_string(v))
            raw->dry_run[raw->ndry++] = arena_str(rq->arena, str_of(json_string_value(v)));
    }
}

static bool from_body(struct request *rq, struct delete_options *o, struct raw *raw, struct status *st)
{
    const struct schema_type *type = schema_type(STR("meta/v1"), STR("DeleteOptions"));
    enum media media;
    const char *err = "";
    json_t *body;
    bool ok;

    if (!negotiate_body(rq, &media, st))
        return false;
    if (media == MEDIA_PROTOBUF)
        body = protobuf_read(rq->arena, rq->body, "DeleteOptions", type, &err);
    else if (media == MEDIA_YAML)
        body = yaml_read(rq->arena, rq->body, NULL, &err);
    else
        body = json_read(rq->arena, rq->body, NULL, &err);
    if (!body) {
        status_bad_request(st, "%s%s", media == MEDIA_JSON ? DECODE_GVK_PREFIX : "", err);
        return false;
    }
    ok = right_kind(rq, body, st);
    if (ok && json_is_object(body))
        ok = decode_tree(body, type, NULL, st);
    if (ok)
        take(rq, body, o, raw);
    json_decref(body);
    return ok;
}

bool delete_options_of(struct request *rq, const json_t *options, struct delete_options *o, struct status *st)
{
    struct raw raw = {0};

    *o = (struct delete_options){.grace_s = -1, .orphan = -1};
    take(rq, options, o, &raw);
    return check(o, &raw, st);
}

bool delete_options_parse(struct request *rq, struct delete_options *o, struct status *st)
{
    struct raw raw = {0};

    *o = (struct delete_options){.grace_s = -1, .orphan = -1};
    if (rq->body.n ? !from_body(rq, o, &raw, st) : !from_query(rq, o, &raw, st))
        return false;
    return check(o, &raw, st);
}
