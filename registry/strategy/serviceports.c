/* Node ports of Services. Which are taken is one bitmap in the store (registry/rules/portmap.h); this only
 * chooses, as with addresses. Rules: pkg/registry/core/service/storage/alloc.go and ../portallocator. */
#include <sys/random.h>
#include "registry/rules/portmap.h"
#include "registry/strategy/service.h"
#include "registry/validation/check.h"
#include "registry/walk/tree.h"

/* Where a dry run takes ports from: nowhere. */
#define DRY_FIRST 32769

struct ports {
    const struct strategy_call *call;
    json_t *service;
    const json_t *old;
    struct status *st;
    struct portmap map; /* those of all Services, and what this one was given so far */
    int dry_last;
};

/* ---- the map ---- */

static void read_map(struct ports *p)
{
    const struct world *w = p->call->world;
    json_t *stored = w->get(w->arg, schema_internal(STR(PORTMAP_RESOURCE)), STR_NONE, STR(PORTMAP_NAME));

    portmap_init(&p->map, p->call->arena, w->node_port_first, w->node_port_last);
    portmap_load(&p->map, p->call->arena, tree_str(stored, "range"), tree_str(stored, "data"));
    json_decref(stored);
}

static const char *why_not(struct ports *p, int64_t port)
{
    if (!p->call->dry_run && !portmap_holds(&p->map, port))
        return arena_printf(p->call->arena,
                            "provided port is not in the valid range. The range of valid ports is %d-%d",
                            p->map.first, p->map.last);
    return portmap_has(&p->map, port) ? "provided port is already allocated" : NULL;
}

static uint32_t random_number(void)
{
    uint32_t v;

    while (getrandom(&v, sizeof(v), 0) != sizeof(v))
        ;
    return v;
}

/* 0: there is none. */
static int next_free(struct ports *p)
{
    int port;

    if (p->call->dry_run)
        return p->dry_last = p->dry_last ? p->dry_last + 1 : DRY_FIRST;
    port = portmap_free(&p->map, random_number());
    if (port)
        portmap_set(&p->map, port, true);
    return port;
}

/* ---- ports of a Service ---- */

static int64_t node_port(const json_t *port)
{
    return tree_int(port, "nodePort", 0);
}

static bool uses(const json_t *service, int64_t wanted)
{
    json_t *port;
    size_t i;

    json_array_foreach(tree_get(service, "spec.ports"), i, port)
    {
        if (node_port(port) == wanted)
            return true;
    }
    return false;
}

static bool refuse(struct ports *p, size_t i, int64_t port, const char *why)
{
    field_invalid(p->st, arena_printf(p->call->arena, "spec.ports[%zu].nodePort", i),
                  arena_printf(p->call->arena, "%lld", (long long)port), why);
    return !status_invalid_done(p->st, "", "Service", tree_str(p->service, "metadata.name"));
}

static bool take(struct ports *p, size_t i, int64_t port)
{
    const char *why = why_not(p, port);

    if (why)
        return refuse(p, i, port, why);
    portmap_set(&p->map, port, true);
    if (p->call->dry_run && port > p->dry_last)
        p->dry_last = (int)port;
    return true;
}

static bool choose(struct ports *p, json_t *port)
{
    int chosen = next_free(p);

    if (!chosen) {
        status_internal(p->st, "failed to allocate a nodePort: range is full");
        return false;
    }
    tree_set_int(port, "nodePort", chosen);
    return true;
}

/* The node port that was asked for by any that has this port: one that is served over two protocols has one
 * node port. */
static int64_t asked_for(const json_t *ports, int64_t number)
{
    json_t *port;
    size_t i;

    json_array_foreach(ports, i, port)
    {
        if (tree_int(port, "port", 0) == number && node_port(port))
            return node_port(port);
    }
    return 0;
}

/* What the former of the same port was given. */
static int64_t given_to_former(const json_t *ports, size_t before, int64_t number)
{
    for (size_t i = 0; i < before; i++) {
        const json_t *port = json_array_get(ports, i);

        if (tree_int(port, "port", 0) == number && node_port(port))
            return node_port(port);
    }
    return 0;
}

static bool give_new(struct ports *p, const json_t *ports, size_t i)
{
    json_t *port = json_array_get(ports, i);
    int64_t number = tree_int(port, "port", 0), given = given_to_former(ports, i, number), asked;

    if (!node_port(port) && !service_gets_ports(p->service))
        return true;
    if (!given) {
        asked = asked_for(ports, number);
        if (!asked)
            return choose(p, port);
        if (!take(p, i, asked))
            return false;
        tree_set_int(port, "nodePort", asked);
        return true;
    }
    if (!node_port(port)) {
        tree_set_int(port, "nodePort", given);
        return true;
    }
    return node_port(port) == given || take(p, i, node_port(port));
}

static bool same_port(const json_t *a, const json_t *b)
{
    return node_port(a) == node_port(b) && str_eq(tree_str(a, "protocol"), tree_str(b, "protocol"));
}

static bool check_twice(struct ports *p, const json_t *ports, size_t i)
{
    const json_t *port = json_array_get(ports, i);

    for (size_t j = 0; j < i; j++) {
        if (!same_port(json_array_get(ports, j), port))
            continue;
        status_set(p->st, 500, "", "duplicate nodePort: {%.*s %lld}", STR_ARG(tree_str(port, "protocol")),
                   (long long)node_port(port));
        return false;
    }
    return true;
}

static bool asked_before(const json_t *ports, size_t before, int64_t wanted)
{
    for (size_t i = 0; i < before; i++) {
        if (node_port(json_array_get(ports, i)) == wanted)
            return true;
    }
    return false;
}

static bool give_changed(struct ports *p, const json_t *ports, size_t i)
{
    json_t *port = json_array_get(ports, i);

    if (!node_port(port) && !service_gets_ports(p->service))
        return true;
    if (!node_port(port)) {
        if (!choose(p, port))
            return false;
    } else if (!uses(p->old, node_port(port)) && !asked_before(ports, i, node_port(port)) &&
               !take(p, i, node_port(port))) {
        return false;
    }
    return check_twice(p, ports, i);
}

static bool give_ports(struct ports *p)
{
    const json_t *ports = tree_get(p->service, "spec.ports");

    for (size_t i = 0; i < json_array_size(ports) && service_on_nodes(p->service); i++) {
        if (!(p->old ? give_changed(p, ports, i) : give_new(p, ports, i)))
            return false;
    }
    return true;
}

static bool give_health_port(struct ports *p)
{
    int64_t asked = tree_int(p->service, "spec.healthCheckNodePort", 0);
    const char *why = NULL;
    int chosen;

    if (!service_has_health_port(p->service) || (p->old && service_has_health_port(p->old)))
        return true;
    if (asked) {
        why = why_not(p, asked);
        if (why)
            status_internal(p->st, "failed to allocate requested HealthCheck NodePort %lld: %s",
                            (long long)asked, why);
        else
            portmap_set(&p->map, asked, true);
        return !why;
    }
    chosen = next_free(p);
    if (!chosen) {
        status_internal(p->st, "failed to allocate a HealthCheck NodePort 0: range is full");
        return false;
    }
    tree_set_int(p->service, "spec.healthCheckNodePort", chosen);
    return true;
}

bool service_ports(const struct strategy_call *c, json_t *service, const json_t *old, struct status *st)
{
    struct ports p = {.call = c, .service = service, .old = old, .st = st};

    if (!c->world || !c->world->get || (!service_on_nodes(service) && !service_has_health_port(service)))
        return true;
    read_map(&p);
    return give_ports(&p) && give_health_port(&p);
}

void service_keep_ports(json_t *service, const json_t *old)
{
    json_t *port, *was;
    size_t i, j;

    json_array_foreach(tree_get(service, "spec.ports"), i, port)
    {
        int64_t known = 0;

        json_array_foreach(tree_get(old, "spec.ports"), j, was)
        {
            if (str_eq(tree_str(port, "name"), tree_str(was, "name")))
                known = node_port(was);
        }
        if (!node_port(port) && known && !uses(service, known))
            tree_set_int(port, "nodePort", known);
    }
}
