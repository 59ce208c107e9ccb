/* The registry's window on the other objects: the newest state of the cache. */
#include "worker/write/world.h"

#include <stdio.h>
#include "registry/rules/portmap.h"
#include "registry/rules/ranges.h"
#include "shm/base/clock.h"
#include "worker/write/commit.h"
#include "worker/write/keypair.h"
#include "worker/write/pem.h"

static void key_of(struct key *k, const struct schema_resource *r, struct str ns, struct str name)
{
    const struct schema_resource *stored = r->storage ? r->storage : r;

    key_make(k, stored->id, stored->flags & RESOURCE_NAMESPACED ? ns : STR_NONE, name);
}

static json_t *tree_of(const struct record *rec)
{
    struct arena *a = arena_new(0);
    json_t *obj = record_tree(a, rec);

    arena_free(a);
    return obj;
}

static json_t *get(void *arg, const struct schema_resource *r, struct str ns, struct str name)
{
    struct context *ctx = arg;
    struct snapshot *s = snapshot_get(ctx->snapshots);
    const struct record *rec;
    json_t *obj = NULL;
    struct key k;

    if (!s)
        return NULL;
    key_of(&k, r, ns, name);
    rec = snapshot_object(s, &k);
    if (rec)
        obj = tree_of(rec);
    snapshot_unref(s);
    return obj;
}

static bool has(void *arg, const struct schema_resource *r, struct str ns, struct str name)
{
    struct context *ctx = arg;
    struct snapshot *s = snapshot_get(ctx->snapshots);
    struct key k;
    bool there;

    if (!s)
        return false;
    key_of(&k, r, ns, name);
    there = snapshot_object(s, &k) != NULL;
    snapshot_unref(s);
    return there;
}

static json_t *list(void *arg, const struct schema_resource *r)
{
    struct context *ctx = arg;
    struct snapshot *s = snapshot_get(ctx->snapshots);
    json_t *all = json_array();
    const struct record *rec;
    struct key prefix;
    struct scan scan;

    if (!s)
        return all;
    key_prefix(&prefix, r->storage ? r->storage->id : r->id, STR_NONE);
    if (scan_open(&scan, s, &prefix, NULL, false) == 0) {
        while ((rec = scan_next(&scan, NULL)))
            json_array_append_new(all, tree_of(rec));
        scan_close(&scan);
    }
    snapshot_unref(s);
    return all;
}

static int64_t now_s(void *arg)
{
    return clock_wall_s();
}

static const char *certificate_request_error(void *arg, struct arena *a, struct str pem)
{
    return pem_request_error(a, pem);
}

static const char *certificate_error(void *arg, struct arena *a, struct str pem)
{
    return pem_certificates_error(a, pem);
}

static const char *key_pair_error(void *arg, struct arena *a, struct str certificate, struct str key)
{
    return keypair_error(a, certificate, key);
}

bool world_first_address(const char *cidrs, char out[46])
{
    struct str rest = str_of(cidrs), cidr;
    struct arena *a;
    struct address ip;
    struct range range;

    if (!str_next(&rest, ',', &cidr) || !range_parse(cidr, &range))
        return false;
    a = arena_new(0);
    ip = range_address(range.six, range.first);
    snprintf(out, 46, "%s", address_text(a, &ip));
    arena_free(a);
    return true;
}

void world_init(struct context *ctx)
{
    ctx->world = (struct world){.arg = ctx,
                                .get = get,
                                .has = has,
                                .list = list,
                                .now_s = now_s,
                                .certificate_request_error = certificate_request_error,
                                .certificate_error = certificate_error,
                                .key_pair_error = key_pair_error,
                                .allow_privileged = ctx->options->allow_privileged,
                                .service_cluster_ip_range = ctx->options->service_cluster_ip_range};
    /* What the flag says was checked when it was read. */
    if (!portmap_range(str_of(ctx->options->service_node_port_range), &ctx->world.node_port_first,
                       &ctx->world.node_port_last))
        portmap_range(STR("30000-32767"), &ctx->world.node_port_first, &ctx->world.node_port_last);
}
