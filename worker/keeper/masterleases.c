/* Which API servers there are on this etcd: a key with a short lease for each one's address, renewed while it
 * lives. The endpoints of the `kubernetes` Service are those (servers.c). Rule:
 * pkg/controlplane/reconcilers/lease.go; with the embedded store there is nobody else. */
#include <stdlib.h>
#include "registry/walk/tree.h"
#include "shm/base/must.h"
#include "worker/keeper/loops.h"
#include "worker/write/commit.h"

#define RENEW_MS 10000
#define TTL_S 15

struct masterleases {
    char address[ADDRESS_BYTES];
    int64_t renew_ms;
};

static const struct schema_resource *leases(void)
{
    return schema_internal(STR(MASTERLEASE_RESOURCE));
}

struct masterleases *masterleases_new(struct keeper *k)
{
    struct masterleases *m = calloc(1, sizeof(*m));

    must(m != NULL);
    bootstrap_address(k->ctx->options, m->address);
    return m;
}

void masterleases_free(struct masterleases *m)
{
    free(m);
}

/* The generation is there to change: what stays the same is not written, and keeps its old lease. */
static enum write_verdict renew(struct write *w, const json_t *old, json_t **out)
{
    const struct masterleases *m = w->arg;
    json_t *obj = old ? json_deep_copy(old) : json_object();

    tree_set_int(obj, "metadata.generation", tree_int(obj, "metadata.generation", 0) + 1);
    json_object_set_new(obj, "subsets", json_pack("[{s:[{s:s}]}]", "addresses", "ip", m->address));
    w->ttl_s = TTL_S;
    *out = obj;
    return WRITE_PUT;
}

static enum write_verdict take_away(struct write *w, const json_t *old, json_t **out)
{
    return old ? WRITE_REMOVE : WRITE_KEEP;
}

static bool then_endpoints(struct job *j)
{
    bootstrap_endpoints(j->k);
    return false;
}

void masterleases_run(struct job *j)
{
    job_write(j, leases(), STR_NONE, j->work->name, j->k->leaving ? take_away : renew, j->k->masterleases);
    j->next = then_endpoints;
}

static void look(struct keeper *k)
{
    queue_add(k->queue, TASK_MASTERLEASE, leases()->id, STR_NONE, str_of(k->masterleases->address), 0);
}

static bool wanted(const struct keeper *k)
{
    return k->etcd && servers_by(k->ctx->options) == SERVERS_BY_LEASE;
}

void masterleases_tick(struct keeper *k)
{
    int64_t now = loop_now_ms(k->ctx->loop);

    if (!wanted(k) || k->leaving || now < k->masterleases->renew_ms)
        return;
    k->masterleases->renew_ms = now + RENEW_MS;
    look(k);
}

void masterleases_event(struct keeper *k, const struct event *e)
{
    if (e->resource == leases()->id && e->type != EVENT_MODIFIED)
        bootstrap_endpoints(k);
}

void masterleases_leave(struct keeper *k)
{
    if (wanted(k))
        look(k);
}

json_t *masterleases_addresses(struct context *ctx)
{
    struct snapshot *s = snapshot_get(ctx->snapshots);
    const struct record *rec;
    json_t *all = json_array();
    struct key prefix;
    struct scan scan;

    key_prefix(&prefix, leases()->id, STR_NONE);
    if (!s || scan_open(&scan, s, &prefix, NULL, false)) {
        snapshot_unref(s);
        return all;
    }
    while ((rec = scan_next(&scan, NULL))) {
        struct arena *a = arena_new(0);
        json_t *lease = record_tree(a, rec), *subset = json_array_get(tree_get(lease, "subsets"), 0);
        json_t *ip = json_object_get(json_array_get(tree_get(subset, "addresses"), 0), "ip");

        if (json_string_length(ip))
            json_array_append(all, ip);
        json_decref(lease);
        arena_free(a);
    }
    scan_close(&scan);
    snapshot_unref(s);
    return servers_sorted(all);
}
