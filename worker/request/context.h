/* What a worker's rooms share: handles, made by worker.c at start, in this order, freed in reverse. */
#ifndef WORKER_REQUEST_CONTEXT_H
#define WORKER_REQUEST_CONTEXT_H

#include "registry/world.h"
#include "shm/area.h"
#include "shm/base/options.h"
#include "shm/cache/cache.h"
#include "shm/cache/snapshot.h"
#include "shm/store/store.h"
#include "worker/loop/loop.h"

struct storage;
struct stored;      /* worker/write/stored.h */
struct etcd_client; /* shm/store/etcd/client.h */
struct fresh;       /* shm/store/etcd/fresh.h */
struct authn;       /* worker/authn/union.h */
struct authz;       /* worker/authz/union.h */
struct inflight;    /* worker/flow/inflight.h */
struct dispatch;    /* worker/watch/dispatch.h */
struct documents;   /* worker/handlers/documents.h: discovery and OpenAPI, built once */
struct freshness;   /* worker/read/freshness.h */
struct stats;       /* worker/request/stats.h: request counters and histograms for /metrics */
struct forward;     /* worker/callout/forward.h */
struct pipeline;    /* worker/pipeline/pipeline.h */
struct net;         /* worker/net/accept.h */

#define CONTEXT_MAGIC 0x63747874u

struct context {
    unsigned magic;
    const struct options *options;
    struct area *area;
    int index;        /* consumer index in the area */
    uint64_t lineage; /* of the store, when the cache was opened */
    struct loop *loop;
    struct cache *cache;
    struct snapshots *snapshots;
    struct store *store;
    struct storage *storage;  /* worker/storage/storage.h: what is behind the store */
    struct stored *stored;    /* how values lie in etcd; NULL with the embedded store */
    struct etcd_client *etcd; /* NULL: the store is embedded */
    struct fresh *fresh;      /* the newest revision of etcd; NULL: the embedded store knows it itself */
    struct fresh *health;     /* the same with little patience: whether etcd answers */
    struct authn *authn;
    struct authz *authz;
    struct inflight *inflight;
    struct freshness *freshness;
    struct dispatch *dispatch;
    struct documents *documents;
    struct stats *stats;
    struct world world;
    bool draining; /* SIGTERM seen: watches end, connections close after their response */
    int64_t started_s;
    struct forward *forward; /* NULL: no --write-server */
    struct pipeline *pipeline;
    struct net *net;
    size_t freed_bytes; /* of large bodies, since the heap was last given back to the system */
};

/* The store was replaced, or went back in time: nothing this process knows of it is good any more. */
static inline bool context_is_past(const struct context *ctx)
{
    return ctx->area && atomic_load(ctx->area->lineage) != ctx->lineage;
}

#endif
