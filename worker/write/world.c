/* The registry's window on the other objects. Addresses and ports of Services are chosen by looking at the
 * Services there are: a Service is made seldom, and the look is a scan over their text. */
#include "worker/write/world.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include "shm/base/clock.h"
#include "worker/write/commit.h"

#define TRIES 512

static json_t *get(void *arg, const struct schema_resource *r, struct str ns, struct str name)
{
    struct context *ctx = arg;
    const struct schema_resource *stored = r->storage ? r->storage : r;
    struct snapshot *s = snapshot_get(ctx->snapshots);
    const struct record *rec;
    struct arena *a;
    json_t *obj = NULL;
    struct key k;

    if (!s)
        return NULL;
    key_make(&k, stored->id, stored->flags & RESOURCE_NAMESPACED ? ns : STR_NONE, name);
    rec = snapshot_object(s, &k);
    if (rec) {
        a = arena_new(0);
        obj = record_tree(a, rec);
        arena_free(a);
    }
    snapshot_unref(s);
    return obj;
}

static int64_t now_s(void *arg)
{
    return clock_wall_s();
}

/* Whether any Service's JSON has this text. */
static bool in_services(struct context *ctx, struct str text)
{
    const struct schema_resource *r = schema_resource(STR(""), STR("v1"), STR("services"));
    struct snapshot *s = snapshot_get(ctx->snapshots);
    const struct record *rec;
    struct scan scan;
    struct key prefix;
    bool found = false;

    if (!s)
        return false;
    key_prefix(&prefix, r->id, STR_NONE);
    if (scan_open(&scan, s, &prefix, NULL, false) == 0) {
        while (!found && (rec = scan_next(&scan, NULL))) {
            struct str json = record_json(rec);

            found = memmem(json.p, json.n, text.p, text.n) != NULL;
        }
        scan_close(&scan);
    }
    snapshot_unref(s);
    return found;
}

static uint32_t random_below(uint32_t n)
{
    uint32_t v = 0;

    while (getrandom(&v, sizeof(v), 0) != sizeof(v))
        ;
    return v % n;
}

/* IPv4 ranges only: base in host order and how many addresses. */
static bool parse_range(const char *cidr, uint32_t *base, uint32_t *size)
{
    const char *slash = strchr(cidr, '/');
    struct in_addr in;
    char text[INET_ADDRSTRLEN];
    int bits;

    if (!slash || (size_t)(slash - cidr) >= sizeof(text))
        return false;
    memcpy(text, cidr, (size_t)(slash - cidr));
    text[slash - cidr] = 0;
    bits = atoi(slash + 1);
    if (inet_pton(AF_INET, text, &in) != 1 || bits < 1 || bits > 30)
        return false;
    *size = bits == 1 ? 1u << 31 : 1u << (32 - bits);
    *base = ntohl(in.s_addr) & ~(*size - 1);
    return true;
}

static void print_address(uint32_t host_order, char out[46])
{
    struct in_addr in = {htonl(host_order)};

    inet_ntop(AF_INET, &in, out, 46);
}

bool world_first_address(const char *cidr, char out[46])
{
    uint32_t base, size;

    if (!parse_range(cidr, &base, &size))
        return false;
    print_address(base + 1, out);
    return true;
}

static bool address_taken(void *arg, const char *address)
{
    char text[80];

    snprintf(text, sizeof(text), "\"clusterIP\":\"%s\"", address);
    return in_services(arg, str_of(text));
}

static bool address_in_range(void *arg, const char *address)
{
    struct context *ctx = arg;
    struct in_addr in;
    uint32_t base, size, ip;

    if (!parse_range(ctx->options->service_cluster_ip_range, &base, &size))
        return false;
    if (inet_pton(AF_INET, address, &in) != 1)
        return false;
    ip = ntohl(in.s_addr);
    /* neither the network nor the broadcast address */
    return ip > base && ip - base < size - 1;
}

static bool service_address(void *arg, char out[46])
{
    struct context *ctx = arg;
    uint32_t base, size;

    if (!parse_range(ctx->options->service_cluster_ip_range, &base, &size))
        return false;
    for (int i = 0; i < TRIES; i++) {
        /* neither the network, nor the kubernetes Service's own, nor the broadcast address */
        print_address(base + 2 + random_below(size - 3), out);
        if (!address_taken(ctx, out))
            return true;
    }
    return false;
}

/* A port of health checks counts as well: the end of both names is the same, and all ports have five digits.
 */
static bool port_taken(void *arg, int port)
{
    char text[40];

    snprintf(text, sizeof(text), "odePort\":%d", port);
    return in_services(arg, str_of(text));
}

static bool node_port(void *arg, int *out)
{
    for (int i = 0; i < TRIES; i++) {
        *out = WORLD_NODE_PORT_FIRST + (int)random_below(WORLD_NODE_PORT_LAST - WORLD_NODE_PORT_FIRST + 1);
        if (!port_taken(arg, *out))
            return true;
    }
    return false;
}

void world_init(struct context *ctx)
{
    ctx->world = (struct world){.arg = ctx,
                                .get = get,
                                .now_s = now_s,
                                .service_cluster_ip_range = ctx->options->service_cluster_ip_range,
                                .service_address = service_address,
                                .node_port = node_port,
                                .address_taken = address_taken,
                                .port_taken = port_taken,
                                .address_in_range = address_in_range};
}
