/* Reviews: the authorizers and authenticators as an API. Each row fills the status of what was posted;
 * reading, checking and answering is the same for all. */
#include "worker/handlers/review.h"

#include <jansson.h>
#include "registry/strategy/strategy.h"
#include "registry/walk/tree.h"
#include "shm/base/clock.h"
#include "worker/authn/union.h"
#include "worker/authz/union.h"
#include "worker/handlers/subresources.h"
#include "worker/request/status.h"
#include "worker/write/answer.h"
#include "worker/write/body.h"
#include "worker/write/tracking.h"

#define AUTHZ_GROUP "authorization.k8s.io"

static json_t *text(struct str s)
{
    json_t *j = json_stringn(s.p ? s.p : "", s.n);
    return j ? j : json_string("");
}

/* ---- users ---- */

static json_t *user_tree(const struct user *u)
{
    json_t *o = json_object();
    json_object_set_new(o, "username", text(u->name));
    if (u->uid.n)
        json_object_set_new(o, "uid", text(u->uid));
    json_t *groups = json_array();
    for (int i = 0; i < u->ngroups; i++)
        json_array_append_new(groups, text(u->groups[i]));
    json_object_set_new(o, "groups", groups);
    json_t *extra = json_object();
    for (int i = 0; i < u->nextra; i++) {
        json_t *values = json_object_getn(extra, u->extra[i].name.p, u->extra[i].name.n);
        if (!values) {
            values = json_array();
            json_object_setn_new(extra, u->extra[i].name.p, u->extra[i].name.n, values);
        }
        json_array_append_new(values, text(u->extra[i].value));
    }
    if (u->nextra)
        json_object_set(o, "extra", extra);
    json_decref(extra);
    return o;
}

static void user_of_spec(struct arena *a, const json_t *obj, struct user *u)
{
    const json_t *groups = tree_get(obj, "spec.groups");
    size_t n = json_array_size(groups);
    *u = (struct user){.name = tree_str(obj, "spec.user"), .uid = tree_str(obj, "spec.uid")};
    u->groups = arena_alloc(a, (n + 1) * sizeof(*u->groups));
    for (size_t i = 0; i < n; i++) {
        const json_t *g = json_array_get(groups, i);
        u->groups[u->ngroups++] = (struct str){json_string_value(g), json_string_length(g)};
    }
}

static bool self_review(struct request *rq, json_t *obj, struct status *st)
{
    char now[21];
    clock_rfc3339(clock_wall_s(), now);
    tree_set(obj, "metadata", json_pack("{s:s}", "creationTimestamp", now));
    tree_set(obj, "status.userInfo", user_tree(&rq->user));
    return true;
}

static bool token_review(struct request *rq, json_t *obj, struct status *st)
{
    struct user u;
    struct str token = tree_str(obj, "spec.token");
    if (token.n == 0) {
        status_bad_request(st, "token is required for TokenReview in authentication");
        return false;
    }
    tree_delete(obj, "status");
    if (!authn_token(rq->ctx->authn, rq->arena, token, &u)) {
        tree_set_string(obj, "status.error", "invalid bearer token");
        return true;
    }
    tree_set(obj, "status.authenticated", json_true());
    tree_set(obj, "status.user", user_tree(&u));
    return true;
}

/* ---- access ---- */

static struct authz_question question(const json_t *obj, const struct user *u)
{
    struct authz_question q = {.user = u, .is_resource = tree_get(obj, "spec.resourceAttributes") != NULL};
    if (!q.is_resource) {
        q.path = tree_str(obj, "spec.nonResourceAttributes.path");
        q.verb = tree_str(obj, "spec.nonResourceAttributes.verb");
        return q;
    }
    q.verb = tree_str(obj, "spec.resourceAttributes.verb");
    q.group = tree_str(obj, "spec.resourceAttributes.group");
    q.version = tree_str(obj, "spec.resourceAttributes.version");
    q.resource = tree_str(obj, "spec.resourceAttributes.resource");
    q.subresource = tree_str(obj, "spec.resourceAttributes.subresource");
    q.ns = tree_str(obj, "spec.resourceAttributes.namespace");
    q.name = tree_str(obj, "spec.resourceAttributes.name");
    return q;
}

static void answer_access(struct request *rq, json_t *obj, const struct user *u)
{
    struct authz_question q = question(obj, u);
    const char *reason;
    enum authz_answer a = authz_decide(rq->ctx->authz, &q, rq->arena, &reason);
    tree_delete(obj, "status");
    tree_set(obj, "status.allowed", json_boolean(a == AUTHZ_ALLOW));
    if (a == AUTHZ_DENY)
        tree_set(obj, "status.denied", json_true());
    if (reason[0])
        tree_set_string(obj, "status.reason", reason);
}

static bool self_access(struct request *rq, json_t *obj, struct status *st)
{
    answer_access(rq, obj, &rq->user);
    return true;
}

static bool access_of_other(struct request *rq, json_t *obj, struct status *st)
{
    struct user u;
    user_of_spec(rq->arena, obj, &u);
    answer_access(rq, obj, &u);
    return true;
}

/* ---- rules ---- */

static json_t *list_tree(const char *const *list)
{
    json_t *a = json_array();
    for (; list && *list; list++)
        json_array_append_new(a, json_string(*list));
    return a;
}

static void add_rule(void *arg, const struct authz_rule *r)
{
    json_t *status = arg, *o = json_object();
    json_object_set_new(o, "verbs", list_tree(r->verbs));
    if (!r->groups) {
        json_object_set_new(o, "nonResourceURLs", list_tree(r->paths));
        json_array_append_new(json_object_get(status, "nonResourceRules"), o);
        return;
    }
    json_object_set_new(o, "apiGroups", list_tree(r->groups));
    json_object_set_new(o, "resources", list_tree(r->resources));
    json_array_append_new(json_object_get(status, "resourceRules"), o);
}

static bool rules_review(struct request *rq, json_t *obj, struct status *st)
{
    if (!tree_str(obj, "spec.namespace").n) {
        status_bad_request(st, "no namespace on request");
        return false;
    }
    json_t *status = json_pack("{s:[], s:[], s:b}", "resourceRules", "nonResourceRules", "incomplete", 0);
    authz_rules(rq->ctx->authz, &rq->user, add_rule, status);
    json_object_del(obj, "spec");
    json_object_set_new(obj, "spec", json_object());
    json_object_set_new(obj, "status", status);
    return true;
}

/* ---- the frame ---- */

static const struct review {
    const char *group, *plural;
    bool (*fill)(struct request *rq, json_t *obj, struct status *st);
} reviews[] = {
    {"authentication.k8s.io", "selfsubjectreviews", self_review},
    {"authentication.k8s.io", "tokenreviews", token_review},
    {AUTHZ_GROUP, "selfsubjectaccessreviews", self_access},
    {AUTHZ_GROUP, "subjectaccessreviews", access_of_other},
    {AUTHZ_GROUP, "localsubjectaccessreviews", access_of_other},
    {AUTHZ_GROUP, "selfsubjectrulesreviews", rules_review},
};

static const struct review *review_of(const struct schema_resource *r)
{
    for (size_t i = 0; i < sizeof(reviews) / sizeof(reviews[0]); i++)
        if (str_is(str_of(r->group), reviews[i].group) && str_is(str_of(r->plural), reviews[i].plural))
            return &reviews[i];
    return NULL;
}

static json_t *read_object(struct request *rq, struct status *st)
{
    const struct schema_resource *r = rq->info.schema;
    struct strategy_call call = body_call(rq, r, "");
    struct change c = {.r = r, .stored = r, .sub = ""};
    json_t *obj;
    struct body_want want = body_want(r, NULL);
    enum media media;
    if (!write_options_parse(rq, OPTIONS_CREATE, &c.o, st) || !negotiate_body(rq, &media, st))
        return NULL;
    obj = body_object(rq, media, &want, &c.o, st);
    if (!obj)
        return NULL;
    if (body_namespace(obj, r, rq->info.ns, st)) {
        tracking_note(&c, rq, obj, NULL);
        if (strategy_check(&call, obj, st))
            return obj;
    }
    json_decref(obj);
    return NULL;
}

static enum stage_result handler_review(struct request *rq)
{
    struct status st = {.arena = rq->arena};
    struct reply_form form;
    enum stage_result wait;
    if (!form_init(&form, rq, &st))
        return answer_status(rq, &st);
    if (!body_here(rq, handler_review, &wait, &st))
        return wait;
    json_t *obj = status_failed(&st) ? NULL : read_object(rq, &st);
    if (!obj || !review_of(rq->info.schema)->fill(rq, obj, &st)) {
        json_decref(obj);
        return answer_status(rq, &st);
    }
    enum stage_result done = answer_tree(rq, &form, obj, 201);
    json_decref(obj);
    return done;
}

/* The scheduler and the controller manager tell their health themselves nowadays; this old list is empty. */
static enum stage_result handler_components(struct request *rq)
{
    struct status st = {.arena = rq->arena};
    struct accept a;
    if (rq->info.name.n)
        status_not_found(&st, "", "componentstatus", rq->info.name);
    else if (negotiate_accept(rq, TRANSFORM_META, &a, &st)) {
        response_json(
            rq, 200, &a, NULL,
            STR("{\"kind\":\"ComponentStatusList\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":[]}"));
        return STAGE_DONE;
    }
    return answer_status(rq, &st);
}

stage_fn review_handler(const struct schema_resource *r, struct str verb)
{
    bool core = !r->group[0];
    if (core && str_is(str_of(r->plural), "componentstatuses"))
        return str_is(verb, "get") || str_is(verb, "list") ? handler_components : NULL;
    if (!str_is(verb, "create"))
        return NULL;
    if (core && str_is(str_of(r->plural), "bindings"))
        return handler_binding;
    return review_of(r) ? handler_review : NULL;
}
