/* Events go by themselves: a record says when. A heap holds what is to go next. An update of an Event moves
 * its time; the old entry is then found to be early and forgotten. */
#include "worker/keeper/loops.h"

#include <stdlib.h>
#include "shm/base/clock.h"
#include "shm/base/must.h"

struct entry {
    int64_t expires_s;
    uint32_t resource;
    uint16_t ns_bytes, name_bytes;
    char *text; /* namespace and name */
};

struct expiry {
    struct entry *heap;
    size_t n, cap;
};

struct expiry *expiry_new(void)
{
    struct expiry *x = calloc(1, sizeof(*x));

    must(x != NULL);
    return x;
}

void expiry_free(struct expiry *x)
{
    if (!x)
        return;
    for (size_t i = 0; i < x->n; i++)
        free(x->heap[i].text);
    free(x->heap);
    free(x);
}

static void swap(struct entry *a, struct entry *b)
{
    struct entry t = *a;

    *a = *b;
    *b = t;
}

static void push(struct expiry *x, struct entry e)
{
    size_t i = x->n++;

    if (x->n > x->cap) {
        x->cap = x->cap ? x->cap * 2 : 256;
        x->heap = realloc(x->heap, x->cap * sizeof(*x->heap));
        must(x->heap != NULL);
    }
    x->heap[i] = e;
    while (i && x->heap[(i - 1) / 2].expires_s > x->heap[i].expires_s) {
        swap(&x->heap[i], &x->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
}

static struct entry pop(struct expiry *x)
{
    struct entry first = x->heap[0];
    size_t i = 0;

    x->heap[0] = x->heap[--x->n];
    for (;;) {
        size_t least = i, l = 2 * i + 1, r = l + 1;

        if (l < x->n && x->heap[l].expires_s < x->heap[least].expires_s)
            least = l;
        if (r < x->n && x->heap[r].expires_s < x->heap[least].expires_s)
            least = r;
        if (least == i)
            return first;
        swap(&x->heap[i], &x->heap[least]);
        i = least;
    }
}

void expiry_event(struct keeper *k, const struct event *e)
{
    struct str ns, name;
    struct entry entry;

    if (e->type == EVENT_DELETED || e->record->expires_s == 0)
        return;
    ns = record_ns(e->record);
    name = record_name(e->record);
    entry = (struct entry){.expires_s = e->record->expires_s,
                           .resource = e->record->resource,
                           .ns_bytes = (uint16_t)ns.n,
                           .name_bytes = (uint16_t)name.n,
                           .text = malloc(ns.n + name.n + 1)};
    must(entry.text != NULL);
    if (ns.n)
        memcpy(entry.text, ns.p, ns.n);
    memcpy(entry.text + ns.n, name.p, name.n);
    push(k->expiry, entry);
}

void expiry_tick(struct keeper *k)
{
    struct expiry *x = k->expiry;
    int64_t now = clock_wall_s();

    while (x->n && x->heap[0].expires_s <= now) {
        struct entry e = pop(x);

        queue_add(k->queue, TASK_EXPIRE, e.resource, (struct str){e.text, e.ns_bytes},
                  (struct str){e.text + e.ns_bytes, e.name_bytes}, 0);
        free(e.text);
    }
}

static enum write_verdict step(struct write *w, const json_t *old, json_t **out)
{
    return old ? WRITE_REMOVE : WRITE_KEEP;
}

void expiry_run(struct job *j)
{
    const struct work *work = j->work;
    const struct schema_resource *r = schema_resource_of_id(work->resource);
    struct snapshot *s = keeper_snapshot(j->k);
    const struct record *rec;
    bool due = false;
    struct key k;

    if (!s || !r) {
        snapshot_unref(s);
        return;
    }
    key_make(&k, work->resource, work->ns, work->name);
    rec = snapshot_object(s, &k);
    due = rec && rec->expires_s && rec->expires_s <= clock_wall_s();
    snapshot_unref(s);
    if (due)
        job_write(j, r, work->ns, work->name, step, NULL);
}
