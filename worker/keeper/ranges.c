/* Addresses and node ports are claimed before a Service is written and given back after it is gone: who dies
 * in between leaves a claim that is nobody's, and data from elsewhere may have no claims at all. Both are put
 * right here, late enough that a write under way is never disturbed. Rules:
 * pkg/registry/core/service/ipallocator/controller, ../portallocator/controller. */
#include <stdlib.h>
#include "registry/rules/addresses.h"
#include "registry/rules/portmap.h"
#include "registry/strategy/strategy.h"
#include "registry/walk/tree.h"
#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "worker/keeper/loops.h"
#include "worker/write/claims.h"
#include "worker/write/commit.h"

#define GRACE_S 60      /* a write is over by then */
#define YOUNG_S 5       /* its Service is usually written, or refused, by then */
#define PORTS_S 180     /* between two looks at all ports */
#define LOOKS_TO_LEAK 3 /* that a port must be nobody's in */
#define NPORTS 65536

struct ports {
    int64_t due_s;
    uint8_t strange[NPORTS]; /* in how many looks the port was taken and nobody's */
};

struct ports *ports_new(void)
{
    struct ports *p = calloc(1, sizeof(*p));

    must(p != NULL);
    return p;
}

void ports_free(struct ports *p)
{
    free(p);
}

static const struct schema_resource *services(void)
{
    return keeper_resource("", "v1", "services");
}

static const struct schema_resource *addresses(void)
{
    return keeper_resource("networking.k8s.io", "v1", "ipaddresses");
}

/* ---- news ---- */

static void look_at_addresses(struct keeper *k, const struct record *rec, int64_t due_ms)
{
    struct arena *a = arena_new(0);
    json_t *service = record_tree(a, rec), *ip;
    struct address address;
    size_t i;

    json_array_foreach(tree_get(service, "spec.clusterIPs"), i, ip)
    {
        if (!address_parse(str_of(json_string_value(ip)), &address))
            continue;
        queue_add(k->queue, TASK_ADDRESS, addresses()->id, STR_NONE, str_of(address_text(a, &address)),
                  due_ms);
    }
    json_decref(service);
    arena_free(a);
}

/* Who has lost one claims it again; but a kube-apiserver gives back first and writes then that the Service
 * has no address any more. */
static void look_at_parent(struct keeper *k, const struct record *rec, int64_t due_ms)
{
    struct arena *a = arena_new(0);
    json_t *address = record_tree(a, rec);
    const json_t *ref = tree_get(address, "spec.parentRef");

    if (str_is(tree_str(ref, "resource"), "services"))
        queue_add(k->queue, TASK_SERVICE, services()->id, tree_str(ref, "namespace"), tree_str(ref, "name"),
                  due_ms);
    json_decref(address);
    arena_free(a);
}

void ranges_event(struct keeper *k, const struct event *e)
{
    int64_t now = loop_now_ms(k->ctx->loop), later = now + GRACE_S * 1000;

    if (e->resource == addresses()->id && e->type != EVENT_DELETED)
        queue_add(k->queue, TASK_ADDRESS, e->resource, STR_NONE, record_name(e->record), later);
    if (e->resource == addresses()->id && e->type == EVENT_DELETED)
        look_at_parent(k, e->record, now + YOUNG_S * 1000);
    if (e->resource != services()->id)
        return;
    if (e->type == EVENT_DELETED)
        look_at_addresses(k, e->record, later);
    else
        queue_add(k->queue, TASK_SERVICE, e->resource, record_ns(e->record), record_name(e->record), 0);
}

void ranges_tick(struct keeper *k)
{
    const struct schema_resource *r = schema_internal(STR(PORTMAP_RESOURCE));
    int64_t now = clock_wall_s();

    if (k->ports->due_s > now && k->ports->due_s <= now + PORTS_S)
        return;
    k->ports->due_s = now + PORTS_S;
    queue_add(k->queue, TASK_PORTS, r->id, STR_NONE, STR(PORTMAP_NAME), 0);
}

/* ---- a Service's addresses ---- */

static bool is_parent(const json_t *address, const json_t *service)
{
    const json_t *ref = tree_get(address, "spec.parentRef");

    return !tree_str(ref, "group").n && str_is(tree_str(ref, "resource"), "services") &&
           str_eq(tree_str(ref, "namespace"), tree_str(service, "metadata.namespace")) &&
           str_eq(tree_str(ref, "name"), tree_str(service, "metadata.name"));
}

static bool has_labels(const json_t *address, struct str name)
{
    const json_t *labels = tree_get(address, "metadata.labels");
    const char *family = json_string_value(json_object_get(labels, "ipaddress.kubernetes.io/ip-family"));

    return family && strcmp(family, str_find(name, ':') >= 0 ? "IPv6" : "IPv4") == 0 &&
           claims_manage(address);
}

static json_t *parent_of(const struct world *w, const json_t *address)
{
    const json_t *ref = tree_get(address, "spec.parentRef");

    if (tree_str(ref, "group").n || !str_is(tree_str(ref, "resource"), "services"))
        return NULL;
    return w->get(w->arg, services(), tree_str(ref, "namespace"), tree_str(ref, "name"));
}

static bool holds(const json_t *service, struct str address)
{
    struct address wanted, has;
    json_t *ip;
    size_t i;

    json_array_foreach(tree_get(service, "spec.clusterIPs"), i, ip)
    {
        if (address_parse(address, &wanted) && address_parse(str_of(json_string_value(ip)), &has) &&
            memcmp(wanted.bytes, has.bytes, sizeof(has.bytes)) == 0)
            return true;
    }
    return false;
}

struct mending {
    json_t *service;
    bool removed; /* an object that was wrong: the right one is made in a second round */
};

/* Since the job began the Service may have given the address back, and it may be somebody else's by now. */
static bool still_holds(const struct world *world, const json_t *service, struct str address)
{
    json_t *now = world->get(world->arg, services(), tree_str(service, "metadata.namespace"),
                             tree_str(service, "metadata.name"));
    bool still = now && holds(now, address);

    json_decref(now);
    return still;
}

/* The object is made, or goes to be made anew; a Service that holds it rightfully keeps it. */
static enum write_verdict mend_address(struct write *w, const json_t *old, json_t **out)
{
    const struct world *world = &w->ctx->world;
    struct mending *mending = w->arg;
    const json_t *service = mending->service;
    json_t *parent;
    bool theirs;

    if (!still_holds(world, service, w->name))
        return WRITE_KEEP;
    if (!old) {
        log_info("keeper: address %.*s of Service %s/%s was not claimed, claimed", STR_ARG(w->name),
                 tree_string(service, "metadata.namespace"), tree_string(service, "metadata.name"));
        *out = claims_address(w->ctx, w->arena, w->name, services(), tree_str(service, "metadata.namespace"),
                              tree_str(service, "metadata.name"));
        return WRITE_PUT;
    }
    if (is_parent(old, service) && has_labels(old, w->name))
        return WRITE_KEEP;
    parent = parent_of(world, old);
    theirs = parent && holds(parent, w->name) && !is_parent(old, service);
    json_decref(parent);
    if (!theirs) {
        mending->removed = true;
        return WRITE_REMOVE;
    }
    log_error("keeper: address %.*s of Service %s/%s is another Service's, please recreate it",
              STR_ARG(w->name), tree_string(service, "metadata.namespace"),
              tree_string(service, "metadata.name"));
    return WRITE_KEEP;
}

static void mend_addresses(struct job *j)
{
    struct mending *mending = j->state;
    struct address address;
    json_t *ip;
    size_t i;

    json_array_foreach(tree_get(mending->service, "spec.clusterIPs"), i, ip)
    {
        if (!address_parse(str_of(json_string_value(ip)), &address))
            continue;
        job_write(j, addresses(), STR_NONE, str_of(address_text(j->arena, &address)), mend_address, mending);
    }
}

static bool second_round(struct job *j)
{
    struct mending *mending = j->state;

    if (!mending->removed || j->step++)
        return false;
    j->writes++;
    mend_addresses(j);
    j->writes--;
    return j->writes == 0;
}

void ranges_service(struct job *j)
{
    struct mending *mending = arena_alloc(j->arena, sizeof(*mending));

    mending->service = keeper_tree(j, services(), j->work->ns, j->work->name);
    if (!mending->service || str_is(tree_str(mending->service, "spec.type"), "ExternalName"))
        return;
    j->state = mending;
    j->next = second_round;
    mend_addresses(j);
}

/* ---- an address's Service ---- */

static int64_t made_s(const json_t *obj)
{
    struct str at = tree_str(obj, "metadata.creationTimestamp");
    int64_t us = 0;

    clock_parse_rfc3339(at.p, at.n, &us);
    return us / 1000000;
}

/* 0: it is somebody's, or not ours to judge; else when it must have become so. */
static int64_t deadline_s(const struct world *w, const json_t *address, struct str name)
{
    json_t *service;
    int64_t due = 0, made = made_s(address);

    if (!claims_manage(address))
        return 0;
    service = parent_of(w, address);
    if (!service || (!holds(service, name) && str_is(tree_str(service, "spec.type"), "ExternalName")))
        due = made + GRACE_S;
    else if (!holds(service, name))
        due = made > made_s(service) ? made + YOUNG_S : made;
    json_decref(service);
    return due;
}

static enum write_verdict free_address(struct write *w, const json_t *old, json_t **out)
{
    int64_t due = old ? deadline_s(&w->ctx->world, old, w->name) : 0;

    if (!due || due > clock_wall_s())
        return WRITE_KEEP;
    log_info("keeper: address %.*s is nobody's, freed", STR_ARG(w->name));
    return WRITE_REMOVE;
}

void ranges_address(struct job *j)
{
    json_t *address = keeper_tree(j, addresses(), STR_NONE, j->work->name);
    int64_t due = address ? deadline_s(&j->k->ctx->world, address, j->work->name) : 0, now = clock_wall_s();

    if (due > now)
        queue_add(j->k->queue, TASK_ADDRESS, addresses()->id, STR_NONE, j->work->name,
                  loop_now_ms(j->k->ctx->loop) + (due - now) * 1000);
    else if (due)
        job_write(j, addresses(), STR_NONE, j->work->name, free_address, NULL);
}

/* ---- the map of node ports ---- */

static void add_ports(struct portmap *m, struct arena *a, const struct record *rec)
{
    struct str json = record_json(rec);
    struct holdings h;
    json_t *service;

    if (!memmem(json.p, json.n, "odePort\":", 9))
        return;
    service = record_tree(a, rec);
    strategy_for(services())->holdings(a, service, &h);
    for (int i = 0; i < h.nports; i++) {
        if (portmap_has(m, h.ports[i]))
            log_error(
                "keeper: node port %d of Service %.*s/%.*s is another Service's too, please recreate it",
                h.ports[i], STR_ARG(record_ns(rec)), STR_ARG(record_name(rec)));
        portmap_set(m, h.ports[i], true);
    }
    json_decref(service);
}

static bool ports_in_use(struct write *w, struct portmap *m)
{
    struct snapshot *s = snapshot_get(w->ctx->snapshots);
    const struct record *rec;
    struct key prefix;
    struct scan scan;
    int rc;

    if (!s)
        return false;
    key_prefix(&prefix, services()->id, STR_NONE);
    rc = scan_open(&scan, s, &prefix, NULL, false);
    if (rc == 0) {
        while ((rec = scan_next(&scan, NULL)))
            add_ports(m, w->arena, rec);
        scan_close(&scan);
    }
    snapshot_unref(s);
    return rc == 0;
}

/* What is taken and nobody's stays taken for some looks: its Service may be on its way. */
static void keep_strange(struct ports *p, const struct portmap *stored, struct portmap *used)
{
    for (int port = used->first; port <= used->last; port++) {
        if (portmap_has(used, port) || !portmap_has(stored, port)) {
            p->strange[port] = 0;
        } else if (++p->strange[port] <= LOOKS_TO_LEAK) {
            portmap_set(used, port, true);
        } else {
            log_info("keeper: node port %d is nobody's, freed", port);
            p->strange[port] = 0;
        }
    }
}

static enum write_verdict mend_ports(struct write *w, const json_t *old, json_t **out)
{
    const struct world *world = &w->ctx->world;
    struct portmap stored, used;

    portmap_init(&stored, w->arena, world->node_port_first, world->node_port_last);
    portmap_init(&used, w->arena, world->node_port_first, world->node_port_last);
    portmap_load(&stored, w->arena, tree_str(old, "range"), tree_str(old, "data"));
    if (!ports_in_use(w, &used))
        return WRITE_KEEP;
    if (w->tries == 0)
        keep_strange(w->arg, &stored, &used);
    else
        portmap_add(&used, &stored); /* the next look counts again */
    *out = claims_ports(w->arena, old, &used);
    return WRITE_PUT;
}

void ranges_ports(struct job *j)
{
    job_write(j, schema_internal(STR(PORTMAP_RESOURCE)), STR_NONE, STR(PORTMAP_NAME), mend_ports,
              j->k->ports);
}
