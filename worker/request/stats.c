/* One fixed table a worker, open-addressed by a hash of the labels, written by that worker alone: no lock, no
 * shared cache line on the request path, and the numbers survive the worker. A reader may see a row half
 * counted; it never sees half a label, because a row's labels are written before its `used`. A row's place is
 * found once for each combination (resource, verb, scope, ...) and remembered under the addresses that make
 * it up. */
#include "worker/request/statsrow.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "shm/base/hash.h"
#include "shm/base/must.h"

const uint64_t stats_sizes[SIZES] = {1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};
const uint64_t stats_event_sizes[EVENT_SIZES] = {1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072};
const uint64_t stats_lifetimes[LIFETIMES] = {0,      1800,   3600,   7200,    21600,   43200,    86400,
                                             172800, 345600, 604800, 2592000, 7776000, 15552000, 31104000};

const struct stats_label stats_labels[LABELS] = {
    {"verb", 0, 16},       {"dry_run", 16, 8},       {"group", 24, 64},  {"version", 88, 16},
    {"resource", 104, 64}, {"subresource", 168, 48}, {"scope", 216, 12},
};

struct stats *stats_new(struct area *area, int index, int consumers)
{
    must(index >= 0 && index < consumers);
    struct stats *s = calloc(1, sizeof(*s));
    must(s != NULL);
    s->magic = STATS_MAGIC;
    s->parts = consumers;
    s->base = area ? area->stats : NULL;
    if (!s->base) {
        s->base = mmap(NULL, (size_t)consumers * AREA_STATS_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        must(s->base != MAP_FAILED);
        s->owned = true;
    }
    s->own = stats_part(s, index);
    for (int c = 0; c < STATS_CLASSES; c++)
        atomic_store(&s->own->inflight[c], 0);
    stats_gauges_set(s, &(struct stats_gauges){0, 0, 0});
    for (unsigned i = 0; i < ROWS; i++)
        if (atomic_load(&s->own->row[i].used))
            atomic_store(&s->own->row[i].running, 0);
    return s;
}

void stats_free(struct stats *s)
{
    if (!s)
        return;
    must_be(s, STATS_MAGIC);
    s->magic = 0;
    if (s->owned)
        munmap(s->base, (size_t)s->parts * AREA_STATS_BYTES);
    free(s);
}

/* ---- which row ---- */

static bool is_connect(struct str subresource)
{
    return str_is(subresource, "proxy") || str_is(subresource, "exec") || str_is(subresource, "attach") ||
           str_is(subresource, "portforward") || str_is(subresource, "log");
}

static const char *scope_of(const struct request_info *in)
{
    if (in->name.n || str_is(in->verb, "create"))
        return "resource";
    if (in->ns.n)
        return "namespace";
    return in->is_resource ? "cluster" : "";
}

static const char *verb_of(const struct request *rq)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    const struct request_info *in = &rq->info;
    if (in->is_resource && is_connect(in->subresource))
        return "CONNECT";
    if (str_is(in->verb, "watch"))
        return "WATCH";
    if (str_is(in->verb, "list"))
        return "LIST";
    if (str_is(rq->method, "HEAD"))
        return "GET";
    if (str_is(rq->method, "PATCH") &&
        str_starts(request_header(rq, "content-type"), STR("application/apply-patch")))
        return "APPLY";
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (str_is(rq->method, methods[i]))
            return methods[i];
    return "other";
}

static const char *dry_run_of(struct request *rq)
{
    struct str v;
    if (rq->query.n == 0 || !memmem(rq->query.p, rq->query.n, "dryRun", 6) ||
        !request_param(rq, "dryRun", &v))
        return "";
    return str_is(v, "All") ? "All" : "invalid";
}

/* Paths outside the API that have a label of their own; all else counts under none, so that nobody can fill
 * the table by asking for nonsense. */
static struct str plain_path(const struct request *rq)
{
    static const char *const known[] = {"/healthz",    "/livez",      "/readyz", "/metrics", "/version",
                                        "/openapi/v2", "/openapi/v3", "/api",    "/apis"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (str_is(rq->info.path, known[i]))
            return rq->info.path;
    return STR("");
}

struct combination {
    struct str v[LABELS];
    uint32_t hash;
};

static void combine(struct request *rq, const char *verb, const char *dry_run, const char *scope,
                    struct combination *c)
{
    const struct request_info *in = &rq->info;
    bool known = in->schema && (!in->subresource.n || in->sub);
    *c = (struct combination){0};
    c->v[L_VERB] = str_of(verb);
    c->v[L_DRY_RUN] = str_of(dry_run);
    c->v[L_SCOPE] = str_of(scope);
    if (known) {
        c->v[L_GROUP] = str_of(in->schema->group);
        c->v[L_VERSION] = str_of(in->schema->version);
        c->v[L_RESOURCE] = str_of(in->schema->plural);
        c->v[L_SUBRESOURCE] = in->sub ? str_of(in->sub->name) : STR("");
    } else {
        c->v[L_SUBRESOURCE] = plain_path(rq);
    }
    uint64_t h = HASH_SEED;
    for (int i = 0; i < LABELS; i++)
        h = hash_more(hash_more(h, c->v[i]), STR("\xff"));
    c->hash = (uint32_t)(h ^ (h >> 32));
}

static bool row_is(const struct stats_row *r, const struct combination *c)
{
    if (r->hash != c->hash)
        return false;
    for (int i = 0; i < LABELS; i++)
        if (!str_is(c->v[i], r->label + stats_labels[i].at))
            return false;
    return true;
}

static void row_make(struct stats_row *r, const struct combination *c)
{
    for (int i = 0; i < LABELS; i++) {
        size_t n = c->v[i].n < stats_labels[i].bytes - 1u ? c->v[i].n : stats_labels[i].bytes - 1u;
        if (n)
            memcpy(r->label + stats_labels[i].at, c->v[i].p, n);
        r->label[stats_labels[i].at + n] = 0;
    }
    r->hash = c->hash;
    atomic_store_explicit(&r->used, 1, memory_order_release);
}

static struct stats_row *find_row(struct stats_part *p, const struct combination *c)
{
    for (unsigned i = 0; i < 64; i++) {
        struct stats_row *r = &p->row[(c->hash + i) % ROWS];
        if (!atomic_load_explicit(&r->used, memory_order_relaxed)) {
            row_make(r, c);
            return r;
        }
        if (row_is(r, c))
            return r;
    }
    return NULL; /* the table is as good as full: this combination is not counted */
}

struct stats_row *stats_row(struct stats *s, struct request *rq)
{
    const struct request_info *in = &rq->info;
    const char *verb = verb_of(rq), *dry_run = dry_run_of(rq), *scope = scope_of(in);
    bool known = in->schema && (in->sub || !in->subresource.n);
    struct combination c;
    if (!known) {
        combine(rq, verb, dry_run, scope, &c);
        return find_row(s->own, &c);
    }
    uint64_t h = ((uintptr_t)in->schema >> 4) ^ ((uintptr_t)in->sub << 7) ^ ((uintptr_t)verb << 3) ^
                 ((uintptr_t)dry_run << 11) ^ ((uintptr_t)scope << 13);
    h *= 0x9e3779b97f4a7c15ull;
    struct stats_memo *m = &s->memo[h >> 54];
    if (m->row && m->schema == in->schema && m->sub == in->sub && m->verb == verb && m->dry_run == dry_run &&
        m->scope == scope)
        return m->row;
    combine(rq, verb, dry_run, scope, &c);
    *m = (struct stats_memo){in->schema, in->sub, verb, dry_run, scope, find_row(s->own, &c)};
    return m->row;
}

/* ---- counting ---- */

/* The only writer is this process: a relaxed load and store is an increment without a bus lock. */
static void add(_Atomic uint64_t *v, uint64_t n)
{
    atomic_store_explicit(v, atomic_load_explicit(v, memory_order_relaxed) + n, memory_order_relaxed);
}

static void add_signed(_Atomic int64_t *v, int64_t n)
{
    atomic_store_explicit(v, atomic_load_explicit(v, memory_order_relaxed) + n, memory_order_relaxed);
}

void stats_running(struct stats_row *row, int by)
{
    if (row)
        add_signed(&row->running, by);
}

static unsigned bucket_of(const uint64_t *bounds, unsigned n, uint64_t v)
{
    unsigned i = 0;
    while (i < n && v > bounds[i])
        i++;
    return i;
}

static void count_code(struct stats_row *r, uint32_t code)
{
    for (int i = 0; i < CODES; i++) {
        uint32_t there = atomic_load_explicit(&r->code[i], memory_order_relaxed);
        if (there == 0)
            atomic_store_explicit(&r->code[i], code, memory_order_release);
        if (there == 0 || there == code || i == CODES - 1) {
            add(&r->code_count[i], 1);
            return;
        }
    }
}

void stats_done(struct stats_row *row, int code, int64_t ns, uint64_t bytes)
{
    if (!row)
        return;
    count_code(row, (uint32_t)code);
    add(&row->bucket[durations_bucket(ns)], 1);
    add(&row->sum_ns, (uint64_t)(ns > 0 ? ns : 0));
    add(&row->size_bucket[bucket_of(stats_sizes, SIZES, bytes)], 1);
    add(&row->sum_bytes, bytes);
}

void stats_event(struct stats_row *row, size_t bytes, bool initial)
{
    if (!row)
        return;
    add(&row->event_bucket[bucket_of(stats_event_sizes, EVENT_SIZES, bytes)], 1);
    add(&row->event_bytes, bytes);
    if (initial)
        add(&row->initial_events, 1);
}

void stats_certificate(struct stats *s, int64_t seconds)
{
    uint64_t left = seconds > 0 ? (uint64_t)seconds : 0;
    if (!s)
        return;
    add(&s->own->lifetime_bucket[bucket_of(stats_lifetimes, LIFETIMES, left)], 1);
    add(&s->own->lifetime_s, left);
}

void stats_result(struct stats *s, enum stats_result r)
{
    if (s)
        add(&s->own->results[r], 1);
}

void stats_check(struct stats *s, unsigned check, bool ok)
{
    must(check < STATS_CHECKS);
    add(&s->own->checks[check][ok], 1);
}

uint64_t stats_check_total(const struct stats *s, unsigned check, bool ok)
{
    uint64_t n = 0;
    for (int i = 0; i < s->parts; i++)
        n += stats_get(&stats_part(s, i)->checks[check][ok]);
    return n;
}

static void zero(_Atomic uint64_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        atomic_store_explicit(&v[i], 0, memory_order_relaxed);
}

static void reset_row(struct stats_row *r)
{
    zero(r->code_count, CODES);
    zero(r->bucket, BUCKETS + 1);
    zero(r->size_bucket, SIZES + 1);
    zero(&r->sum_ns, 1);
    zero(&r->sum_bytes, 1);
    zero(r->event_bucket, EVENT_SIZES + 1);
    zero(&r->event_bytes, 1);
    zero(&r->initial_events, 1);
}

/* A worker that counts in this moment may bring one count back: who resets knows that something is going on.
 */
void stats_reset(struct stats *s)
{
    must_be(s, STATS_MAGIC);
    for (int i = 0; i < s->parts; i++) {
        struct stats_part *p = stats_part(s, i);
        zero(p->results, STATS_RESULTS);
        zero(&p->checks[0][0], 2 * STATS_CHECKS);
        zero(p->lifetime_bucket, LIFETIMES + 1);
        zero(&p->lifetime_s, 1);
        for (unsigned k = 0; k < ROWS; k++)
            if (atomic_load_explicit(&p->row[k].used, memory_order_acquire))
                reset_row(&p->row[k]);
        storestats_reset(&p->store);
    }
}

void stats_store(struct stats *s, uint32_t resource, enum storestats_op op, int64_t ns, bool failed)
{
    storestats_add(&s->own->store, resource, op, ns, failed);
}

int stats_inflight_add(struct stats *s, enum stats_class c, int by)
{
    add_signed(&s->own->inflight[c], by);
    return stats_inflight(s, c);
}

int stats_inflight(const struct stats *s, enum stats_class c)
{
    return (int)atomic_load_explicit(&s->own->inflight[c], memory_order_relaxed);
}

int stats_inflight_total(const struct stats *s, enum stats_class c)
{
    int64_t n = 0;
    for (int i = 0; i < s->parts; i++)
        n += atomic_load_explicit(&stats_part(s, i)->inflight[c], memory_order_relaxed);
    return (int)n;
}

void stats_gauges_set(struct stats *s, const struct stats_gauges *g)
{
    atomic_store_explicit(&s->own->connections, g->connections, memory_order_relaxed);
    atomic_store_explicit(&s->own->watches, g->watches, memory_order_relaxed);
    atomic_store_explicit(&s->own->snapshot_age_ms, g->snapshot_age_ms, memory_order_relaxed);
}

struct stats_gauges stats_gauges_total(const struct stats *s)
{
    struct stats_gauges t = {0, 0, 0};
    for (int i = 0; i < s->parts; i++) {
        const struct stats_part *p = stats_part(s, i);
        t.connections += atomic_load_explicit(&p->connections, memory_order_relaxed);
        t.watches += atomic_load_explicit(&p->watches, memory_order_relaxed);
        int64_t age = atomic_load_explicit(&p->snapshot_age_ms, memory_order_relaxed);
        t.snapshot_age_ms = age > t.snapshot_age_ms ? age : t.snapshot_age_ms;
    }
    return t;
}
