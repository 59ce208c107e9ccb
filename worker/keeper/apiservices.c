/* What this server serves itself is listed among what it can hand on: an APIService for each of its
 * group-versions. They are made, and put right, when it starts, and not after that: who takes one away then
 * has a reason. Rule: kube-aggregator/pkg/controllers/autoregister, pkg/controlplane/apiserver/aggregator.go.
 */
#include "registry/strategy/strategy.h"
#include "registry/walk/tree.h"
#include "shm/base/log.h"
#include "worker/keeper/loops.h"
#include "worker/write/tracking.h"

#define MANAGED "kube-aggregator.kubernetes.io/automanaged"
#define ON_START "onstart"

static const struct local {
    const char *group, *version;
    int minimum, priority; /* of the group, of the version in it */
} LOCAL[] = {
    {"", "v1", 18000, 1},
    {"apps", "v1", 17800, 15},
    {"events.k8s.io", "v1", 17750, 15},
    {"authentication.k8s.io", "v1", 17700, 15},
    {"authorization.k8s.io", "v1", 17600, 15},
    {"autoscaling", "v1", 17500, 15},
    {"autoscaling", "v2", 17500, 30},
    {"batch", "v1", 17400, 15},
    {"certificates.k8s.io", "v1", 17300, 15},
    {"networking.k8s.io", "v1", 17200, 15},
    {"policy", "v1", 17100, 15},
    {"rbac.authorization.k8s.io", "v1", 17000, 15},
    {"storage.k8s.io", "v1", 16800, 15},
    {"admissionregistration.k8s.io", "v1", 16700, 15},
    {"apiextensions.k8s.io", "v1", 16700, 15},
    {"scheduling.k8s.io", "v1", 16600, 15},
    {"coordination.k8s.io", "v1", 16500, 15},
    {"node.k8s.io", "v1", 16300, 15},
    {"discovery.k8s.io", "v1", 16200, 15},
    {"resource.k8s.io", "v1", 16200, 21},
    {"flowcontrol.apiserver.k8s.io", "v1", 16100, 21},
};
#define NLOCAL (sizeof(LOCAL) / sizeof(LOCAL[0]))

static const struct schema_resource *apiservices(void)
{
    return keeper_resource("apiregistration.k8s.io", "v1", "apiservices");
}

/* "v1.apps", "v1." */
static struct str name_of(const struct local *l, char *room, size_t size)
{
    return (struct str){room, (size_t)snprintf(room, size, "%s.%s", l->version, l->group)};
}

static const struct local *local_of(struct str name)
{
    char room[128];

    for (size_t i = 0; i < NLOCAL; i++) {
        if (str_eq(name, name_of(&LOCAL[i], room, sizeof(room))))
            return &LOCAL[i];
    }
    return NULL;
}

static json_t *spec_of(const struct local *l)
{
    json_t *spec = json_pack("{s:s, s:i, s:i}", "version", l->version, "groupPriorityMinimum", l->minimum,
                             "versionPriority", l->priority);

    if (*l->group)
        json_object_set_new(spec, "group", json_string(l->group));
    return spec;
}

static enum write_verdict make(struct write *w, const struct local *l, json_t **out)
{
    struct strategy_call c = {
        .arena = w->arena, .resource = w->stored, .subresource = "", .world = &w->ctx->world, .user = ""};
    json_t *obj = json_pack("{s:{s:s%, s:{s:s}}, s:o}", "metadata", "name", w->name.p, w->name.n, "labels",
                            MANAGED, ON_START, "spec", spec_of(l));

    *out = obj;
    strategy_defaults(&c, obj);
    tracking_note_as(w->arena, w->stored, TRACKING_SELF, "", obj, NULL);
    if (strategy_before_create(&c, obj, &w->st))
        return WRITE_PUT;
    log_error("keeper: APIService %.*s can't be made: %s", STR_ARG(w->name), w->st.message);
    return WRITE_FAIL;
}

/* Those that somebody else looks after are left alone. */
static bool is_managed(const json_t *obj)
{
    const char *v = json_string_value(json_object_get(tree_get(obj, "metadata.labels"), MANAGED));

    return v && (strcmp(v, ON_START) == 0 || strcmp(v, "true") == 0);
}

static enum write_verdict step(struct write *w, const json_t *old, json_t **out)
{
    const struct local *l = local_of(w->name);
    json_t *whole;
    bool same;

    if (!l)
        return WRITE_KEEP;
    if (!old)
        return make(w, l, out);
    whole = json_pack("{s:o}", "spec", spec_of(l));
    same = tree_same(whole, old, "spec", w->stored->type);
    *out = json_deep_copy(old);
    tree_copy(*out, whole, "spec");
    json_decref(whole);
    if (same || !is_managed(old) || tree_get(old, "metadata.deletionTimestamp"))
        return WRITE_KEEP;
    tracking_note_as(w->arena, w->stored, TRACKING_SELF, "", *out, old);
    return WRITE_PUT;
}

void apiservices_run(struct job *j)
{
    job_write(j, apiservices(), STR_NONE, j->work->name, step, NULL);
}

void apiservices_start(struct keeper *k)
{
    char room[128];

    for (size_t i = 0; i < NLOCAL; i++)
        queue_add(k->queue, TASK_APISERVICE, apiservices()->id, STR_NONE,
                  name_of(&LOCAL[i], room, sizeof(room)), 0);
}
