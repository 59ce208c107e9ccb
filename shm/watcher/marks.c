#include "shm/watcher/marks.h"

#include <stdlib.h>
#include "shm/base/buf.h"
#include "shm/base/must.h"
#include "shm/store/etcd/kv.h"

#define MARKS_MAGIC 0x6d61726bu
#define TIMEOUT_MS 2000

struct marks {
    unsigned magic;
    struct etcd_client *client;
    uint64_t tickets[MARKS_MAX];
    int asked, answered, n;
    int64_t at[MARKS_MAX];
    void (*done)(void *arg);
    void *arg;
    struct etcd_timer none; /* nothing could be asked */
};

static int by_revision(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void on_written(void *arg, const struct etcd_status *st, const struct etcd_write_reply *r)
{
    struct marks *m = arg;
    must_be(m, MARKS_MAGIC);
    if (r)
        m->at[m->n++] = r->header.revision;
    if (++m->answered < m->asked)
        return;
    qsort(m->at, (size_t)m->n, sizeof(m->at[0]), by_revision);
    m->done(m->arg);
}

static void on_none(struct etcd_timer *t)
{
    struct marks *m = (struct marks *)(void *)((char *)t - offsetof(struct marks, none));
    m->done(m->arg);
}

struct marks *marks_new(struct etcd_client *c, struct str key, int n, void (*done)(void *arg), void *arg)
{
    struct marks *m = calloc(1, sizeof(*m));
    struct etcd_write w = {.verb = ETCD_PUT, .key = key, .value = STR("{}"), .expect = ETCD_EXPECT_ANY};
    must(m != NULL && n > 0 && n <= MARKS_MAX);
    m->magic = MARKS_MAGIC;
    m->client = c;
    m->done = done;
    m->arg = arg;
    m->none.fire = on_none;
    while (m->asked < n && etcd_write(c, &w, TIMEOUT_MS, on_written, m, &m->tickets[m->asked]) == 0)
        m->asked++;
    if (!m->asked)
        etcd_client_timer(c, &m->none, 0);
    return m;
}

void marks_free(struct marks *m)
{
    if (!m)
        return;
    must_be(m, MARKS_MAGIC);
    for (int i = 0; i < m->asked; i++)
        etcd_client_cancel(m->client, m->tickets[i]);
    etcd_timer_off(&m->none);
    m->magic = 0;
    free(m);
}

int marks_count(const struct marks *m)
{
    return m ? m->n : 0;
}

int64_t marks_at(const struct marks *m, int i)
{
    must(i >= 0 && i < m->n);
    return m->at[i];
}
