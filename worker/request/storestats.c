/* A row for each resource that is stored, in the order of the schema's own table. */
#include "worker/request/storestats.h"

#include "registry/schema.h"

int storestats_place(uint32_t resource)
{
    int n, low = 0;
    const struct schema_resource *const *all = schema_stored(&n);
    int high = n < STORESTATS_RESOURCES ? n : STORESTATS_RESOURCES;
    while (low < high) {
        int mid = (low + high) / 2;
        if (all[mid]->id == resource)
            return mid;
        if (all[mid]->id < resource)
            low = mid + 1;
        else
            high = mid;
    }
    return -1;
}

static void add(_Atomic uint64_t *n, uint64_t by)
{
    atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) + by, memory_order_relaxed);
}

void storestats_add(struct storestats *s, uint32_t resource, enum storestats_op op, int64_t ns, bool failed)
{
    int place = storestats_place(resource);
    if (place < 0)
        return;
    struct storestats_row *r = &s->row[place][op];
    add(&r->bucket[durations_bucket(ns)], 1);
    add(&r->sum_ns, (uint64_t)(ns > 0 ? ns : 0));
    add(&r->failed, failed);
}

void storestats_reset(struct storestats *s)
{
    for (int i = 0; i < STORESTATS_RESOURCES; i++)
        for (int op = 0; op < STORESTATS_OPS; op++) {
            struct storestats_row *r = &s->row[i][op];
            for (int b = 0; b <= DURATIONS; b++)
                atomic_store_explicit(&r->bucket[b], 0, memory_order_relaxed);
            atomic_store_explicit(&r->sum_ns, 0, memory_order_relaxed);
            atomic_store_explicit(&r->failed, 0, memory_order_relaxed);
        }
}

/* ---- writing ---- */

struct total {
    uint64_t bucket[DURATIONS + 1], count, sum_ns, failed;
};

static struct total total_of(const struct storestats *const *all, int n, int place, int op)
{
    struct total t = {.count = 0};
    for (int i = 0; i < n; i++) {
        const struct storestats_row *r = &all[i]->row[place][op];
        for (int b = 0; b <= DURATIONS; b++) {
            uint64_t v = atomic_load_explicit(&r->bucket[b], memory_order_relaxed);
            t.bucket[b] += v;
            t.count += v;
        }
        t.sum_ns += atomic_load_explicit(&r->sum_ns, memory_order_relaxed);
        t.failed += atomic_load_explicit(&r->failed, memory_order_relaxed);
    }
    return t;
}

static void put_labels(struct buf *out, const char *metric, const struct schema_resource *r, int op)
{
    static const char *const names[] = {"create", "update", "delete"};
    buf_printf(out, "%s{group=\"%s\",operation=\"%s\",resource=\"%s\"", metric, r->group, names[op],
               r->plural);
}

static void put_duration(struct buf *out, const struct schema_resource *r, int op, const struct total *t)
{
    uint64_t sum = 0;
    for (unsigned b = 0; b <= DURATIONS; b++) {
        sum += t->bucket[b];
        put_labels(out, "etcd_request_duration_seconds_bucket", r, op);
        buf_puts(out, ",le=\"");
        durations_put_bound(out, b);
        buf_printf(out, "\"} %llu\n", (unsigned long long)sum);
    }
    put_labels(out, "etcd_request_duration_seconds_sum", r, op);
    buf_printf(out, "} %.9g\n", (double)t->sum_ns / 1e9);
    put_labels(out, "etcd_request_duration_seconds_count", r, op);
    buf_printf(out, "} %llu\n", (unsigned long long)sum);
}

static void put_count(struct buf *out, const struct schema_resource *r, int op, const struct total *t)
{
    put_labels(out, "etcd_requests_total", r, op);
    buf_printf(out, "} %llu\n", (unsigned long long)t->count);
}

static void put_failed(struct buf *out, const struct schema_resource *r, int op, const struct total *t)
{
    if (!t->failed)
        return;
    put_labels(out, "etcd_request_errors_total", r, op);
    buf_printf(out, "} %llu\n", (unsigned long long)t->failed);
}

void storestats_write(const struct storestats *const *all, int n, struct buf *out)
{
    static const struct {
        const char *name, *type, *help;
        void (*put)(struct buf *, const struct schema_resource *, int op, const struct total *);
    } metrics[] = {
        {"etcd_request_duration_seconds", "histogram", "Seconds that etcd took to answer.", put_duration},
        {"etcd_requests_total", "counter", "Calls to etcd.", put_count},
        {"etcd_request_errors_total", "counter", "Calls to etcd that failed.", put_failed},
    };
    int resources;
    const struct schema_resource *const *r = schema_stored(&resources);
    for (size_t m = 0; m < sizeof(metrics) / sizeof(metrics[0]); m++) {
        buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", metrics[m].name, metrics[m].help, metrics[m].name,
                   metrics[m].type);
        for (int i = 0; i < resources && i < STORESTATS_RESOURCES; i++)
            for (int op = 0; op < STORESTATS_OPS; op++) {
                struct total t = total_of(all, n, i, op);
                if (t.count)
                    metrics[m].put(out, r[i], op, &t);
            }
    }
}
