/* Three steps, in the version of the last apply: take out all that was applied; put back what others own and
 * what was never owned by being under something that was taken out; of what then is still missing only that
 * goes which had been applied. */
#include "registry/apply/prune.h"

#include "registry/apply/merge.h"
#include "registry/apply/shapeset.h"
#include "registry/walk/tree.h"

struct pruner {
    struct tracker *t;
    struct shape shape;
};

static const json_t *without(struct pruner *p, const json_t *v, const struct fieldset *gone)
{
    json_t *out = gone ? merge_without(&p->t->s, &p->shape, v, gone) : json_incref((json_t *)(uintptr_t)v);

    if (!out)
        out = json_object();
    return tree_keep(p->t->call->arena, out);
}

static const struct fieldset *named(struct pruner *p, const struct fieldset *set)
{
    return shapeset_named(p->t->call->arena, &p->shape, set);
}

static const struct fieldset *named_set(struct pruner *p, const json_t *v)
{
    return named(p, compare_set(&p->t->s, &p->shape, v));
}

/* A plain tree in another version, again plain; NULL: there is no such version. */
static const json_t *convert(struct tracker *t, const json_t *v, struct str from, struct str to,
                             struct shape *shape)
{
    bool typed = false;
    const json_t *out = tracker_convert(t, v, &typed, from, to, shape);

    if (!out || out == v)
        return out;
    return tree_keep(t->call->arena, shape_plain(&t->s, shape, out));
}

static const struct fieldset *owned(struct arena *a, const struct managers *ms, struct str version)
{
    const struct fieldset **sets = arena_raw(a, (size_t)(ms->n + 1) * sizeof(*sets));
    int n = 0;

    for (int i = 0; i < ms->n; i++) {
        if (str_eq(ms->m[i].version, version))
            sets[n++] = ms->m[i].set;
    }
    return fieldset_union_all(a, sets, n);
}

/* pruned with what is owned in this version, or was not in merged's sets at all. */
static const json_t *put_back(struct pruner *p, const json_t *merged, const json_t *pruned,
                              const struct fieldset *managed)
{
    struct arena *a = p->t->call->arena;
    const struct fieldset *stays = fieldset_union(a, named_set(p, pruned), named(p, managed));

    return without(p, merged, fieldset_difference(a, named_set(p, merged), stays));
}

/* The same for every other version that somebody used; each is looked at once. */
static const json_t *put_back_others(struct tracker *t, const json_t *merged, const json_t *pruned,
                                     const struct managers *ms, struct str version)
{
    struct str seen[TRACKER_VERSIONS_MAX] = {version};
    int n = 1;

    for (int i = 0; i < ms->n && n < TRACKER_VERSIONS_MAX; i++) {
        struct pruner other = {t, t->root}, own = {t, t->root};
        struct str v = ms->m[i].version;
        const json_t *m, *p;
        int at = 0;

        while (at < n && !str_eq(seen[at], v))
            at++;
        if (at < n)
            continue;
        seen[n++] = v;
        m = convert(t, merged, version, v, &other.shape);
        p = m ? convert(t, pruned, version, v, &other.shape) : NULL;
        if (!p)
            continue;
        p = put_back(&other, m, p, owned(t->call->arena, ms, v));
        p = convert(t, p, v, version, &own.shape);
        if (p)
            pruned = p;
    }
    return pruned;
}

const json_t *prune(struct tracker *t, const json_t *merged, struct managers *ms, const struct fieldset *last,
                    struct str last_version)
{
    struct arena *a = t->call->arena;
    struct pruner p = {t, t->root};
    struct shape back = t->root;
    const struct fieldset *managed, *applied, *missing;
    const json_t *whole = last ? convert(t, merged, t->version, last_version, &p.shape) : NULL, *pruned;

    if (!whole)
        return merged;
    managed = owned(a, ms, last_version);
    applied = named(&p, last);
    if (!fieldset_difference(a, applied, named(&p, managed)))
        return merged;
    pruned = put_back(&p, whole, without(&p, whole, applied), managed);
    pruned = put_back_others(t, whole, pruned, ms, last_version);
    missing = fieldset_difference(a, named_set(&p, whole), named_set(&p, pruned));
    pruned = without(&p, whole, fieldset_intersection(a, missing, applied));
    whole = convert(t, pruned, last_version, t->version, &back);
    return whole ? whole : merged;
}
