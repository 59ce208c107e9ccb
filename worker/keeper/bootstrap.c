/* Objects that every cluster has. They are made when they are not there, whenever that is noticed; of the
 * endpoints of the `kubernetes` Service also the content is kept, as the server's address may have changed.
 * Rule: pkg/controlplane (systemnamespaces, kubernetesservice), pkg/registry/scheduling/rest. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include "registry/rules/ranges.h"
#include "registry/strategy/strategy.h"
#include "registry/walk/tree.h"
#include "shm/base/clock.h"
#include "shm/base/hash.h"
#include "shm/base/log.h"
#include "worker/keeper/loops.h"
#include "worker/write/tracking.h"
#include "worker/write/world.h"

struct wanted {
    const char *group, *version, *plural, *ns, *name;
    /* What is there beside metadata's name and namespace; new reference, NULL: it is not wanted here. */
    json_t *(*make)(const struct keeper *k);
    const char *kept[3]; /* paths whose content is put right */
    /* Puts right what else is wrong with an object, new (old NULL) or stored, and notes who did. Takes *obj;
     * NULL there: w->st. True: something was. NULL: nothing is looked at. */
    bool (*settle)(struct write *w, const json_t *old, json_t **obj);
};

static json_t *bare(const struct keeper *k)
{
    return json_object();
}

/* The address that members of the cluster reach this server at: as said, that of --bind-address, or else that
 * of the first interface that is up. */
void bootstrap_address(const struct options *o, char out[ADDRESS_BYTES])
{
    const char *said = o->advertise_address[0] ? o->advertise_address : o->bind_address;
    struct ifaddrs *all, *i;
    struct in_addr v4;

    if (inet_pton(AF_INET, said, &v4) == 1 && v4.s_addr != 0 && (ntohl(v4.s_addr) >> 24) != 127) {
        snprintf(out, INET6_ADDRSTRLEN, "%s", said);
        return;
    }
    snprintf(out, INET6_ADDRSTRLEN, "127.0.0.1");
    if (getifaddrs(&all))
        return;
    for (i = all; i; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || (i->ifa_flags & IFF_LOOPBACK) ||
            !(i->ifa_flags & IFF_UP))
            continue;
        inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr, out, INET6_ADDRSTRLEN);
        break;
    }
    freeifaddrs(all);
}

static json_t *service(const struct keeper *k)
{
    char address[46];

    if (!world_first_address(k->ctx->options->service_cluster_ip_range, address))
        return NULL;
    return json_pack("{s:{s:{s:s, s:s}}, s:{s:s, s:s, s:s, s:s, s:[{s:s, s:s, s:i, s:I}]}}", "metadata",
                     "labels", "component", "apiserver", "provider", "kubernetes", "spec", "clusterIP",
                     address, "type", "ClusterIP", "sessionAffinity", "None", "ipFamilyPolicy", "SingleStack",
                     "ports", "name", "https", "protocol", "TCP", "port", 443, "targetPort",
                     (json_int_t)k->ctx->options->secure_port);
}

static json_t *endpoints(const struct keeper *k)
{
    json_t *all = servers_addresses(k), *list, *ip;
    size_t i;

    if (!all)
        return NULL;
    list = json_array();
    json_array_foreach(all, i, ip) json_array_append_new(list, json_pack("{s:O}", "ip", ip));
    json_decref(all);
    if (json_array_size(list) == 0)
        return json_pack("{s:{s:{s:s}}, s:o}", "metadata", "labels",
                         "endpointslice.kubernetes.io/skip-mirror", "true", "subsets", list);
    return json_pack("{s:{s:{s:s}}, s:[{s:o, s:[{s:s, s:I, s:s}]}]}", "metadata", "labels",
                     "endpointslice.kubernetes.io/skip-mirror", "true", "subsets", "addresses", list, "ports",
                     "name", "https", "port", (json_int_t)k->ctx->options->secure_port, "protocol", "TCP");
}

static json_t *endpoint_slice(const struct keeper *k)
{
    json_t *all = servers_addresses(k), *list, *ip;
    size_t i;

    if (!all)
        return NULL;
    list = json_array();
    json_array_foreach(all, i, ip)
        json_array_append_new(list, json_pack("{s:[O], s:{s:b}}", "addresses", ip, "conditions", "ready", 1));
    json_decref(all);
    return json_pack("{s:{s:{s:s}}, s:s, s:o, s:[{s:s, s:s, s:I}]}", "metadata", "labels",
                     "kubernetes.io/service-name", "kubernetes", "addressType", "IPv4", "endpoints", list,
                     "ports", "name", "https", "protocol", "TCP", "port",
                     (json_int_t)k->ctx->options->secure_port);
}

static json_t *ranges_of_flag(struct context *ctx)
{
    struct str rest = str_of(ctx->options->service_cluster_ip_range), piece;
    struct arena *a = arena_new(0);
    json_t *list = json_array();
    struct range range;

    while (str_next(&rest, ',', &piece)) {
        if (range_parse(piece, &range))
            json_array_append_new(list, json_string(range_text(a, &range)));
    }
    arena_free(a);
    return list;
}

static json_t *service_range(const struct keeper *k)
{
    return json_pack("{s:{s:o}}", "spec", "cidrs", ranges_of_flag(k->ctx));
}

static bool add_family(json_t *obj, json_t *wanted)
{
    const json_t *cidrs = tree_get(obj, "spec.cidrs");

    if (json_array_size(wanted) != 2 || json_array_size(cidrs) != 1 ||
        !json_equal(json_array_get(cidrs, 0), json_array_get(wanted, 0)))
        return false;
    tree_set(obj, "spec.cidrs", json_incref(wanted));
    return true;
}

static bool is_judged(const json_t *obj)
{
    const json_t *condition;
    size_t i;

    json_array_foreach(tree_get(obj, "status.conditions"), i, condition)
    {
        if (str_is(tree_str(condition, "type"), "Ready") && !str_is(tree_str(condition, "status"), "Unknown"))
            return true;
    }
    return false;
}

static json_t *set_ready(struct write *w, json_t *obj)
{
    char now[21];

    clock_rfc3339(clock_wall_s(), now);
    return tracking_apply_as(w->arena, w->stored, "kubernetes-service-cidr-controller", "status", obj,
                             json_pack("{s:{s:[{s:s, s:s, s:s, s:s}]}}", "status", "conditions", "type",
                                       "Ready", "status", "True", "message",
                                       "Kubernetes default Service CIDR is ready", "lastTransitionTime", now),
                             &w->st);
}

/* A second family is added; ranges that are not those of the flag are not this server's to judge. Rule:
 * pkg/controlplane/controller/defaultservicecidr. */
static bool settle_range(struct write *w, const json_t *old, json_t **obj)
{
    json_t *wanted = ranges_of_flag(w->ctx);
    bool changed = add_family(*obj, wanted), same = json_equal(wanted, tree_get(*obj, "spec.cidrs"));

    json_decref(wanted);
    if (changed)
        tracking_note_as(w->arena, w->stored, TRACKING_SELF, "", *obj, old);
    if (!same || tree_get(*obj, "metadata.deletionTimestamp") || is_judged(*obj))
        return changed;
    *obj = set_ready(w, *obj);
    return true;
}

static json_t *cluster_critical(const struct keeper *k)
{
    return json_pack(
        "{s:i, s:s}", "value", 2000000000, "description",
        "Used for system critical pods that must run in the cluster, but can be moved to another node "
        "if necessary.");
}

static json_t *node_critical(const struct keeper *k)
{
    return json_pack("{s:i, s:s}", "value", 2000001000, "description",
                     "Used for system critical pods that must not be moved from their current node.");
}

#define NAMESPACE(name)                                                                                      \
    {                                                                                                        \
        "", "v1", "namespaces", "", name, bare, {NULL}, NULL                                                 \
    }

static const struct wanted WANTED[] = {
    NAMESPACE("default"),
    NAMESPACE("kube-system"),
    NAMESPACE("kube-public"),
    NAMESPACE("kube-node-lease"),
    {"", "v1", "services", "default", "kubernetes", service, {NULL}, NULL},
    {"", "v1", "endpoints", "default", "kubernetes", endpoints, {"subsets"}, NULL},
    {"discovery.k8s.io",
     "v1",
     "endpointslices",
     "default",
     "kubernetes",
     endpoint_slice,
     {"endpoints", "ports"},
     NULL},
    {"networking.k8s.io", "v1", "servicecidrs", "", "kubernetes", service_range, {NULL}, settle_range},
    {"scheduling.k8s.io",
     "v1",
     "priorityclasses",
     "",
     "system-cluster-critical",
     cluster_critical,
     {NULL},
     NULL},
    {"",
     "v1",
     "configmaps",
     "kube-system",
     "extension-apiserver-authentication",
     trust_certificates,
     {NULL},
     trust_settle_certificates},
    {"",
     "v1",
     "configmaps",
     "kube-system",
     "kube-apiserver-legacy-service-account-token-tracking",
     trust_first_day,
     {NULL},
     trust_settle_first_day},
    {"scheduling.k8s.io", "v1", "priorityclasses", "", "system-node-critical", node_critical, {NULL}, NULL},
};
#define NWANTED (sizeof(WANTED) / sizeof(WANTED[0]))

static const struct schema_resource *resource_of(const struct wanted *w)
{
    return keeper_resource(w->group, w->version, w->plural);
}

void bootstrap_start(struct keeper *k)
{
    for (size_t i = 0; i < NWANTED; i++) {
        const struct schema_resource *r = resource_of(&WANTED[i]);

        if (r)
            queue_add(k->queue, TASK_BOOTSTRAP, r->id, str_of(WANTED[i].ns), str_of(WANTED[i].name), 0);
    }
}

static bool of_servers(const struct wanted *w)
{
    return w->make == endpoints || w->make == endpoint_slice;
}

void bootstrap_endpoints(struct keeper *k)
{
    for (size_t i = 0; i < NWANTED; i++) {
        if (of_servers(&WANTED[i]))
            queue_add(k->queue, TASK_BOOTSTRAP, resource_of(&WANTED[i])->id, str_of(WANTED[i].ns),
                      str_of(WANTED[i].name), 0);
    }
}

void bootstrap_event(struct keeper *k, const struct event *e)
{
    bool by_count = servers_by(k->ctx->options) == SERVERS_BY_COUNT;

    if (e->type == EVENT_ADDED)
        return;
    for (size_t i = 0; i < NWANTED; i++) {
        const struct wanted *w = &WANTED[i];

        if (e->type == EVENT_MODIFIED && ((!w->kept[0] && !w->settle) || (by_count && of_servers(w))))
            continue;
        if (str_is(record_name(e->record), w->name) && str_is(record_ns(e->record), w->ns) &&
            resource_of(w)->id == e->resource)
            queue_add(k->queue, TASK_BOOTSTRAP, e->resource, str_of(w->ns), str_of(w->name), 0);
    }
}

static enum write_verdict fresh(struct write *w, const struct wanted *want, json_t *obj, json_t **out)
{
    struct strategy_call c = {
        .arena = w->arena, .resource = w->stored, .subresource = "", .world = &w->ctx->world, .user = ""};

    strategy_defaults(&c, obj);
    tracking_note_as(w->arena, w->stored, TRACKING_SELF, "", obj, NULL);
    *out = obj;
    if (strategy_before_create(&c, obj, &w->st) && want->settle)
        want->settle(w, NULL, out);
    if (!status_failed(&w->st))
        return WRITE_PUT;
    log_error("keeper: %s %.*s can't be made: %s", w->stored->plural, STR_ARG(w->name), w->st.message);
    return WRITE_FAIL;
}

/* Whether the stored object was not as it is wanted. */
static bool put_right(struct write *w, const struct wanted *want, const json_t *obj, const json_t *old,
                      json_t **out)
{
    bool same = true;

    *out = json_deep_copy(old);
    for (int i = 0; i < 3 && want->kept[i]; i++) {
        same = same && tree_same(obj, old, want->kept[i], w->stored->type);
        tree_copy(*out, obj, want->kept[i]);
    }
    if (!same)
        tracking_note_as(w->arena, w->stored, TRACKING_SELF, "", *out, old);
    return (want->settle && want->settle(w, old, out)) || !same;
}

static enum write_verdict step(struct write *w, const json_t *old, json_t **out)
{
    const struct wanted *want = w->arg;
    const struct job *j = w->owner;
    json_t *obj = want->make(j->k);
    bool changed;

    if (!obj)
        return WRITE_KEEP;
    tree_set_string(obj, "metadata.name", want->name);
    if (want->ns[0])
        tree_set_string(obj, "metadata.namespace", want->ns);
    if (!old)
        return fresh(w, want, obj, out);
    changed = put_right(w, want, obj, old, out);
    json_decref(obj);
    return status_failed(&w->st) ? WRITE_FAIL : changed ? WRITE_PUT : WRITE_KEEP;
}

void bootstrap_run(struct job *j)
{
    for (size_t i = 0; i < NWANTED; i++) {
        const struct wanted *w = &WANTED[i];
        const struct schema_resource *r = resource_of(w);

        if (r && r->id == j->work->resource && str_is(j->work->name, w->name) && str_is(j->work->ns, w->ns))
            job_write(j, r, j->work->ns, j->work->name, step, (void *)(uintptr_t)w);
    }
}

bool bootstrap_done(struct snapshot *s)
{
    for (size_t i = 0; i < NWANTED; i++) {
        struct key k;
        if (strcmp(WANTED[i].plural, "namespaces") != 0)
            continue;
        key_make(&k, resource_of(&WANTED[i])->id, STR(""), str_of(WANTED[i].name));
        if (!snapshot_object(s, &k))
            return false;
    }
    return true;
}
