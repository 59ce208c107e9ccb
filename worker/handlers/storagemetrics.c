/* Objects are counted by their keys, a slice a turn: 150,000 of them would hold up everybody else for some
 * ten milliseconds. Each slice has a snapshot of its own, so what changes meanwhile may be counted or not. */
#include "worker/handlers/storagemetrics.h"

#include "shm/store/etcd/cluster.h"
#include "worker/pipeline/pipeline.h"
#include "worker/request/storestats.h"

#define SLICE 1000
#define STATUS_MS 2000

struct storagemetrics {
    struct request *rq;
    struct deferred next;
    struct key at;
    bool counted;
    int64_t objects[STORESTATS_RESOURCES];
    uint64_t ticket;  /* of the question to etcd; 0: none is under way */
    int64_t db_bytes; /* -1: not known */
};

static void count_one(void *arg, uint32_t resource)
{
    struct storagemetrics *m = arg;
    int place = storestats_place(resource);
    if (place >= 0)
        m->objects[place]++;
}

/* Counts until the turn is over. */
static void count(struct storagemetrics *m)
{
    struct context *ctx = m->rq->ctx;
    struct snapshot *s = snapshot_get(ctx->snapshots);
    do
        m->counted = !s || snapshot_tally(s, &m->at, SLICE, count_one, m) < SLICE;
    while (!m->counted && !loop_turn_over(ctx->loop));
    snapshot_unref(s);
    if (!m->counted)
        loop_defer(ctx->loop, &m->next);
}

static bool done(const struct storagemetrics *m)
{
    return m->counted && !m->ticket;
}

static void count_on(struct deferred *d)
{
    struct storagemetrics *m =
        (struct storagemetrics *)(void *)((char *)d - offsetof(struct storagemetrics, next));
    count(m);
    if (done(m))
        pipeline_resume(m->rq);
}

static void told(void *arg, const struct etcd_status *st, const struct etcd_status_reply *r)
{
    struct storagemetrics *m = arg;
    m->ticket = 0;
    if (r)
        m->db_bytes = r->db_bytes;
    if (done(m))
        pipeline_resume(m->rq);
}

static void leave(void *arg)
{
    struct storagemetrics *m = arg;
    loop_undefer(m->rq->ctx->loop, &m->next);
    if (m->ticket)
        etcd_client_cancel(m->rq->ctx->etcd, m->ticket);
}

bool storagemetrics_gather(struct request *rq, struct storagemetrics **out)
{
    struct storagemetrics *m = *out = arena_alloc(rq->arena, sizeof(*m));
    m->rq = rq;
    m->next.run = count_on;
    m->db_bytes = -1;
    arena_cleanup(rq->arena, leave, m);
    if (rq->ctx->etcd &&
        etcd_member_status(rq->ctx->etcd, ETCD_ANY_MEMBER, STATUS_MS, told, m, &m->ticket) != 0)
        m->ticket = 0;
    count(m);
    return !done(m);
}

static void put_head(struct buf *out, const char *name, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void put_group_resource(struct buf *out, const struct schema_resource *r)
{
    buf_printf(out, "apiserver_resource_objects{group=\"%s\",resource=\"%s\"}", r->group, r->plural);
}

/* The older name: "deployments.apps". */
static void put_resource(struct buf *out, const struct schema_resource *r)
{
    buf_printf(out, "apiserver_storage_objects{resource=\"%s%s%s\"}", r->plural, r->group[0] ? "." : "",
               r->group);
}

static void put_objects(const struct storagemetrics *m, struct buf *out,
                        void (*put)(struct buf *, const struct schema_resource *))
{
    int n;
    const struct schema_resource *const *all = schema_stored(&n);
    for (int i = 0; i < n && i < STORESTATS_RESOURCES; i++) {
        if (all[i]->flags & (RESOURCE_INTERNAL | RESOURCE_VIRTUAL))
            continue;
        put(out, all[i]);
        buf_printf(out, " %lld\n", (long long)m->objects[i]);
    }
}

void storagemetrics_write(const struct storagemetrics *m, struct buf *out)
{
    put_head(out, "apiserver_resource_objects", "Objects stored, by resource.");
    put_objects(m, out, put_group_resource);
    put_head(out, "apiserver_storage_objects", "The same under its older name.");
    put_objects(m, out, put_resource);
    if (m->db_bytes < 0)
        return;
    put_head(out, "apiserver_storage_size_bytes", "Size of the store.");
    buf_printf(out, "apiserver_storage_size_bytes{storage_cluster_id=\"etcd-0\"} %lld\n",
               (long long)m->db_bytes);
}
