/* POST: a new object. The namespace is looked at in the newest state, so a create right after its namespace's
 * create works wherever either went. */
#include "worker/handlers/handlers.h"

#include "registry/rules/objectmeta.h"
#include "registry/strategy/strategy.h"
#include "registry/walk/tree.h"
#include "worker/read/freshness.h"
#include "worker/write/change.h"

#define NAMES_MAX 8

static enum write_verdict another_name(struct change *c, struct write *w)
{
    const struct strategy *s = strategy_for(c->stored);
    char name[64];

    generate_name(tree_str(c->in, "metadata.generateName"), name);
    tree_set_string(c->in, "metadata.name", name);
    if (s->named)
        s->named(c->in);
    if (c->plain)
        tree_set_string(c->plain, "metadata.name", name);
    w->name = arena_str(w->arena, str_of(name));
    return WRITE_AGAIN;
}

/* Somebody else has what was chosen for it: chosen anew, from the newest state. */
static bool choose_again(struct change *c, struct write *w)
{
    c->in = write_keep_tree(w->arena, json_deep_copy(c->plain));
    return change_admit_new(c, w->rq, c->in, &w->st);
}

static enum write_verdict step(struct write *w, const json_t *old, json_t **out)
{
    struct change *c = w->arg;

    if (!old) {
        if (c->plain && w->tries && !choose_again(c, w))
            return WRITE_FAIL;
        *out = json_incref(c->in);
        return WRITE_PUT;
    }
    if (c->generated && ++c->names < NAMES_MAX)
        return another_name(c, w);
    if (c->generated)
        status_generate_name_conflict(&w->st, c->r->group, c->r->plural, w->name, 1);
    else
        status_already_exists(&w->st, c->r->group, c->r->plural, w->name);
    if (tree_get(old, "metadata.deletionTimestamp"))
        w->st.message = arena_printf(w->arena, "object is being deleted: %s", w->st.message);
    return WRITE_FAIL;
}

static bool check_version(const json_t *obj, struct status *st)
{
    int64_t revision;

    /* one that is none is passed over */
    if (str_to_int64(tree_str(obj, "metadata.resourceVersion"), &revision) != 0 || revision <= 0)
        return true;
    status_set(st, 500, "", "resourceVersion should not be set on objects to be created");
    return false;
}

static enum stage_result admit(struct request *rq)
{
    struct change *c = rq->stage_state;
    struct status st = {.arena = rq->arena};
    bool suspended = false;
    struct snapshot *s = freshness_snapshot(rq, -1, &suspended, &st);
    struct write *w;

    rq->resume = admit;
    if (suspended)
        return STAGE_SUSPEND;
    if (!s)
        return answer_status(rq, &st);
    snapshot_unref(s);
    c->generated = !tree_str(c->in, "metadata.name").n;
    if (strategy_for(c->stored)->allocate)
        c->plain = write_keep_tree(rq->arena, json_deep_copy(c->in));
    if (!change_admit_new(c, rq, c->in, &st) || (!c->o.dry_run && !check_version(c->in, &st)))
        return answer_status(rq, &st);
    if (c->plain)
        tree_copy(c->plain, c->in, "metadata.name");
    w = write_new(rq->ctx, rq->arena, rq, c->stored, rq->info.ns,
                  arena_str(rq->arena, tree_str(c->in, "metadata.name")));
    w->dry_run = c->o.dry_run;
    w->creates = true;
    w->step = step;
    w->over = change_over;
    w->arg = c;
    return write_go(w);
}

/* What a client can't say of a new object. */
static void wipe(json_t *obj)
{
    static const char *const FIELDS[] = {"uid", "creationTimestamp", "deletionTimestamp",
                                         "deletionGracePeriodSeconds", "selfLink"};
    json_t *meta = tree_get(obj, "metadata");

    for (size_t i = 0; i < sizeof(FIELDS) / sizeof(FIELDS[0]); i++)
        json_object_del(meta, FIELDS[i]);
}

static bool read_body(struct change *c, struct request *rq, struct status *st)
{
    struct body_want want = body_want(c->r, rq->info.sub);
    enum media media;

    if (!negotiate_body(rq, &media, st))
        return false;
    c->in = body_object(rq, media, &want, &c->o, st);
    if (c->in)
        c->in = change_to_stored(c, rq, c->in, st);
    write_keep_tree(rq->arena, c->in);
    wipe(c->in);
    return c->in && body_namespace(c->in, c->stored, rq->info.ns, st);
}

enum stage_result handler_create(struct request *rq)
{
    struct change *c = arena_alloc(rq->arena, sizeof(*c));
    struct status st = {.arena = rq->arena};
    enum stage_result wait;

    if (!body_here(rq, handler_create, &wait, &st))
        return wait;
    if (status_failed(&st) || !change_init(c, rq, OPTIONS_CREATE, &st) || !read_body(c, rq, &st))
        return answer_status(rq, &st);
    rq->stage_state = c;
    return admit(rq);
}
