/* FlowSchemas and priority levels that every cluster has, and what each FlowSchema is told about the level
 * that it names. Rule: apiserver/pkg/apis/flowcontrol/bootstrap, util/flowcontrol (the status of
 * FlowSchemas). */
#include "registry/strategy/strategy.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"
#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "worker/keeper/loops.h"
#include "worker/write/tracking.h"

#define GROUP "flowcontrol.apiserver.k8s.io"
#define AUTO_UPDATE "apf.kubernetes.io/autoupdate-spec"
#define PRODUCER "api-priority-and-fairness-config-producer-v1" /* of the objects */
#define CONSUMER "api-priority-and-fairness-config-consumer-v1" /* of what they are told */

struct level {
    const char *name;
    int shares, lendable;
    int queues, hand; /* 0: what does not fit is refused */
    bool exempt;
    bool fixed; /* its spec is nobody's to change */
};

static const struct level LEVELS[] = {
    {"exempt", 0, 0, 0, 0, true, false},
    {"catch-all", 5, 0, 0, 0, false, true},
    {"system", 30, 33, 64, 6, false, false},
    {"node-high", 40, 25, 64, 6, false, false},
    {"leader-election", 10, 0, 16, 4, false, false},
    {"workload-high", 40, 50, 128, 6, false, false},
    {"workload-low", 100, 90, 128, 6, false, false},
    {"global-default", 20, 50, 128, 6, false, false},
};

#define EVERY                                                                                                \
    "\"verbs\":[\"*\"],\"apiGroups\":[\"*\"],\"resources\":[\"*\"],\"clusterScope\":true,\"namespaces\":["   \
    "\"*\"]"
#define ALL                                                                                                  \
    "\"resourceRules\":[{" EVERY "}],\"nonResourceRules\":[{\"verbs\":[\"*\"],\"nonResourceURLs\":[\"*\"]}]"
#define LEASES "\"apiGroups\":[\"coordination.k8s.io\"],\"resources\":[\"leases\"],\"namespaces\":[\"*\"]"

#define USER(name) "{\"kind\":\"User\",\"user\":{\"name\":\"" name "\"}}"
#define MEMBERS(name) "{\"kind\":\"Group\",\"group\":{\"name\":\"" name "\"}}"
#define ACCOUNTS                                                                                             \
    "{\"kind\":\"ServiceAccount\",\"serviceAccount\":{\"namespace\":\"kube-system\",\"name\":\"*\"}}"
#define ANYBODY MEMBERS("system:unauthenticated") "," MEMBERS("system:authenticated")

struct schema {
    const char *name, *level, *by;
    int precedence;
    bool fixed;
    const char *subjects, *rules;
};

static const struct schema SCHEMAS[] = {
    {"exempt", "exempt", NULL, 1, true, MEMBERS("system:masters"), ALL},
    {"catch-all", "catch-all", "ByUser", 10000, true, ANYBODY, ALL},
    {"probes", "exempt", NULL, 2, false, ANYBODY,
     "\"nonResourceRules\":[{\"verbs\":[\"get\"],\"nonResourceURLs\":[\"/healthz\",\"/readyz\",\"/"
     "livez\"]}]"},
    {"system-leader-election", "leader-election", "ByUser", 100, false,
     USER("system:kube-controller-manager") "," USER("system:kube-scheduler") "," ACCOUNTS,
     "\"resourceRules\":[{\"verbs\":[\"get\",\"create\",\"update\"]," LEASES "}]"},
    {"system-node-high", "node-high", "ByUser", 400, false, MEMBERS("system:nodes"),
     "\"resourceRules\":[{\"verbs\":[\"*\"],\"apiGroups\":[\"\"],\"resources\":[\"nodes\",\"nodes/"
     "status\"],\"clusterScope\":true,\"namespaces\":[\"*\"]},{\"verbs\":[\"*\"]," LEASES "}]"},
    {"system-nodes", "system", "ByUser", 500, false, MEMBERS("system:nodes"), ALL},
    {"kube-controller-manager", "workload-high", "ByNamespace", 800, false,
     USER("system:kube-controller-manager"), ALL},
    {"kube-scheduler", "workload-high", "ByNamespace", 800, false, USER("system:kube-scheduler"), ALL},
    {"kube-system-service-accounts", "workload-high", "ByNamespace", 900, false, ACCOUNTS, ALL},
    {"service-accounts", "workload-low", "ByUser", 9000, false, MEMBERS("system:serviceaccounts"), ALL},
    {"global-default", "global-default", "ByUser", 9900, false, ANYBODY, ALL},
};

#define NLEVELS (sizeof(LEVELS) / sizeof(LEVELS[0]))
#define NSCHEMAS (sizeof(SCHEMAS) / sizeof(SCHEMAS[0]))

static const struct schema_resource *schemas(void)
{
    return keeper_resource(GROUP, "v1", "flowschemas");
}

static const struct schema_resource *levels(void)
{
    return keeper_resource(GROUP, "v1", "prioritylevelconfigurations");
}

/* ---- what is wanted ---- */

static json_t *level_spec(const struct level *l)
{
    json_t *response;

    if (l->exempt)
        return json_pack("{s:s, s:{s:i, s:i}}", "type", "Exempt", "exempt", "nominalConcurrencyShares",
                         l->shares, "lendablePercent", l->lendable);
    if (!l->queues)
        response = json_pack("{s:s}", "type", "Reject");
    else
        response = json_pack("{s:s, s:{s:i, s:i, s:i}}", "type", "Queue", "queuing", "queues", l->queues,
                             "handSize", l->hand, "queueLengthLimit", 50);
    return json_pack("{s:s, s:{s:i, s:o, s:i}}", "type", "Limited", "limited", "nominalConcurrencyShares",
                     l->shares, "limitResponse", response, "lendablePercent", l->lendable);
}

static json_t *schema_spec(struct arena *a, const struct schema *s)
{
    const char *err;
    json_t *rule =
        json_read(a, str_of(arena_printf(a, "{\"subjects\":[%s],%s}", s->subjects, s->rules)), NULL, &err);
    json_t *spec = json_pack("{s:{s:s}, s:i, s:[o]}", "priorityLevelConfiguration", "name", s->level,
                             "matchingPrecedence", s->precedence, "rules", rule);

    if (s->by)
        tree_set_string(spec, "distinguisherMethod.type", s->by);
    return spec;
}

/* The spec of that name, new reference; NULL: it is not one of these. */
static json_t *wanted(struct arena *a, const struct schema_resource *r, struct str name, bool *fixed)
{
    for (size_t i = 0; r == levels() && i < NLEVELS; i++) {
        if (str_is(name, LEVELS[i].name)) {
            *fixed = LEVELS[i].fixed;
            return level_spec(&LEVELS[i]);
        }
    }
    for (size_t i = 0; r == schemas() && i < NSCHEMAS; i++) {
        if (str_is(name, SCHEMAS[i].name)) {
            *fixed = SCHEMAS[i].fixed;
            return schema_spec(a, &SCHEMAS[i]);
        }
    }
    return NULL;
}

/* ---- what a FlowSchema is told ---- */

static bool is_told(const json_t *obj, const char *status, const char *message)
{
    const json_t *condition;
    size_t i;

    json_array_foreach(tree_get(obj, "status.conditions"), i, condition)
    {
        if (str_is(tree_str(condition, "type"), "Dangling"))
            return str_is(tree_str(condition, "status"), status) &&
                   str_is(tree_str(condition, "message"), message);
    }
    return false;
}

/* Takes *obj; NULL there: w->st. True: it had not been told. */
static bool tell(struct write *w, json_t **obj)
{
    const struct world *world = &w->ctx->world;
    struct str level = tree_str(*obj, "spec.priorityLevelConfiguration.name");
    bool found = world->has(world->arg, levels(), STR_NONE, level);
    const char *status = found ? "False" : "True", *message;
    char now[21];

    message = arena_printf(
        w->arena, "This FlowSchema references the PriorityLevelConfiguration object named \"%.*s\" %s",
        STR_ARG(level), found ? "and it exists" : "but there is no such object");
    if (is_told(*obj, status, message))
        return false;
    clock_rfc3339(clock_wall_s(), now);
    *obj = tracking_apply_as(w->arena, w->stored, CONSUMER, "status", *obj,
                             json_pack("{s:{s:[{s:s, s:s, s:s, s:s, s:s}]}}", "status", "conditions", "type",
                                       "Dangling", "status", status, "lastTransitionTime", now, "reason",
                                       found ? "Found" : "NotFound", "message", message),
                             &w->st);
    return true;
}

/* ---- the loop ---- */

static bool is_kept(const json_t *obj, bool fixed)
{
    const char *kept = json_string_value(json_object_get(tree_get(obj, "metadata.annotations"), AUTO_UPDATE));

    return fixed || (kept && strcmp(kept, "true") == 0);
}

static enum write_verdict make(struct write *w, json_t *spec, json_t **out)
{
    struct strategy_call c = {
        .arena = w->arena, .resource = w->stored, .subresource = "", .world = &w->ctx->world, .user = ""};
    json_t *obj = json_pack("{s:{s:s%, s:{s:s}}, s:o}", "metadata", "name", w->name.p, w->name.n,
                            "annotations", AUTO_UPDATE, "true", "spec", spec);

    strategy_defaults(&c, obj);
    tracking_note_as(w->arena, w->stored, PRODUCER, "", obj, NULL);
    *out = obj;
    if (strategy_before_create(&c, obj, &w->st) && w->stored == schemas())
        tell(w, out);
    if (!status_failed(&w->st))
        return WRITE_PUT;
    log_error("keeper: %s %.*s can't be made: %s", w->stored->plural, STR_ARG(w->name), w->st.message);
    return WRITE_FAIL;
}

static bool restore(struct write *w, json_t *obj, const json_t *old, json_t *spec)
{
    json_t *whole = json_pack("{s:O}", "spec", spec);
    bool same;

    same = tree_same(obj, whole, "spec", w->stored->type);
    if (!same) {
        tree_copy(obj, whole, "spec");
        tree_set_int(obj, "metadata.generation", tree_int(obj, "metadata.generation", 0) + 1);
        tracking_note_as(w->arena, w->stored, PRODUCER, "", obj, old);
    }
    json_decref(whole);
    return !same;
}

static enum write_verdict step(struct write *w, const json_t *old, json_t **out)
{
    bool fixed = false, changed = false;
    json_t *spec = wanted(w->arena, w->stored, w->name, &fixed);

    if (!old)
        return spec ? make(w, spec, out) : WRITE_KEEP;
    *out = json_deep_copy(old);
    if (spec && is_kept(old, fixed))
        changed = restore(w, *out, old, spec);
    json_decref(spec);
    if (w->stored == schemas() && !tree_get(old, "metadata.deletionTimestamp"))
        changed = tell(w, out) || changed;
    if (status_failed(&w->st))
        return WRITE_FAIL;
    return changed ? WRITE_PUT : WRITE_KEEP;
}

void flowcontrol_run(struct job *j)
{
    job_write(j, schema_resource_of_id(j->work->resource), STR_NONE, j->work->name, step, NULL);
}

static void look(struct keeper *k, const struct schema_resource *r, struct str name)
{
    queue_add(k->queue, TASK_FLOW, r->id, STR_NONE, name, 0);
}

void flowcontrol_start(struct keeper *k)
{
    for (size_t i = 0; i < NLEVELS; i++)
        look(k, levels(), str_of(LEVELS[i].name));
    for (size_t i = 0; i < NSCHEMAS; i++)
        look(k, schemas(), str_of(SCHEMAS[i].name));
}

/* A level came or went: whoever names it is told. */
static void look_at_schemas(struct keeper *k, struct str level)
{
    json_t *all = k->ctx->world.list(k->ctx->world.arg, schemas()), *one;
    size_t i;

    json_array_foreach(all, i, one)
    {
        if (str_eq(tree_str(one, "spec.priorityLevelConfiguration.name"), level))
            look(k, schemas(), tree_str(one, "metadata.name"));
    }
    json_decref(all);
}

void flowcontrol_event(struct keeper *k, const struct event *e)
{
    if (e->resource == schemas()->id)
        look(k, schemas(), record_name(e->record));
    if (e->resource != levels()->id)
        return;
    look(k, levels(), record_name(e->record));
    if (e->type != EVENT_MODIFIED)
        look_at_schemas(k, record_name(e->record));
}
