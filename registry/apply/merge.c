/* Items of a list keep the order of the live object as far as the configuration does not say another; see
 * weave(). */
#include "registry/apply/merge.h"

#include <stdlib.h>
#include "registry/apply/compare.h"

static json_t *merge_at(struct shaper *s, const struct shape *shape, const json_t *l, const json_t *r);

/* The value of one side where the other has none to lay over or under it. */
static json_t *keep_either(struct shaper *s, const struct shape *shape, const json_t *l, const json_t *r)
{
    return r ? json_incref((json_t *)(uintptr_t)r) : shape_plain(s, shape, l);
}

static json_t *merge_members(struct shaper *s, const struct shape *shape, const json_t *l, const json_t *r)
{
    size_t n, m, i = 0, j = 0;
    struct shape_member *x = shape_members(s, shape, l, true, &n), *y = shape_members(s, shape, r, false, &m);
    json_t *out = n || m ? json_object() : keep_either(s, shape, l, r);

    while (i < n || j < m) {
        int order = i == n ? 1 : j == m ? -1 : str_cmp(x[i].key, y[j].key);
        const struct shape_member *some = order <= 0 ? &x[i] : &y[j];
        struct shape inner = shape_member(shape, some);
        json_t *v = merge_at(s, &inner, order <= 0 ? x[i].value : NULL, order >= 0 ? y[j].value : NULL);

        if (v)
            json_object_setn_new_nocheck(out, some->key.p, some->key.n, v);
        i += order <= 0;
        j += order >= 0;
    }
    free(x);
    free(y);
    return out;
}

/* Two lists whose items are known to each other. */
struct weaver {
    const json_t **live, **config;
    int *of_live;   /* the configuration's item that is the same, or -1 */
    int *of_config; /* the first live one that is the same, or -1 */
    bool *doubled;  /* of a configuration's item: there is more than one live item like it */
    bool *merged;   /* of a configuration's item */
    int n, m;
    int shared; /* the next item of the configuration that is in both, or m */
};

static void match(struct weaver *w, const struct list_item *x, size_t n, const struct list_item *y, size_t m)
{
    size_t j = 0;

    for (size_t i = 0; i < n; i++) {
        while (j < m && element_cmp(&y[j].element, &x[i].element) < 0)
            j++;
        if (j == m || element_cmp(&y[j].element, &x[i].element) != 0)
            continue;
        w->of_live[x[i].index] = (int)y[j].index;
        if (w->of_config[y[j].index] < 0)
            w->of_config[y[j].index] = (int)x[i].index;
        else
            w->doubled[y[j].index] = true;
    }
}

static void weaver_init(struct weaver *w, struct shaper *s, const struct shape *shape, const json_t *l,
                        const json_t *r)
{
    size_t n, m;
    struct list_item *x = compare_items(s, shape, l, true, &n), *y = compare_items(s, shape, r, false, &m);

    *w = (struct weaver){.n = (int)json_array_size(l), .m = (int)json_array_size(r)};
    w->live = arena_raw(s->arena, (size_t)w->n * sizeof(*w->live));
    w->config = arena_raw(s->arena, (size_t)w->m * sizeof(*w->config));
    w->of_live = arena_raw(s->arena, (size_t)w->n * sizeof(int));
    w->of_config = arena_raw(s->arena, (size_t)w->m * sizeof(int));
    w->doubled = arena_alloc(s->arena, (size_t)w->m);
    w->merged = arena_alloc(s->arena, (size_t)w->m);
    for (int i = 0; i < w->n; i++) {
        w->live[i] = json_array_get(l, (size_t)i);
        w->of_live[i] = -1;
    }
    for (int j = 0; j < w->m; j++) {
        w->config[j] = json_array_get(r, (size_t)j);
        w->of_config[j] = -1;
    }
    match(w, x, n, y, m);
}

static void next_shared(struct weaver *w, int from)
{
    for (w->shared = from; w->shared < w->m && w->of_config[w->shared] < 0;)
        w->shared++;
}

static void append(json_t *out, json_t *v)
{
    if (v)
        json_array_append_new(out, v);
}

static void take_config(struct weaver *w, struct shaper *s, const struct shape *elem, json_t *out, int j)
{
    const json_t *live = w->of_config[j] < 0 ? NULL : w->doubled[j] ? s->none : w->live[w->of_config[j]];

    w->merged[j] = true;
    append(out, merge_at(s, elem, live, w->config[j]));
}

/* Live items that the configuration does not name go before the next one that both have; items that both have
 * come in the configuration's order. */
static void weave(struct weaver *w, struct shaper *s, const struct shape *elem, json_t *out)
{
    int i = 0, j = 0;

    next_shared(w, 0);
    while (i < w->n || j < w->m) {
        int same = i < w->n ? w->of_live[i] : -1;

        if (i < w->n && j < w->m) {
            if (same == j) {
                take_config(w, s, elem, out, j);
                i++;
                next_shared(w, w->shared + 1);
                j++;
                continue;
            }
            if (same >= 0 && w->shared < w->m && same != w->shared) {
                i++; /* in both, but not its turn */
                continue;
            }
        }
        if (i < w->n) {
            if (same < 0) {
                append(out, shape_plain(s, elem, w->live[i]));
                i++;
                continue;
            }
            if (w->merged[same])
                i++;
        }
        if (j < w->m) {
            take_config(w, s, elem, out, j);
            if (j == w->shared)
                next_shared(w, w->shared + 1);
            j++;
        }
    }
}

static json_t *merge_lists(struct shaper *s, const struct shape *shape, const json_t *l, const json_t *r)
{
    struct shape elem = shape_elem(shape);
    json_t *out = json_array();
    struct weaver w;

    weaver_init(&w, s, shape, l, r);
    if (!s->err)
        weave(&w, s, &elem, out);
    return out;
}

/* Recursion as deep as the trees, which their readers bound. */
static json_t *merge_at(struct shaper *s, const struct shape *shape, const json_t *l, const json_t *r)
{
    enum shape_kind kind = shape_kind(shape, r ? r : l);

    if (!r || shape_is_leaf(shape, kind))
        return keep_either(s, shape, l, r);
    if (kind == SHAPE_MAP)
        return merge_members(s, shape, l, r);
    if (json_array_size(l) == 0 && json_array_size(r) == 0)
        return keep_either(s, shape, l, r);
    return merge_lists(s, shape, l, r);
}

json_t *merge(struct shaper *s, const struct shape *shape, const json_t *live, const json_t *config)
{
    return merge_at(s, shape, live, config);
}

/* Below a path something goes; the value itself stays, and if need be empty. */
static json_t *without_below(struct shaper *s, const struct shape *shape, json_t *v,
                             const struct fieldset *gone)
{
    json_t *out = merge_without(s, shape, v, gone);

    if (out)
        return out;
    return json_is_object(v) ? json_object() : json_is_array(v) ? json_array() : json_null();
}

static json_t *without_members(struct shaper *s, const struct shape *shape, const json_t *v,
                               const struct fieldset *gone)
{
    size_t n;
    struct shape_member *m = shape_members(s, shape, v, false, &n);
    json_t *out = json_object();
    bool matched = false;

    for (size_t i = 0; i < n; i++) {
        struct element e = {.kind = ELEMENT_FIELD, .name = m[i].key};
        const struct fieldset_node *node = fieldset_find(gone, &e);
        json_t *value = (json_t *)(uintptr_t)m[i].value;
        struct shape inner = shape_member(shape, &m[i]);

        if (node && node->member)
            continue;
        matched |= node != NULL;
        value = node ? without_below(s, &inner, value, node->children) : json_incref(value);
        json_object_setn_new_nocheck(out, m[i].key.p, m[i].key.n, value);
    }
    free(m);
    if (json_object_size(out) || matched)
        return out;
    json_decref(out);
    return NULL;
}

static json_t *without_items(struct shaper *s, const struct shape *shape, const json_t *v,
                             const struct fieldset *gone)
{
    struct shape elem = shape_elem(shape);
    json_t *out = json_array();
    bool matched = false;

    for (size_t i = 0; i < json_array_size(v); i++) {
        json_t *item = json_array_get(v, i);
        const struct fieldset_node *node = NULL;
        struct element e;

        if (!shape_element(s, shape, item, false, &e))
            node = fieldset_find(gone, &e);
        if (node && node->member)
            continue;
        matched |= node != NULL;
        json_array_append_new(out, node ? without_below(s, &elem, item, node->children) : json_incref(item));
    }
    if (json_array_size(out) || matched)
        return out;
    json_decref(out);
    return NULL;
}

/* NULL: nothing is left of it. */
json_t *merge_without(struct shaper *s, const struct shape *shape, const json_t *v,
                      const struct fieldset *gone)
{
    enum shape_kind kind = shape_kind(shape, v);

    if (kind == SHAPE_SCALAR)
        return json_incref((json_t *)(uintptr_t)v);
    if (shape_is_leaf(shape, kind))
        return NULL;
    if (kind == SHAPE_MAP)
        return without_members(s, shape, v, gone);
    return without_items(s, shape, v, gone);
}
