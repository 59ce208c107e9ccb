/* Optimistic all the way: no lock is held while a request thinks. The store refuses a write whose base has
 * moved, and the step runs again on the new state, so that unconditional updates and patches never fail for
 * being late. */
#include "worker/write/write.h"

#include <errno.h>
#include "registry/strategy/strategy.h"
#include "registry/walk/tree.h"
#include "shm/base/clock.h"
#include "shm/base/must.h"
#include "worker/pipeline/pipeline.h"
#include "worker/read/freshness.h"
#include "worker/read/unreadable.h"
#include "worker/write/claims.h"
#include "worker/write/commit.h"
#include "worker/write/stored.h"

#define TOO_LATE "the object has been modified; please apply your changes to the latest version and try again"

static void on_fresh(struct freshness_wait *wait)
{
    struct write *w = (struct write *)(void *)((char *)wait - offsetof(struct write, wait));

    must_be(w, WRITE_MAGIC);
    w->wake(w);
}

static void cleanup(void *arg)
{
    struct write *w = arg;

    if (w->state == WRITE_SENT)
        store_cancel(w->ctx->store, w->ticket);
    freshness_leave(&w->wait);
    w->state = WRITE_OVER;
    buf_free(&w->draft);
}

struct write *write_new(struct context *ctx, struct arena *a, struct request *rq,
                        const struct schema_resource *stored, struct str ns, struct str name)
{
    struct write *w = arena_alloc(a, sizeof(*w));

    *w = (struct write){.magic = WRITE_MAGIC,
                        .ctx = ctx,
                        .rq = rq,
                        .arena = a,
                        .stored = stored,
                        .ns = stored->flags & RESOURCE_NAMESPACED ? ns : STR_NONE,
                        .name = name,
                        .at_least = ctx->fresh ? 0 : -1,
                        .sure = !ctx->fresh,
                        .tries_max = WRITE_TRIES_MAX,
                        .wait = {.wake = on_fresh},
                        .st = {.arena = a}};
    arena_cleanup(a, cleanup, w);
    return w;
}

static void drop_tree(void *arg)
{
    json_decref(arg);
}

json_t *write_keep_tree(struct arena *a, json_t *tree)
{
    if (tree)
        arena_cleanup(a, drop_tree, tree);
    return tree;
}

static void finish(struct write *w)
{
    w->state = WRITE_OVER;
}

static void go_on(void *arg)
{
    struct write *w = arg;

    must_be(w, WRITE_MAGIC);
    snapshots_turn(w->ctx->snapshots);
    if (w->rq)
        pipeline_resume(w->rq);
    else
        w->wake(w);
}

static void on_store(void *arg, const struct store_result *r)
{
    struct write *w = arg;

    must_be(w, WRITE_MAGIC);
    w->result = *r;
    w->state = WRITE_ANSWERED;
    if (w->ctx->fresh) /* the embedded store counts by itself */
        area_count(w->ctx->area, w->ctx->index,
                   r->error == 0                                ? AREA_STORE_WRITES
                   : r->error == -ESTALE || r->error == -EEXIST ? AREA_STORE_CONFLICTS
                                                                : AREA_STORE_ERRORS,
                   1);
    /* Whoever reads from now on has to see it. */
    if (r->error == 0)
        snapshots_turn(w->ctx->snapshots);
    if (w->rq)
        pipeline_resume(w->rq);
    else
        w->wake(w);
}

/* Whatever it is over with, claims that were taken for nothing go back first; those of a write that may have
 * been done stay. */
static void give_up(struct write *w, int error)
{
    bool may_be_done = error == -ETIMEDOUT && w->state == WRITE_ANSWERED;

    if (w->claims && !may_be_done) {
        w->retries = false;
        w->state = WRITE_UNDOES;
    } else {
        finish(w);
    }
}

static void store_failed(struct write *w, int error)
{
    if (w->ctx->fresh) {
        freshness_store_failed(&w->st, error);
        give_up(w, error);
        return;
    }
    switch (error) {
    case -EFBIG:
        status_set(&w->st, 413, "RequestEntityTooLarge", "Request entity too large: the object is too large");
        break;
    case -ETIMEDOUT:
        status_timeout(&w->st, w->stored->group, w->stored->plural, "write", 0);
        break;
    case -EAGAIN:
        status_too_many(&w->st, 1, "the store has too many writes waiting, please try again");
        break;
    default:
        status_internal(&w->st, "the store could not write: %s", strerror(-error));
    }
    give_up(w, error);
}

static void undo_and_again(struct write *w);

/* What is too large may be small enough without managedFields: then it is written so. */
static bool goes_bare(struct write *w, int error)
{
    if (error != -EFBIG || !w->rq || w->bare || w->verb != STORE_PUT)
        return false;
    w->bare = true;
    undo_and_again(w);
    return true;
}

static void send_op(struct write *w)
{
    struct store_op op = {.verb = w->verb, .ns = w->ns, .name = w->name, .expect = w->expect};
    int e;

    key_make(&op.key, w->stored->id, w->ns, w->name);
    if (w->verb == STORE_PUT)
        op.draft = (const struct record *)(const void *)w->draft.p;
    w->state = WRITE_SENT;
    e = store_submit(w->ctx->store, &op, on_store, w, &w->ticket);
    if (e && !goes_bare(w, e))
        store_failed(w, e);
}

/* To the store, once what the object shall hold is claimed. */
static void submit(struct write *w, enum store_verb verb, int64_t expect, const json_t *old,
                   const json_t *now)
{
    struct claims_of of = {w->stored, w->ns, w->name, old, now};

    w->verb = verb;
    w->expect = expect;
    w->claims = claims_new(w->ctx, w->arena, &of, go_on, w);
    if (w->claims)
        w->state = WRITE_TAKES;
    else
        send_op(w);
}

/* The draft's bytes against the stored ones, both without the digits of resourceVersion. */
static bool same_bytes(const struct record *draft, const struct record *stored)
{
    const char *a = (const char *)draft, *b = (const char *)stored;
    size_t head = draft->rv_off - draft->json_off, tail = draft->json_bytes - head;

    if (!draft->rv_off || stored->rv_off - stored->json_off != head)
        return false;
    if (stored->json_bytes - head - stored->rv_bytes != tail)
        return false;
    return memcmp(a + draft->json_off, b + stored->json_off, head) == 0 &&
           memcmp(a + draft->rv_off, b + stored->rv_off + stored->rv_bytes, tail) == 0;
}

/* Events go by themselves. */
static int64_t expires_s(const struct write *w, const json_t *obj)
{
    if (w->ttl_s)
        return clock_wall_s() + w->ttl_s;
    if (strcmp(w->stored->kind, "Event") != 0)
        return 0;
    return clock_wall_s() + w->ctx->options->event_ttl / 1000;
}

static void set_revision(json_t *obj, int64_t revision)
{
    char text[24];

    if (revision <= 0) {
        tree_delete(obj, "metadata.resourceVersion");
        return;
    }
    snprintf(text, sizeof(text), "%lld", (long long)revision);
    tree_set_string(obj, "metadata.resourceVersion", text);
}

static void answer_tree(struct write *w, json_t *tree, int64_t revision)
{
    /* Nothing there and nothing to do. */
    if (!tree) {
        finish(w);
        return;
    }
    set_revision(tree, revision);
    w->tree = write_keep_tree(w->arena, tree);
    w->revision = revision;
    finish(w);
}

static void answer_draft(struct write *w)
{
    const struct record *draft = (const struct record *)(const void *)w->draft.p;
    void *dst = arena_raw(w->arena, record_finished_bytes(draft, w->result.revision));

    record_finish(dst, draft, w->result.revision, 0);
    w->record = dst;
    w->revision = w->result.revision;
}

/* What was decided on a state that may be old, and wrote nothing to find that out, is decided on the newest.
 */
static bool unsure(struct write *w)
{
    if (w->sure)
        return false;
    w->sure = true;
    w->at_least = -1;
    w->state = WRITE_READS;
    w->st = (struct status){.arena = w->arena};
    return true;
}

/* Whether a write would not give the value the form that it has in etcd. */
static bool is_stale(const struct write *w, const struct record *rec)
{
    const struct context *ctx = w->ctx;

    return rec->flags & RECORD_STALE ||
           (ctx->stored && rec->mod_revision <= atomic_load(ctx->area->resealed) &&
            stored_seals(ctx->stored, w->stored));
}

static void put(struct write *w, const struct record *rec, json_t *old, json_t *out)
{
    struct strategy_call call = {.arena = w->arena, .resource = w->stored, .subresource = ""};
    struct kept *kept;

    /* What was prepared may have left fields that whoever reads the stored object has to find. */
    strategy_defaults(&call, out);
    if (w->bare)
        tree_delete(out, "metadata.managedFields");
    buf_clear(&w->draft);
    kept = rec ? record_kept(w->arena, rec, w->stored, old, out) : NULL;
    record_make(&w->draft, w->arena, out, w->stored, kept, expires_s(w, out));
    w->created = !rec;
    if (rec && !is_stale(w, rec) && same_bytes((const struct record *)(const void *)w->draft.p, rec)) {
        if (w->verdict == WRITE_PUT) {
            if (!unsure(w))
                answer_tree(w, json_incref(old), rec->mod_revision);
            return;
        }
        w->removing = true;
        w->tree = write_keep_tree(w->arena, json_incref(out));
        submit(w, STORE_DELETE, w->old_revision, old, NULL);
        return;
    }
    submit(w, STORE_PUT, rec ? w->old_revision : STORE_EXPECT_ABSENT, old, out);
}

static void dry(struct write *w, json_t *old, json_t *out)
{
    w->created = !old;
    w->removed = w->verdict == WRITE_REMOVE || w->verdict == WRITE_PUT_REMOVE;
    if (!old && out) { /* nobody gives it a version, and what the client sent stands */
        w->tree = write_keep_tree(w->arena, json_incref(out));
        finish(w);
        return;
    }
    answer_tree(w, json_incref(out ? out : old), w->old_revision);
}

static void decide(struct write *w, const struct record *rec)
{
    json_t *old = rec ? record_tree(w->arena, rec) : NULL, *out = NULL;

    w->old_revision = rec ? rec->mod_revision : 0;
    w->removing = false;
    if (rec && !w->creates && unreadable_object(rec, &w->st))
        w->verdict = WRITE_FAIL;
    else
        w->verdict = w->step(w, old, &out);
    if (w->verdict != WRITE_AGAIN && (w->verdict == WRITE_FAIL || w->verdict == WRITE_KEEP || w->dry_run) &&
        unsure(w)) {
        w->created = false;
    } else if (w->verdict == WRITE_FAIL) {
        finish(w);
    } else if (w->verdict == WRITE_AGAIN) {
        w->state = WRITE_READS;
    } else if (w->verdict == WRITE_KEEP) {
        answer_tree(w, json_incref(out ? out : old), w->old_revision);
    } else if (w->dry_run) {
        dry(w, old, out);
    } else if (w->verdict == WRITE_REMOVE) {
        w->tree = write_keep_tree(w->arena, json_incref(out ? out : old));
        submit(w, STORE_DELETE, w->old_revision, old, NULL);
    } else {
        put(w, rec, old, out);
    }
    json_decref(out);
    json_decref(old);
}

/* The state to begin with. NULL: waiting, or the write is over. */
static struct snapshot *newest(struct write *w)
{
    bool suspended = false;
    struct snapshot *s;
    int64_t known = store_revision(w->ctx->store);

    if (w->rq) {
        s = freshness_snapshot(w->rq, w->at_least, &suspended, &w->st);
        if (!s && !suspended)
            finish(w);
        return s;
    }
    if (w->ctx->freshness && w->tries < WRITE_TRIES_MAX / 2 &&
        freshness_wait(w->ctx->freshness, &w->wait, known > w->at_least ? known : w->at_least))
        return NULL;
    s = snapshot_get(w->ctx->snapshots);
    if (s && snapshot_revision(s) < known) {
        snapshot_unref(s);
        snapshots_turn(w->ctx->snapshots);
        s = snapshot_get(w->ctx->snapshots);
    }
    if (!s) {
        status_internal(&w->st, "the cache could not be read: %s", strerror(errno));
        finish(w);
    }
    return s;
}

static bool read_and_decide(struct write *w)
{
    struct snapshot *s = newest(w);
    struct key k;

    if (!s)
        return false;
    key_make(&k, w->stored->id, w->ns, w->name);
    decide(w, snapshot_object(s, &k));
    snapshot_unref(s);
    return true;
}

static void again(struct write *w)
{
    snapshots_turn(w->ctx->snapshots);
    w->removing = false;
    w->claims = NULL;
    w->state = WRITE_READS;
    w->at_least = w->result.revision > 0 ? w->result.revision : -1;
    w->sure = true;
    if (++w->tries < w->tries_max)
        return;
    status_conflict(&w->st, w->stored->group, w->stored->plural, w->name, TOO_LATE);
    finish(w);
}

static void undo_and_again(struct write *w)
{
    if (!w->claims) {
        again(w);
        return;
    }
    w->retries = true;
    w->state = WRITE_UNDOES;
}

static void done(struct write *w)
{
    if (w->claims)
        w->state = WRITE_DROPS;
    else
        finish(w);
}

static void answered(struct write *w)
{
    bool goes = w->removing || w->verdict == WRITE_REMOVE;

    if (w->result.error == -ESTALE || w->result.error == -EEXIST) {
        undo_and_again(w);
    } else if (goes_bare(w, w->result.error)) {
        return;
    } else if (w->result.error) {
        store_failed(w, w->result.error);
    } else if (goes) {
        w->removed = true;
        w->revision = w->result.revision;
        done(w);
    } else if (w->verdict == WRITE_PUT_REMOVE) {
        answer_draft(w);
        w->removing = true;
        w->verb = STORE_DELETE;
        w->expect = w->result.revision;
        send_op(w);
    } else {
        answer_draft(w);
        done(w);
    }
}

static void taken(struct write *w, enum claims_end end)
{
    if (end == CLAIMS_DONE)
        send_op(w);
    else if (end == CLAIMS_LOST)
        undo_and_again(w);
    else
        store_failed(w, w->claim_error);
}

static void undone(struct write *w, enum claims_end end)
{
    if (w->retries)
        again(w);
    else
        finish(w);
}

static void dropped(struct write *w, enum claims_end end)
{
    finish(w);
}

/* False: waiting. */
static bool run_claims(struct write *w, enum claims_part part,
                       void (*then)(struct write *w, enum claims_end end))
{
    struct snapshot *s = NULL;
    enum claims_end end = claims_run(w->claims, part, NULL, &w->claim_error);
    enum write_state was = w->state;

    if (end == CLAIMS_LOOK) {
        w->at_least = -1;
        s = newest(w);
        if (!s && w->state != was && part == CLAIMS_DROP)
            w->st = (struct status){.arena = w->arena}; /* it is written all the same */
        if (!s)
            return w->state != was;
        end = claims_run(w->claims, part, s, &w->claim_error);
        snapshot_unref(s);
    }
    if (end == CLAIMS_WAIT)
        return false;
    then(w, end);
    return true;
}

bool write_run(struct write *w)
{
    must_be(w, WRITE_MAGIC);
    for (;;) {
        switch (w->state) {
        case WRITE_READS:
            if (!read_and_decide(w) && w->state == WRITE_READS)
                return false;
            break;
        case WRITE_TAKES:
            if (!run_claims(w, CLAIMS_TAKE, taken))
                return false;
            break;
        case WRITE_UNDOES:
            if (!run_claims(w, CLAIMS_UNDO, undone))
                return false;
            break;
        case WRITE_DROPS:
            if (!run_claims(w, CLAIMS_DROP, dropped))
                return false;
            break;
        case WRITE_SENT:
            return false;
        case WRITE_ANSWERED:
            answered(w);
            break;
        case WRITE_OVER:
            return true;
        }
    }
}

static enum stage_result resume(struct request *rq)
{
    return write_go(rq->stage_state);
}

enum stage_result write_go(struct write *w)
{
    struct request *rq = w->rq;

    rq->stage_state = w;
    rq->resume = resume;
    return write_run(w) ? w->over(rq, w) : STAGE_SUSPEND;
}
