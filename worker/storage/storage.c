#include "worker/storage/storage.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "shm/store/embedded/mailbox.h"
#include "shm/store/etcd/backend.h"
#include "shm/store/etcd/fresh.h"
#include "worker/request/stats.h"
#include "worker/storage/etcdloop.h"
#include "worker/write/etcdkey.h"
#include "worker/write/stored.h"

#define STORAGE_MAGIC 0x73746765u
#define CACHE_RETRY_MS 20
#define WRITE_TIMEOUT_MAX_MS 30000
#define HEALTH_TIMEOUT_MS 2000

struct storage {
    unsigned magic;
    const struct context *ctx;
    struct etcdloop *etcd;
    struct etcdkey *keys;
    struct stored *stored;
};

/* ---- the cache ---- */

/* Waits a little; true when asked to stop meanwhile. */
static bool stopped_while_waiting(void)
{
    sigset_t set;
    struct timespec pause = {.tv_nsec = CACHE_RETRY_MS * 1000 * 1000};

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return sigtimedwait(&set, NULL, &pause) > 0;
}

static struct cache *open_cache(struct context *ctx, bool *stop)
{
    struct cache_options co = {.dir = ctx->options->cache_dir,
                               .map_bytes = (size_t)ctx->options->cache_map_bytes};
    char err[512];
    struct cache *c;

    ctx->lineage = atomic_load(ctx->area->lineage);
    while (!atomic_load(ctx->area->store_ready)) {
        *stop = stopped_while_waiting();
        if (*stop)
            return NULL;
        ctx->lineage = atomic_load(ctx->area->lineage);
    }
    c = cache_open(&co, err, sizeof(err));
    if (!c)
        log_error("%s", err);
    return c;
}

/* ---- etcd ---- */

static int key_of(void *arg, const struct store_op *op, struct buf *out)
{
    const struct storage *s = arg;
    const struct schema_resource *r;
    uint32_t id;
    struct str ns, name;

    if (!key_parse(key_str(&op->key), &id, &ns, &name) || !(r = schema_resource_of_id(id)) || !r->etcd_prefix)
        return -EINVAL;
    etcdkey_write(s->keys, r, op->ns, op->name, out);
    return 0;
}

static int value_of(void *arg, struct str etcd_key, const struct record *draft, struct buf *out,
                    int64_t *ttl_s)
{
    const struct storage *s = arg;
    int64_t left = draft->expires_s - clock_wall_s();

    *ttl_s = draft->expires_s == 0 ? 0 : left > 1 ? left : 1;
    return stored_value(s->stored, etcd_key, draft, out);
}

static void called(void *arg, const struct etcd_backend_call *c)
{
    const struct storage *s = arg;
    enum storestats_op op = c->verb == STORE_DELETE ? STORESTATS_DELETE
                            : c->creates            ? STORESTATS_CREATE
                                                    : STORESTATS_UPDATE;

    if (s->ctx->stats)
        stats_store(s->ctx->stats, c->resource, op, c->ns, c->failed);
}

static struct store *open_etcd(struct context *ctx, char *err, size_t err_bytes)
{
    const struct options *o = ctx->options;
    struct storage *s = ctx->storage;
    struct etcd_options eo = {.servers = o->etcd_servers,
                              .cafile = o->etcd_cafile,
                              .certfile = o->etcd_certfile,
                              .keyfile = o->etcd_keyfile};
    struct etcd_backend_hooks hooks = {s, key_of, value_of, called};
    int64_t timeout = o->request_timeout < WRITE_TIMEOUT_MAX_MS ? o->request_timeout : WRITE_TIMEOUT_MAX_MS;

    s->keys = etcdkey_new(o->etcd_prefix);
    if (!(s->stored = stored_new(o, err, err_bytes)) ||
        !(s->etcd = etcdloop_new(ctx->loop, &eo, err, err_bytes)))
        return NULL;
    ctx->stored = s->stored;
    ctx->etcd = etcdloop_client(s->etcd);
    ctx->fresh = fresh_new(etcdloop_client(s->etcd), timeout);
    ctx->health = fresh_new(etcdloop_client(s->etcd), HEALTH_TIMEOUT_MS);
    return etcd_backend_open(etcdloop_client(s->etcd), &hooks, timeout);
}

/* ---- both ---- */

bool storage_open(struct context *ctx, bool *stop)
{
    char err[512] = "";

    *stop = false;
    ctx->cache = open_cache(ctx, stop);
    if (!ctx->cache)
        return false;
    ctx->snapshots = snapshots_new(ctx->cache);
    snapshots_fence(ctx->snapshots, ctx->area->lineage, ctx->lineage);
    ctx->storage = calloc(1, sizeof(*ctx->storage));
    must(ctx->storage != NULL);
    ctx->storage->magic = STORAGE_MAGIC;
    ctx->storage->ctx = ctx;
    ctx->store =
        *ctx->options->etcd_servers ? open_etcd(ctx, err, sizeof(err)) : embedded_open(ctx->area, ctx->index);
    if (!ctx->store)
        log_error("%s", err);
    return ctx->store != NULL;
}

/* Never before the watcher: it could not open what is written here. */
void storage_tick(struct context *ctx)
{
    int64_t way = atomic_load(ctx->area->sealing);
    char err[512];

    if (!ctx->stored || way == 0 || way == stored_way(ctx->stored))
        return;
    if (stored_reload(ctx->stored, err, sizeof(err)) < 0)
        log_debug("%s; it is read again", err);
}

void storage_close(struct context *ctx)
{
    struct storage *s = ctx->storage;

    if (ctx->store)
        store_free(ctx->store);
    fresh_free(ctx->fresh);
    fresh_free(ctx->health);
    if (s) {
        must_be(s, STORAGE_MAGIC);
        etcdloop_free(s->etcd);
        stored_free(s->stored);
        etcdkey_free(s->keys);
        s->magic = 0;
        free(s);
    }
    if (ctx->snapshots)
        snapshots_free(ctx->snapshots);
    if (ctx->cache)
        cache_close(ctx->cache);
}

struct etcd_client *storage_client(struct storage *s)
{
    return s->etcd ? etcdloop_client(s->etcd) : NULL;
}

struct etcdkey *storage_keys(struct storage *s)
{
    return s->keys;
}

struct stored *storage_stored(struct storage *s)
{
    return s->stored;
}
