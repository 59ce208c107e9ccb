/* A watch is registered in one group, under the narrowest key that its selection allows:
 *
 *   one object (resource, namespace, name) | a name in any namespace | a trigger value | a namespace | the
 * resource
 *
 * and a slot of the ring, which carries the hashes of all of these, is looked up under each. So an event
 * touches the watches that it may concern and no others. Hashes may collide: what is noted is checked again
 * on the event itself.
 *
 * What one watch reads of an event in this turn (the log's entry, a built frame) all others find here. */
#include "worker/watch/dispatch.h"

#include <errno.h>
#include <stdlib.h>
#include "shm/base/clock.h"
#include "shm/base/hash.h"
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "shm/ring/ring.h"
#include "worker/watch/cursor.h"
#include "worker/watch/delivery.h"
#include "worker/watch/frame.h"
#include "worker/watch/wheel.h"

#define DISPATCH_MAGIC 0x64697370u
#define EVENTS_KEPT 256
#define FRAMES_KEPT 64
#define TABLE_FIRST 64

struct group {
    uint64_t key;
    struct group *next;
    struct watch *first;
};

struct dispatch {
    unsigned magic;
    struct context *ctx;
    struct consumer consumer;
    struct delivery *delivery;
    int64_t revision; /* offered up to here */
    bool lapped;      /* reading the log instead of the ring */

    struct group **table; /* size is a power of two */
    size_t table_size, groups;
    int watches;
    struct wheel *wheel;
    uint64_t random;

    /* of this turn, under snap */
    struct snapshot *snap;
    struct {
        bool found, valid;
        struct event e;
    } events[EVENTS_KEPT];
    struct frame *frames[FRAMES_KEPT];
    bool any_event, any_frame;
};

enum key_kind { KEY_RESOURCE = 1, KEY_NAMESPACE, KEY_TRIGGER, KEY_NAME, KEY_OBJECT };

static uint64_t mix(uint64_t a, uint64_t b)
{
    a = (a ^ b) * 0xff51afd7ed558ccdull;
    return a ^ a >> 32;
}

static uint64_t group_key(uint32_t resource, enum key_kind kind, uint64_t a, uint64_t b)
{
    return mix(mix(mix((uint64_t)kind << 32 | resource, a), b), 0x9e3779b97f4a7c15ull);
}

/* ---- the table of groups ---- */

static struct group **group_at(struct dispatch *d, uint64_t key)
{
    struct group **at = &d->table[key & (d->table_size - 1)];
    while (*at && (*at)->key != key)
        at = &(*at)->next;
    return at;
}

static void table_grow(struct dispatch *d)
{
    size_t old_size = d->table_size;
    struct group **old = d->table;
    d->table_size *= 2;
    d->table = calloc(d->table_size, sizeof(struct group *));
    must(d->table);
    for (size_t i = 0; i < old_size; i++)
        for (struct group *g = old[i], *next; g; g = next) {
            next = g->next;
            g->next = NULL;
            *group_at(d, g->key) = g;
        }
    free(old);
}

static struct group *group_get(struct dispatch *d, uint64_t key)
{
    struct group **at = group_at(d, key);
    if (*at)
        return *at;
    if (++d->groups > d->table_size) {
        table_grow(d);
        at = group_at(d, key);
    }
    struct group *g = calloc(1, sizeof(*g));
    must(g);
    g->key = key;
    *at = g;
    return g;
}

static uint64_t key_of(const struct selection *s)
{
    if (s->one)
        return group_key(s->resource, KEY_OBJECT, hash_str(s->ns), hash_str(s->name));
    if (s->name.n)
        return group_key(s->resource, KEY_NAME, hash_str(s->name), 0);
    if (s->trigger)
        return group_key(s->resource, KEY_TRIGGER, hash_str(s->trigger->value), 0);
    if (s->ns.n)
        return group_key(s->resource, KEY_NAMESPACE, hash_str(s->ns), 0);
    return group_key(s->resource, KEY_RESOURCE, 0, 0);
}

void dispatch_add(struct dispatch *d, struct watch *w)
{
    must_be(d, DISPATCH_MAGIC);
    struct group *g = group_get(d, key_of(&w->sel));
    w->group = g;
    w->prev = NULL;
    w->next = g->first;
    if (w->next)
        w->next->prev = w;
    g->first = w;
    d->watches++;
    wheel_add(d->wheel, w, w->bookmark_ms < w->end_ms ? w->bookmark_ms : w->end_ms);
}

void dispatch_remove(struct dispatch *d, struct watch *w)
{
    must_be(d, DISPATCH_MAGIC);
    struct group *g = w->group;
    if (w->prev)
        w->prev->next = w->next;
    else
        g->first = w->next;
    if (w->next)
        w->next->prev = w->prev;
    w->group = NULL;
    d->watches--;
    wheel_remove(d->wheel, w);
    if (g->first)
        return;
    *group_at(d, g->key) = g->next;
    d->groups--;
    free(g);
}

/* ---- what a turn shares ---- */

static void forget_turn(struct dispatch *d)
{
    for (int i = 0; d->any_event && i < EVENTS_KEPT; i++)
        d->events[i].valid = false;
    for (int i = 0; d->any_frame && i < FRAMES_KEPT; i++) {
        frame_unref(d->frames[i]);
        d->frames[i] = NULL;
    }
    d->any_event = d->any_frame = false;
    snapshot_unref(d->snap);
    d->snap = NULL;
}

struct snapshot *dispatch_snapshot(struct dispatch *d, int64_t at_least)
{
    must_be(d, DISPATCH_MAGIC);
    struct snapshots *all = d->ctx->snapshots;
    if (d->snap && snapshot_revision(d->snap) >= at_least)
        return d->snap;
    forget_turn(d);
    d->snap = snapshot_get(all);
    if (d->snap && snapshot_revision(d->snap) < at_least) {
        snapshot_unref(d->snap);
        snapshots_turn(all);
        d->snap = snapshot_get(all);
    }
    if (!d->snap && !context_is_past(d->ctx))
        log_error("a snapshot of the cache cannot be had errno=%d", errno);
    return d->snap;
}

bool dispatch_event(struct dispatch *d, int64_t revision, uint32_t sub, struct event *e)
{
    int i = (int)(revision & (EVENTS_KEPT - 1));
    if (sub)
        return d->snap && log_get(d->snap, revision, sub, e);
    if (!d->events[i].valid || d->events[i].e.revision != revision) {
        d->events[i].found = d->snap && log_get(d->snap, revision, 0, &d->events[i].e);
        d->events[i].e.revision = revision;
        d->events[i].valid = d->any_event = true;
    }
    *e = d->events[i].e;
    return d->events[i].found;
}

static struct frame **frame_at(struct dispatch *d, int64_t revision, uint64_t form_id, int variant)
{
    uint64_t h = mix(mix((uint64_t)revision, form_id), (uint64_t)variant);
    return &d->frames[h & (FRAMES_KEPT - 1)];
}

struct frame *dispatch_frame(struct dispatch *d, const struct event *e, uint64_t form_id, int variant)
{
    struct frame *f = *frame_at(d, e->revision, form_id, variant);
    bool same = f && f->revision == e->revision && f->sub == e->sub;
    return same && f->form_id == form_id && f->variant == variant ? f : NULL;
}

void dispatch_keep_frame(struct dispatch *d, struct frame *f)
{
    struct frame **at = frame_at(d, f->revision, f->form_id, f->variant);
    frame_unref(*at);
    f->refs++;
    *at = f;
    d->any_frame = true;
}

/* ---- offering ---- */

/* A watch with more of a selector than its group's key is not woken for what it does not select. */
static bool wants(struct dispatch *d, const struct watch *w, const struct ring_slot *s)
{
    struct event e;
    if (!w->early || w->behind || s->revision <= w->cursor)
        return true;
    if (!dispatch_snapshot(d, s->revision) || !dispatch_event(d, s->revision, s->sub, &e))
        return true; /* the watch will find out */
    return frame_type_for(w, &e) != FRAME_NONE;
}

static void offer_group(struct dispatch *d, uint64_t key, const struct ring_slot *s)
{
    const struct group *g = *group_at(d, key);
    for (struct watch *w = g ? g->first : NULL; w; w = w->next)
        if (wants(d, w, s))
            watch_note(w, s->revision);
}

static void offer(struct dispatch *d, const struct ring_slot *s)
{
    uint32_t r = s->resource;
    if (d->watches == 0)
        return;
    offer_group(d, group_key(r, KEY_RESOURCE, 0, 0), s);
    offer_group(d, group_key(r, KEY_NAMESPACE, s->ns_hash, 0), s);
    offer_group(d, group_key(r, KEY_OBJECT, s->ns_hash, s->name_hash), s);
    offer_group(d, group_key(r, KEY_NAME, s->name_hash, 0), s);
    if (s->trigger_hash)
        offer_group(d, group_key(r, KEY_TRIGGER, s->trigger_hash, 0), s);
    if (s->trigger_prev_hash && s->trigger_prev_hash != s->trigger_hash)
        offer_group(d, group_key(r, KEY_TRIGGER, s->trigger_prev_hash, 0), s);
}

/* ---- the ring, or the log in its place ---- */

static uint64_t trigger_of(const struct record *r)
{
    size_t at = 0;
    int slot;
    struct str key, value;
    bool indexed;
    struct record_table_view t = record_table_view(r);
    while (record_table_next(t, &at, &slot, &key, &value, &indexed))
        if (slot >= 0 && indexed)
            return hash_str(value);
    return 0;
}

static struct ring_slot slot_of(const struct event *e, const struct record *before)
{
    return (struct ring_slot){
        .revision = e->revision,
        .sub = e->sub,
        .resource = e->resource,
        .type = e->type,
        .ns_hash = hash_str(record_ns(e->record)),
        .name_hash = hash_str(record_name(e->record)),
        .trigger_hash = trigger_of(e->record),
        .trigger_prev_hash = before ? trigger_of(before) : 0,
    };
}

/* Goes on at the log's present; whoever was current learns from the log itself that something is missing. */
static void skip_gap(struct dispatch *d, const struct snapshot *s)
{
    log_warn("events left the window before they were dispatched after=%lld", (long long)d->revision);
    for (size_t i = 0; i < d->table_size; i++)
        for (struct group *g = d->table[i]; g; g = g->next)
            for (struct watch *w = g->first; w; w = w->next)
                watch_lost(w, d->revision);
    d->revision = snapshot_revision(s);
}

/* True when the log's end was reached. */
static bool read_log(struct dispatch *d)
{
    struct log_scan sc;
    struct event e;
    const struct record *before;
    snapshots_turn(d->ctx->snapshots);
    struct snapshot *s = snapshot_get(d->ctx->snapshots);
    if (!s)
        return true;
    int rc = log_scan_open(&sc, s, d->revision), n = 0;
    bool end = true, full = false;
    if (rc == -ESTALE)
        skip_gap(d, s);
    while (rc == 0 && end && log_scan_before(&sc, &e, &before)) {
        struct ring_slot slot = slot_of(&e, before);
        end = !full || e.revision == d->revision;
        if (!end)
            break;
        d->revision = e.revision;
        offer(d, &slot);
        full = full || ((++n & 63) == 0 && loop_turn_over(d->ctx->loop));
    }
    if (rc == 0)
        log_scan_close(&sc);
    if (end && rc != -EIO) {
        d->revision = snapshot_revision(s) > d->revision ? snapshot_revision(s) : d->revision;
        consumer_caught_up(&d->consumer, d->revision);
        d->lapped = false;
    }
    snapshot_unref(s);
    return end;
}

bool dispatch_poll(struct dispatch *d)
{
    must_be(d, DISPATCH_MAGIC);
    struct ring_slot slot;
    forget_turn(d);
    for (int n = 1;; n++) {
        if (d->lapped && !read_log(d))
            return true;
        enum consumer_result r = consumer_next(&d->consumer, &slot);
        if (r == CONSUMER_EMPTY)
            return false;
        if (n == 1)
            snapshots_turn(d->ctx->snapshots); /* what follows reads events that are newer than the turn */
        d->lapped = r == CONSUMER_LAPPED;
        if (r == CONSUMER_SLOT) {
            d->revision = d->consumer.revision;
            if (d->watches)
                delivery_published(d->delivery, slot.revision, slot.at_us);
            offer(d, &slot);
        }
        if ((n & 63) == 0 && loop_turn_over(d->ctx->loop))
            return true;
    }
}

void dispatch_sent(struct dispatch *d, int64_t revision)
{
    delivery_sent(d->delivery, revision);
}

void dispatch_turn_over(struct dispatch *d)
{
    must_be(d, DISPATCH_MAGIC);
    delivery_turn_over(d->delivery);
}

bool dispatch_sleep(struct dispatch *d)
{
    must_be(d, DISPATCH_MAGIC);
    return !d->lapped && consumer_sleep(&d->consumer);
}

void dispatch_awake(struct dispatch *d)
{
    must_be(d, DISPATCH_MAGIC);
    consumer_awake(&d->consumer);
}

/* ---- the rest ---- */

struct dispatch *dispatch_new(struct context *ctx)
{
    struct dispatch *d = calloc(1, sizeof(*d));
    must(d);
    d->magic = DISPATCH_MAGIC;
    d->ctx = ctx;
    d->table_size = TABLE_FIRST;
    d->table = calloc(d->table_size, sizeof(struct group *));
    must(d->table);
    d->wheel = wheel_new(ctx->loop);
    d->delivery = delivery_new(ctx->area, ctx->index);
    d->random = (uint64_t)clock_ns() | 1;
    struct snapshot *s = snapshot_get(ctx->snapshots);
    d->revision = s ? snapshot_revision(s) : 0;
    snapshot_unref(s);
    consumer_init(&d->consumer, ctx->area, ctx->index, d->revision);
    return d;
}

void dispatch_free(struct dispatch *d)
{
    if (!d)
        return;
    must_be(d, DISPATCH_MAGIC);
    must(d->watches == 0);
    forget_turn(d);
    wheel_free(d->wheel);
    delivery_free(d->delivery);
    free(d->table);
    d->magic = 0;
    free(d);
}

static void each_watch(struct dispatch *d, void (*fn)(struct watch *w))
{
    must_be(d, DISPATCH_MAGIC);
    for (size_t i = 0; i < d->table_size; i++)
        for (struct group *g = d->table[i]; g; g = g->next)
            for (struct watch *w = g->first; w; w = w->next)
                fn(w);
}

void dispatch_end_all(struct dispatch *d)
{
    each_watch(d, watch_end);
}

void dispatch_expire_all(struct dispatch *d)
{
    each_watch(d, watch_expire);
}

int dispatch_watches(const struct dispatch *d)
{
    return d->watches;
}

int64_t dispatch_revision(const struct dispatch *d)
{
    return d->revision;
}

uint32_t dispatch_random(struct dispatch *d, uint32_t n)
{
    d->random ^= d->random << 13;
    d->random ^= d->random >> 7;
    d->random ^= d->random << 17;
    return n ? (uint32_t)((d->random >> 11) % n) : 0;
}
