/* One fixed table a worker, open-addressed by a hash of the labels, written by that worker alone: no lock, no
 * shared cache line on the request path, and the numbers survive the worker. A reader may see a row half
 * counted; it never sees half a label, because a row's labels are written before its `used`. A row's place is
 * found once for each combination (resource, verb, scope, ...) and remembered under the addresses that make
 * it up. */
#include "worker/request/stats.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "shm/base/hash.h"
#include "shm/base/must.h"

#define STATS_MAGIC 0x73746174u
#define ROWS 2048u
#define CODES 12
#define MEMO 1024u /* 64 - 54 bits of a hash */

/* The sli and slo histograms have the bounds of apiserver_request_duration_seconds from the third on. */
#define BUCKETS DURATIONS
#define SLI_FIRST 2
static const uint64_t sizes[] = {1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};
static const char *const sizes_text[] = {"1000", "10000", "100000", "1e+06", "1e+07", "1e+08", "1e+09"};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

enum label { L_VERB, L_DRY_RUN, L_GROUP, L_VERSION, L_RESOURCE, L_SUBRESOURCE, L_SCOPE, LABELS };
static const struct {
    const char *name;
    uint16_t at, bytes;
} labels[LABELS] = {
    {"verb", 0, 16},       {"dry_run", 16, 8},       {"group", 24, 64},  {"version", 88, 16},
    {"resource", 104, 64}, {"subresource", 168, 48}, {"scope", 216, 12},
};
#define LABEL_BYTES 228

struct stats_row {
    _Atomic uint32_t used;
    uint32_t hash;
    char label[LABEL_BYTES];
    _Atomic uint32_t code[CODES]; /* 0: free; the last one takes what finds no place */
    _Atomic uint64_t code_count[CODES];
    _Atomic uint64_t bucket[BUCKETS + 1];
    _Atomic uint64_t size_bucket[SIZES + 1];
    _Atomic uint64_t sum_ns, sum_bytes;
    _Atomic int64_t running;
};

struct stats_part {
    _Atomic int64_t inflight[STATS_CLASSES];
    _Atomic int64_t connections, watches, snapshot_age_ms;
    _Atomic uint64_t results[STATS_RESULTS];
    _Atomic uint64_t checks[STATS_CHECKS][2];
    char pad[128];
    struct stats_row row[ROWS];
    struct storestats store;
};
_Static_assert(sizeof(struct stats_part) <= AREA_STATS_BYTES, "a worker's statistics fit their place");

struct memo {
    const void *schema, *sub;
    const char *verb, *dry_run, *scope; /* constants: the addresses tell them apart */
    struct stats_row *row;
};

struct stats {
    unsigned magic;
    int parts;
    char *base;
    bool owned;
    struct stats_part *own;
    struct memo memo[MEMO];
};

static struct stats_part *part(const struct stats *s, int i)
{
    return (struct stats_part *)(void *)(s->base + (size_t)i * AREA_STATS_BYTES);
}

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
    s->own = part(s, index);
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
        if (!str_is(c->v[i], r->label + labels[i].at))
            return false;
    return true;
}

static void row_make(struct stats_row *r, const struct combination *c)
{
    for (int i = 0; i < LABELS; i++) {
        size_t n = c->v[i].n < labels[i].bytes - 1u ? c->v[i].n : labels[i].bytes - 1u;
        if (n)
            memcpy(r->label + labels[i].at, c->v[i].p, n);
        r->label[labels[i].at + n] = 0;
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
    struct memo *m = &s->memo[h >> 54];
    if (m->row && m->schema == in->schema && m->sub == in->sub && m->verb == verb && m->dry_run == dry_run &&
        m->scope == scope)
        return m->row;
    combine(rq, verb, dry_run, scope, &c);
    *m = (struct memo){in->schema, in->sub, verb, dry_run, scope, find_row(s->own, &c)};
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

static uint64_t get(const _Atomic uint64_t *v)
{
    return atomic_load_explicit(v, memory_order_relaxed);
}

void stats_running(struct stats_row *row, int by)
{
    if (row)
        add_signed(&row->running, by);
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
    unsigned z = 0;
    while (z < SIZES && bytes > sizes[z])
        z++;
    add(&row->size_bucket[z], 1);
    add(&row->sum_bytes, bytes);
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
        n += get(&part(s, i)->checks[check][ok]);
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
}

/* A worker that counts in this moment may bring one count back: who resets knows that something is going on.
 */
void stats_reset(struct stats *s)
{
    must_be(s, STATS_MAGIC);
    for (int i = 0; i < s->parts; i++) {
        struct stats_part *p = part(s, i);
        zero(p->results, STATS_RESULTS);
        zero(&p->checks[0][0], 2 * STATS_CHECKS);
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

static void write_store(const struct stats *s, struct buf *out)
{
    const struct storestats **all = calloc((size_t)s->parts, sizeof(*all));
    must(all != NULL);
    for (int i = 0; i < s->parts; i++)
        all[i] = &part(s, i)->store;
    storestats_write(all, s->parts, out);
    free(all);
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
        n += atomic_load_explicit(&part(s, i)->inflight[c], memory_order_relaxed);
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
        const struct stats_part *p = part(s, i);
        t.connections += atomic_load_explicit(&p->connections, memory_order_relaxed);
        t.watches += atomic_load_explicit(&p->watches, memory_order_relaxed);
        int64_t age = atomic_load_explicit(&p->snapshot_age_ms, memory_order_relaxed);
        t.snapshot_age_ms = age > t.snapshot_age_ms ? age : t.snapshot_age_ms;
    }
    return t;
}

/* ---- writing ---- */

struct total {
    const struct stats_row *first; /* whose labels */
    uint32_t code[CODES];
    uint64_t code_count[CODES], bucket[BUCKETS + 1], size_bucket[SIZES + 1], sum_ns, sum_bytes;
    int64_t running;
};

static void total_add(struct total *t, const struct stats_row *r)
{
    for (int i = 0; i < CODES; i++) {
        uint32_t code = atomic_load_explicit(&r->code[i], memory_order_acquire);
        for (int k = 0; code && k < CODES; k++) {
            if (t->code[k] && t->code[k] != code && k < CODES - 1)
                continue;
            t->code[k] = t->code[k] ? t->code[k] : code;
            t->code_count[k] += get(&r->code_count[i]);
            break;
        }
    }
    for (unsigned i = 0; i <= BUCKETS; i++)
        t->bucket[i] += get(&r->bucket[i]);
    for (unsigned i = 0; i <= SIZES; i++)
        t->size_bucket[i] += get(&r->size_bucket[i]);
    t->sum_ns += get(&r->sum_ns);
    t->sum_bytes += get(&r->sum_bytes);
    t->running += atomic_load_explicit(&r->running, memory_order_relaxed);
}

static bool same_labels(const struct stats_row *a, const struct stats_row *b)
{
    for (int i = 0; i < LABELS; i++)
        if (strcmp(a->label + labels[i].at, b->label + labels[i].at) != 0)
            return false;
    return true;
}

static struct total *find_total(struct total *t, unsigned *n, unsigned cap, const struct stats_row *r)
{
    for (unsigned i = 0; i < *n; i++)
        if (t[i].first->hash == r->hash && same_labels(t[i].first, r))
            return &t[i];
    if (*n == cap)
        return NULL;
    t[*n].first = r;
    return &t[(*n)++];
}

static struct total *collect(const struct stats *s, unsigned *n)
{
    unsigned cap = ROWS;
    struct total *t = calloc(cap, sizeof(*t));
    must(t != NULL);
    *n = 0;
    for (int p = 0; p < s->parts; p++) {
        struct stats_part *pt = part(s, p);
        for (unsigned i = 0; i < ROWS; i++) {
            struct stats_row *r = &pt->row[i];
            if (!atomic_load_explicit(&r->used, memory_order_acquire))
                continue;
            struct total *to = find_total(t, n, cap, r);
            if (to)
                total_add(to, r);
        }
    }
    return t;
}

/* component and the labels, without the closing brace. */
static void put_labels(struct buf *out, const char *metric, const struct stats_row *r, bool dry_run)
{
    buf_printf(out, "%s{component=\"apiserver\"", metric);
    for (int i = 0; i < LABELS; i++)
        if (i != L_DRY_RUN || dry_run)
            buf_printf(out, ",%s=\"%s\"", labels[i].name, r->label + labels[i].at);
}

static void put_head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static bool is_verb(const struct total *t, const char *verb)
{
    return strcmp(t->first->label + labels[L_VERB].at, verb) == 0;
}

static void write_counts(struct buf *out, const struct total *t, unsigned n)
{
    put_head(out, "apiserver_request_total", "counter", "Requests answered, by verb, resource and code.");
    for (unsigned i = 0; i < n; i++)
        for (int c = 0; c < CODES; c++)
            if (t[i].code_count[c]) {
                put_labels(out, "apiserver_request_total", t[i].first, true);
                buf_printf(out, ",code=\"%u\",system_client=\"\"} %llu\n", t[i].code[c],
                           (unsigned long long)t[i].code_count[c]);
            }
}

static void write_durations(struct buf *out, const struct total *t, unsigned n, const char *name,
                            unsigned from, bool dry_run, const char *help)
{
    char metric[96];
    put_head(out, name, "histogram", help);
    for (unsigned i = 0; i < n; i++) {
        if (!dry_run && (t[i].first->label[labels[L_DRY_RUN].at] || is_verb(&t[i], "WATCH")))
            continue;
        uint64_t sum = 0;
        snprintf(metric, sizeof(metric), "%s_bucket", name);
        for (unsigned b = 0; b <= BUCKETS; b++) {
            sum += t[i].bucket[b];
            if (b < from)
                continue;
            put_labels(out, metric, t[i].first, dry_run);
            buf_puts(out, ",le=\"");
            durations_put_bound(out, b);
            buf_printf(out, "\"} %llu\n", (unsigned long long)sum);
        }
        snprintf(metric, sizeof(metric), "%s_sum", name);
        put_labels(out, metric, t[i].first, dry_run);
        buf_printf(out, "} %.9g\n", (double)t[i].sum_ns / 1e9);
        snprintf(metric, sizeof(metric), "%s_count", name);
        put_labels(out, metric, t[i].first, dry_run);
        buf_printf(out, "} %llu\n", (unsigned long long)sum);
    }
}

static void write_sizes(struct buf *out, const struct total *t, unsigned n)
{
    put_head(out, "apiserver_response_sizes", "histogram", "Bytes of the answers to reads.");
    for (unsigned i = 0; i < n; i++) {
        if (!is_verb(&t[i], "GET") && !is_verb(&t[i], "LIST"))
            continue;
        uint64_t sum = 0;
        for (unsigned b = 0; b <= SIZES; b++) {
            sum += t[i].size_bucket[b];
            put_labels(out, "apiserver_response_sizes_bucket", t[i].first, false);
            buf_printf(out, ",le=\"%s\"} %llu\n", b < SIZES ? sizes_text[b] : "+Inf",
                       (unsigned long long)sum);
        }
        put_labels(out, "apiserver_response_sizes_sum", t[i].first, false);
        buf_printf(out, "} %llu\n", (unsigned long long)t[i].sum_bytes);
        put_labels(out, "apiserver_response_sizes_count", t[i].first, false);
        buf_printf(out, "} %llu\n", (unsigned long long)sum);
    }
}

static void write_running(struct buf *out, const struct total *t, unsigned n)
{
    put_head(out, "apiserver_longrunning_requests", "gauge", "Watches and streams under way.");
    for (unsigned i = 0; i < n; i++)
        if (t[i].running || is_verb(&t[i], "WATCH")) {
            put_labels(out, "apiserver_longrunning_requests", t[i].first, false);
            buf_printf(out, "} %lld\n", (long long)t[i].running);
        }
}

static void write_results(const struct stats *s, struct buf *out)
{
    static const struct {
        const char *metric, *help, *label;
    } rows[STATS_RESULTS] = {
        {"authentication_attempts", "Attempts to authenticate a request.", "success"},
        {"authentication_attempts", NULL, "failure"},
        {"authorization_attempts_total", "Decisions of the authorizers.", "allowed"},
        {"authorization_attempts_total", NULL, "denied"},
        {"cubed_dropped_requests_total", "Requests answered 429.", "dropped"},
    };
    for (int i = 0; i < STATS_RESULTS; i++) {
        uint64_t n = 0;
        for (int p = 0; p < s->parts; p++)
            n += get(&part(s, p)->results[i]);
        if (rows[i].help)
            put_head(out, rows[i].metric, "counter", rows[i].help);
        buf_printf(out, "%s{result=\"%s\"} %llu\n", rows[i].metric, rows[i].label, (unsigned long long)n);
    }
}

void stats_write(const struct stats *s, struct buf *out)
{
    must_be(s, STATS_MAGIC);
    unsigned n;
    struct total *t = collect(s, &n);
    put_head(out, "apiserver_current_inflight_requests", "gauge", "Requests under way that a limit counts.");
    buf_printf(out, "apiserver_current_inflight_requests{request_kind=\"mutating\"} %d\n",
               stats_inflight_total(s, STATS_MUTATING));
    buf_printf(out, "apiserver_current_inflight_requests{request_kind=\"readOnly\"} %d\n",
               stats_inflight_total(s, STATS_READ_ONLY));
    write_running(out, t, n);
    write_counts(out, t, n);
    write_durations(out, t, n, "apiserver_request_duration_seconds", 0, true,
                    "Seconds from request to answer.");
    write_durations(out, t, n, "apiserver_request_sli_duration_seconds", SLI_FIRST, false,
                    "Seconds from request to answer, without watches and dry runs.");
    write_durations(out, t, n, "apiserver_request_slo_duration_seconds", SLI_FIRST, false,
                    "The same under its older name.");
    write_sizes(out, t, n);
    write_results(s, out);
    write_store(s, out);
    free(t);
}
