/* Which addresses the endpoints of the `kubernetes` Service name: those of the servers that hold a lease
 * (masterleases.c), or this one's among as many as there are said to be, or nobody's business here. Rule:
 * pkg/controlplane/reconcilers; --endpoint-reconciler-type says which. */
#include <stdlib.h>
#include <string.h>
#include "registry/walk/tree.h"
#include "shm/base/must.h"
#include "worker/keeper/loops.h"
#include "worker/write/commit.h"

#define LOOK_MS 10000

enum servers_by servers_by(const struct options *o)
{
    static const char *const names[] = {
        [SERVERS_BY_LEASE] = "lease", [SERVERS_BY_COUNT] = "master-count", [SERVERS_NOT_HERE] = "none"};
    for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
        if (strcmp(o->endpoint_reconciler_type, names[i]) == 0)
            return (enum servers_by)i;
    return SERVERS_BY_LEASE;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(json_string_value(*(json_t *const *)a), json_string_value(*(json_t *const *)b));
}

json_t *servers_sorted(json_t *all)
{
    size_t n = json_array_size(all);
    json_t **items = calloc(n + 1, sizeof(*items)), *out = json_array();

    must(items != NULL);
    for (size_t i = 0; i < n; i++)
        items[i] = json_array_get(all, i);
    qsort(items, n, sizeof(*items), by_text);
    for (size_t i = 0; i < n; i++)
        json_array_append(out, items[i]);
    free(items);
    json_decref(all);
    return out;
}

/* What the Endpoints say now; anything but one subset is put right from nothing. */
static json_t *named_now(const struct context *ctx)
{
    const struct schema_resource *r = keeper_resource("", "v1", "endpoints");
    struct snapshot *s = snapshot_get(ctx->snapshots);
    struct arena *a = arena_new(0);
    json_t *all = json_array(), *obj = NULL, *subsets, *address;
    const struct record *rec;
    struct key key;
    size_t i;

    key_make(&key, r->id, STR("default"), STR("kubernetes"));
    if (s && (rec = snapshot_object(s, &key)))
        obj = record_tree(a, rec);
    subsets = tree_get(obj, "subsets");
    if (json_array_size(subsets) == 1)
        json_array_foreach(json_object_get(json_array_get(subsets, 0), "addresses"), i, address)
            json_array_append(all, json_object_get(address, "ip"));
    json_decref(obj);
    arena_free(a);
    snapshot_unref(s);
    return all;
}

static size_t place_of(const json_t *all, const char *own)
{
    size_t i = 0;

    while (i < json_array_size(all) && strcmp(json_string_value(json_array_get(all, i)), own) != 0)
        i++;
    return i;
}

/* Ours is always among them; who are too many go behind it, beginning anew at the first. */
static json_t *counted(const struct keeper *k, const char *own)
{
    size_t count = (size_t)k->ctx->options->apiserver_count;
    json_t *all = named_now(k->ctx);
    size_t at = place_of(all, own);

    if (k->leaving) {
        json_array_remove(all, at);
        return all;
    }
    if (at < json_array_size(all) && json_array_size(all) <= count)
        return all;
    if (at == json_array_size(all))
        json_array_append_new(all, json_string(own));
    all = servers_sorted(all);
    while (json_array_size(all) > count)
        json_array_remove(all, (place_of(all, own) + 1) % json_array_size(all));
    return all;
}

json_t *servers_addresses(const struct keeper *k)
{
    enum servers_by by = servers_by(k->ctx->options);
    char own[ADDRESS_BYTES];
    json_t *all;

    if (by == SERVERS_NOT_HERE)
        return NULL;
    bootstrap_address(k->ctx->options, own);
    if (by == SERVERS_BY_COUNT)
        return counted(k, own);
    if (!k->etcd)
        return json_pack("[s]", own);
    all = masterleases_addresses(k->ctx);
    if (json_array_size(all) || k->leaving)
        return all;
    json_decref(all);
    return NULL;
}

/* By count, servers that disagree would answer each other's writes at once: they look now and then. */
void servers_tick(struct keeper *k)
{
    int64_t now = loop_now_ms(k->ctx->loop);

    if (servers_by(k->ctx->options) != SERVERS_BY_COUNT || k->leaving || now < k->servers_look_ms)
        return;
    k->servers_look_ms = now + LOOK_MS;
    bootstrap_endpoints(k);
}

void servers_leave(struct keeper *k)
{
    if (servers_by(k->ctx->options) == SERVERS_BY_COUNT)
        bootstrap_endpoints(k);
}
