/* One real server for a whole group of tests, and what a watch was seen to bring. */
#ifndef TESTS_UNIT_SHM_ETCD_WATCHING_H
#define TESTS_UNIT_SHM_ETCD_WATCHING_H

#include "tests/unit/shm/etcd_server.h"

struct world {
    struct servers servers;
    struct etcd_client *client;
};

static inline int start_one(void **state)
{
    static const char *const flags[] = {"--experimental-watch-progress-notify-interval", "100ms", NULL};
    struct world *w = calloc(1, sizeof(*w));
    servers_start(&w->servers, 1, false, flags);
    w->client = client_open(&w->servers, NULL);
    client_ready(w->client);
    *state = w;
    return 0;
}

static inline int stop_one(void **state)
{
    struct world *w = *state;
    etcd_client_free(w->client);
    servers_stop(&w->servers);
    free(w);
    return 0;
}

struct seen {
    int created, batches, ended, fragments, progress;
    int64_t events, deletes, with_prev, last, progress_revision, created_revision, value_bytes;
    bool in_order, disorder, repeated;
    char key[64];
    struct etcd_status st;
};

static inline void saw_created(void *arg, int64_t revision, uint64_t cluster_id)
{
    struct seen *s = arg;
    s->created++;
    s->created_revision = revision;
    assert_true(cluster_id != 0);
}

static inline void saw_batch(void *arg, const struct etcd_batch *b)
{
    struct seen *s = arg;
    struct etcd_batch_at at = {0};
    struct etcd_event e;
    int n = 0;
    s->batches++;
    s->fragments += b->more;
    for (; etcd_batch_next(b, &at, &e); n++) {
        s->disorder |= e.kv.mod_revision < s->last;
        s->repeated |= e.kv.mod_revision == s->last && str_is(e.kv.key, s->key);
        s->last = e.kv.mod_revision;
        s->deletes += e.type == ETCD_EVENT_DELETE;
        s->with_prev += e.has_prev;
        s->value_bytes += (int64_t)e.kv.value.n;
        snprintf(s->key, sizeof(s->key), "%.*s", STR_ARG(e.kv.key));
    }
    assert_int_equal(n, b->count);
    s->events += n;
}

static inline void saw_progress(void *arg, int64_t revision, bool in_order)
{
    struct seen *s = arg;
    s->progress++;
    s->progress_revision = revision;
    s->in_order = in_order;
}

static inline void saw_end(void *arg, const struct etcd_status *st)
{
    struct seen *s = arg;
    s->ended++;
    s->st = *st;
}

static inline struct etcd_watch *watch(struct etcd_client *c, struct seen *s, const char *prefix,
                                       int64_t start, bool notify)
{
    char end[64];
    struct etcd_watch_options o = {
        .key = str_of(prefix), .start_revision = start, .prev_kv = true, .progress_notify = notify};
    struct etcd_watch_hooks h = {s, saw_created, saw_batch, saw_progress, saw_end};
    o.end = (struct str){end, etcd_prefix_end(o.key, end)};
    memset(s, 0, sizeof(*s));
    struct etcd_watch *w = etcd_watch_new(c, &o, &h);
    assert_int_equal(etcd_watch_resume(w), 0);
    return w;
}

static inline void drive_events(struct etcd_client *c, const struct seen *s, int64_t n)
{
    int64_t end = clock_ms() + START_MS;
    while (s->events < n && !s->ended && clock_ms() < end)
        assert_true(etcd_client_wait(c, NULL, 0, 1000) >= 0);
    assert_int_equal(s->events, n);
}

#endif
