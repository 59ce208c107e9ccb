/* What stats.c counted, as text: rows of all processes with the same labels are added up first. */
#include "worker/request/statsrow.h"

#include <stdlib.h>
#include <string.h>
#include "shm/base/must.h"

#define SLI_FIRST 2 /* the sli histogram has the bounds of the other from here on */

static const char *label_of(const struct stats_row *r, int label)
{
    return r->label + stats_labels[label].at;
}

struct total {
    const struct stats_row *first; /* whose labels */
    uint32_t code[CODES];
    uint64_t code_count[CODES], bucket[BUCKETS + 1], size_bucket[SIZES + 1], sum_ns, sum_bytes;
    uint64_t event_bucket[EVENT_SIZES + 1], event_bytes, initial_events;
    int64_t running;
};

static void sum_up(uint64_t *to, const _Atomic uint64_t *from, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        to[i] += stats_get(&from[i]);
}

static void total_add(struct total *t, const struct stats_row *r)
{
    for (int i = 0; i < CODES; i++) {
        uint32_t code = atomic_load_explicit(&r->code[i], memory_order_acquire);
        for (int k = 0; code && k < CODES; k++) {
            if (t->code[k] && t->code[k] != code && k < CODES - 1)
                continue;
            t->code[k] = t->code[k] ? t->code[k] : code;
            t->code_count[k] += stats_get(&r->code_count[i]);
            break;
        }
    }
    sum_up(t->bucket, r->bucket, BUCKETS + 1);
    sum_up(t->size_bucket, r->size_bucket, SIZES + 1);
    sum_up(t->event_bucket, r->event_bucket, EVENT_SIZES + 1);
    t->event_bytes += stats_get(&r->event_bytes);
    t->initial_events += stats_get(&r->initial_events);
    t->sum_ns += stats_get(&r->sum_ns);
    t->sum_bytes += stats_get(&r->sum_bytes);
    t->running += atomic_load_explicit(&r->running, memory_order_relaxed);
}

static bool same_labels(const struct stats_row *a, const struct stats_row *b)
{
    for (int i = 0; i < LABELS; i++)
        if (strcmp(label_of(a, i), label_of(b, i)) != 0)
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
        struct stats_part *pt = stats_part(s, p);
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

/* ---- lines ---- */

static void put_head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* component and the labels. */
static void put_labels(struct buf *out, const struct stats_row *r, bool dry_run)
{
    buf_puts(out, "component=\"apiserver\"");
    for (int i = 0; i < LABELS; i++)
        if (i != L_DRY_RUN || dry_run)
            buf_printf(out, ",%s=\"%s\"", stats_labels[i].name, label_of(r, i));
}

struct histogram {
    const char *name;
    const uint64_t *bounds; /* NULL: those of durations */
    unsigned from, n;       /* which of them are told */
};

static void put_bound(struct buf *out, const struct histogram *h, unsigned b)
{
    if (!h->bounds)
        durations_put_bound(out, b);
    else if (b < h->n)
        buf_printf(out, "%g", (double)h->bounds[b]);
    else
        buf_puts(out, "+Inf");
}

/* labels without braces, or empty. */
static void put_histogram(struct buf *out, const struct histogram *h, struct str labels,
                          const uint64_t *bucket, double total)
{
    const char *comma = labels.n ? "," : "", *open = labels.n ? "{" : "", *close = labels.n ? "}" : "";
    uint64_t sum = 0;
    for (unsigned b = 0; b <= h->n; b++) {
        sum += bucket[b];
        if (b < h->from)
            continue;
        buf_printf(out, "%s_bucket{%.*s%sle=\"", h->name, STR_ARG(labels), comma);
        put_bound(out, h, b);
        buf_printf(out, "\"} %llu\n", (unsigned long long)sum);
    }
    buf_printf(out, "%s_sum%s%.*s%s %.9g\n", h->name, open, STR_ARG(labels), close, total);
    buf_printf(out, "%s_count%s%.*s%s %llu\n", h->name, open, STR_ARG(labels), close,
               (unsigned long long)sum);
}

static bool is_verb(const struct total *t, const char *verb)
{
    return strcmp(label_of(t->first, L_VERB), verb) == 0;
}

static uint64_t answers(const struct total *t)
{
    uint64_t n = 0;
    for (int c = 0; c < CODES; c++)
        n += t->code_count[c];
    return n;
}

/* ---- requests ---- */

static void write_counts(struct buf *out, const struct total *t, unsigned n)
{
    put_head(out, "apiserver_request_total", "counter", "Requests answered, by verb, resource and code.");
    for (unsigned i = 0; i < n; i++)
        for (int c = 0; c < CODES; c++)
            if (t[i].code_count[c]) {
                buf_puts(out, "apiserver_request_total{");
                put_labels(out, t[i].first, true);
                buf_printf(out, ",code=\"%u\",system_client=\"\"} %llu\n", t[i].code[c],
                           (unsigned long long)t[i].code_count[c]);
            }
}

static void write_durations(struct buf *out, const struct total *t, unsigned n)
{
    static const struct histogram all = {"apiserver_request_duration_seconds", NULL, 0, BUCKETS};
    struct buf labels = {0};
    put_head(out, all.name, "histogram", "Seconds from request to answer.");
    for (unsigned i = 0; i < n; i++) {
        if (!answers(&t[i]))
            continue;
        buf_clear(&labels);
        put_labels(&labels, t[i].first, true);
        put_histogram(out, &all, buf_view(&labels), t[i].bucket, (double)t[i].sum_ns / 1e9);
    }
    buf_free(&labels);
}

static void write_slis(struct buf *out, const struct total *t, unsigned n)
{
    static const struct histogram sli = {"apiserver_request_sli_duration_seconds", NULL, SLI_FIRST, BUCKETS};
    struct buf labels = {0};
    put_head(out, sli.name, "histogram", "Seconds from request to answer, without watches and dry runs.");
    for (unsigned i = 0; i < n; i++) {
        if (!answers(&t[i]) || label_of(t[i].first, L_DRY_RUN)[0] || is_verb(&t[i], "WATCH"))
            continue;
        buf_clear(&labels);
        put_labels(&labels, t[i].first, false);
        put_histogram(out, &sli, buf_view(&labels), t[i].bucket, (double)t[i].sum_ns / 1e9);
    }
    buf_free(&labels);
}

static void write_sizes(struct buf *out, const struct total *t, unsigned n)
{
    static const struct histogram sizes = {"apiserver_response_sizes", stats_sizes, 0, SIZES};
    struct buf labels = {0};
    put_head(out, sizes.name, "histogram", "Bytes of the answers to reads.");
    for (unsigned i = 0; i < n; i++) {
        if (!answers(&t[i]) || (!is_verb(&t[i], "GET") && !is_verb(&t[i], "LIST")))
            continue;
        buf_clear(&labels);
        put_labels(&labels, t[i].first, false);
        put_histogram(out, &sizes, buf_view(&labels), t[i].size_bucket, (double)t[i].sum_bytes);
    }
    buf_free(&labels);
}

static void write_running(struct buf *out, const struct total *t, unsigned n)
{
    put_head(out, "apiserver_longrunning_requests", "gauge", "Watches and streams under way.");
    for (unsigned i = 0; i < n; i++)
        if (t[i].running || is_verb(&t[i], "WATCH")) {
            buf_puts(out, "apiserver_longrunning_requests{");
            put_labels(out, t[i].first, false);
            buf_printf(out, "} %lld\n", (long long)t[i].running);
        }
}

/* ---- resources ---- */

static bool same_resource(const struct total *a, const struct total *b)
{
    static const int which[] = {L_GROUP, L_VERSION, L_RESOURCE, L_SUBRESOURCE};
    for (size_t i = 0; i < sizeof(which) / sizeof(which[0]); i++)
        if (strcmp(label_of(a->first, which[i]), label_of(b->first, which[i])) != 0)
            return false;
    return true;
}

/* One for each resource of what is told of it whatever the verb and scope: adds the others to the first of
 * them, and returns how many there are. Their order is that of the first ones. */
static unsigned by_resource(struct total *to, const struct total *t, unsigned n)
{
    unsigned m = 0, k;
    for (unsigned i = 0; i < n; i++) {
        for (k = 0; k < m && !same_resource(&to[k], &t[i]); k++)
            ;
        if (k == m) {
            to[m++] = t[i];
            continue;
        }
        for (unsigned b = 0; b <= EVENT_SIZES; b++)
            to[k].event_bucket[b] += t[i].event_bucket[b];
        for (unsigned c = 0; c < CODES; c++)
            to[k].code_count[c] += t[i].code_count[c];
        to[k].event_bytes += t[i].event_bytes;
        to[k].initial_events += t[i].initial_events;
    }
    return m;
}

static uint64_t events(const struct total *t)
{
    uint64_t n = 0;
    for (unsigned b = 0; b <= EVENT_SIZES; b++)
        n += t->event_bucket[b];
    return n;
}

static void put_resource(struct buf *out, const struct total *t)
{
    buf_printf(out, "group=\"%s\",resource=\"%s\",version=\"%s\"", label_of(t->first, L_GROUP),
               label_of(t->first, L_RESOURCE), label_of(t->first, L_VERSION));
}

static void write_events(struct buf *out, const struct total *t, unsigned n)
{
    static const struct histogram sizes = {"apiserver_watch_events_sizes", stats_event_sizes, 0, EVENT_SIZES};
    struct buf labels = {0};
    put_head(out, sizes.name, "histogram", "Bytes of the events sent to watchers.");
    for (unsigned i = 0; i < n; i++) {
        buf_clear(&labels);
        put_resource(&labels, &t[i]);
        if (events(&t[i]))
            put_histogram(out, &sizes, buf_view(&labels), t[i].event_bucket, (double)t[i].event_bytes);
    }
    buf_free(&labels);
    put_head(out, "apiserver_watch_events_total", "counter", "Events sent to watchers.");
    for (unsigned i = 0; i < n; i++) {
        if (!events(&t[i]))
            continue;
        buf_puts(out, "apiserver_watch_events_total{");
        put_resource(out, &t[i]);
        buf_printf(out, "} %llu\n", (unsigned long long)events(&t[i]));
    }
}

/* Told without the version: several may be of one resource. */
static bool same_kind(const struct total *a, const struct total *b)
{
    return strcmp(label_of(a->first, L_GROUP), label_of(b->first, L_GROUP)) == 0 &&
           strcmp(label_of(a->first, L_RESOURCE), label_of(b->first, L_RESOURCE)) == 0;
}

static void write_initial(struct buf *out, const struct total *t, unsigned n)
{
    put_head(out, "apiserver_init_events_total", "counter", "Events that told the state a watch began with.");
    for (unsigned i = 0; i < n; i++) {
        uint64_t sum = 0;
        bool told = false;
        for (unsigned k = 0; k < n; k++) {
            if (!t[k].initial_events || !same_kind(&t[i], &t[k]))
                continue;
            told = told || k < i;
            sum += t[k].initial_events;
        }
        if (t[i].initial_events && !told)
            buf_printf(out, "apiserver_init_events_total{group=\"%s\",resource=\"%s\"} %llu\n",
                       label_of(t[i].first, L_GROUP), label_of(t[i].first, L_RESOURCE),
                       (unsigned long long)sum);
    }
}

static bool is_deprecated(const struct total *t)
{
    const struct schema_resource *r =
        schema_resource(str_of(label_of(t->first, L_GROUP)), str_of(label_of(t->first, L_VERSION)),
                        str_of(label_of(t->first, L_RESOURCE)));
    return r && r->warning;
}

static void write_deprecated(struct buf *out, const struct total *t, unsigned n)
{
    put_head(out, "apiserver_requested_deprecated_apis", "gauge",
             "Deprecated resources that somebody asked for.");
    for (unsigned i = 0; i < n; i++) {
        if (!answers(&t[i]) || !is_deprecated(&t[i]))
            continue;
        buf_puts(out, "apiserver_requested_deprecated_apis{removed_release=\"\",");
        put_resource(out, &t[i]);
        buf_printf(out, ",subresource=\"%s\"} 1\n", label_of(t[i].first, L_SUBRESOURCE));
    }
}

static void write_resources(struct buf *out, const struct total *t, unsigned n)
{
    struct total *each = calloc(n + 1, sizeof(*each));
    must(each != NULL);
    unsigned m = by_resource(each, t, n);
    write_events(out, each, m);
    write_initial(out, each, m);
    write_deprecated(out, each, m);
    free(each);
}

/* ---- the rest ---- */

static void write_certificates(const struct stats *s, struct buf *out)
{
    static const struct histogram left = {"apiserver_client_certificate_expiration_seconds", stats_lifetimes,
                                          0, LIFETIMES};
    uint64_t bucket[LIFETIMES + 1] = {0}, sum = 0;
    for (int p = 0; p < s->parts; p++) {
        sum_up(bucket, stats_part(s, p)->lifetime_bucket, LIFETIMES + 1);
        sum += stats_get(&stats_part(s, p)->lifetime_s);
    }
    put_head(out, left.name, "histogram",
             "Seconds that clients' certificates still lasted, at each request.");
    put_histogram(out, &left, STR(""), bucket, (double)sum);
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
            n += stats_get(&stats_part(s, p)->results[i]);
        if (rows[i].help)
            put_head(out, rows[i].metric, "counter", rows[i].help);
        buf_printf(out, "%s{result=\"%s\"} %llu\n", rows[i].metric, rows[i].label, (unsigned long long)n);
    }
}

static void write_store(const struct stats *s, struct buf *out)
{
    const struct storestats **all = calloc((size_t)s->parts, sizeof(*all));
    must(all != NULL);
    for (int i = 0; i < s->parts; i++)
        all[i] = &stats_part(s, i)->store;
    storestats_write(all, s->parts, out);
    free(all);
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
    write_durations(out, t, n);
    write_slis(out, t, n);
    write_sizes(out, t, n);
    write_resources(out, t, n);
    write_certificates(s, out);
    write_results(s, out);
    write_store(s, out);
    free(t);
}
