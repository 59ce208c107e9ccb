/* Both sides of a level are brought into the order of their elements and walked together, so that a long list
 * costs no more than sorting it and the sets come out sorted. */
#include "registry/apply/compare.h"

#include <stdlib.h>

/* What a comparison says below and at a path. */
struct delta {
    struct comparison below;
    bool added, modified, removed;
};

struct comparer {
    struct shaper *s;
    bool l_typed, r_typed;
};

struct builders {
    struct fieldset_builder added, modified, removed;
};

static struct delta compare_at(struct comparer *c, const struct shape *shape, const json_t *l,
                               const json_t *r);

static int cmp_items(const void *a, const void *b)
{
    const struct list_item *x = a, *y = b;
    int c = element_cmp(&x->element, &y->element);

    return c ? c : (x->index > y->index) - (x->index < y->index);
}

void compare_sort(struct list_item *items, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (cmp_items(&items[i - 1], &items[i]) <= 0)
            continue;
        qsort(items, n, sizeof(*items), cmp_items);
        return;
    }
}

struct list_item *compare_items(struct shaper *s, const struct shape *list, const json_t *v, bool typed,
                                size_t *n)
{
    size_t size = json_array_size(v);
    struct list_item *items = arena_raw(s->arena, size * sizeof(*items));

    *n = 0;
    for (size_t i = 0; i < size; i++) {
        struct list_item *item = &items[*n];
        const char *err;

        *item = (struct list_item){.value = json_array_get(v, i), .index = i};
        err = shape_element(s, list, item->value, typed, &item->element);
        if (err) {
            s->err = err;
            continue;
        }
        (*n)++;
    }
    compare_sort(items, *n);
    return items;
}

static void build(struct builders *b, const struct element *e, const struct delta *d)
{
    fieldset_add(&b->added, e, d->added, d->below.added);
    fieldset_add(&b->modified, e, d->modified, d->below.modified);
    fieldset_add(&b->removed, e, d->removed, d->below.removed);
}

/* Where one side has nothing, all of the other is in one set. */
static void builders_init(struct builders *b, struct arena *a, size_t left, size_t right)
{
    *b = (struct builders){{.arena = a, .expected = left ? 0 : (int)right},
                           {.arena = a},
                           {.arena = a, .expected = right ? 0 : (int)left}};
}

static struct comparison built(struct builders *b)
{
    return (struct comparison){fieldset_finish(&b->added), fieldset_finish(&b->modified),
                               fieldset_finish(&b->removed)};
}

static struct delta leaf(struct comparer *c, const struct shape *shape, const json_t *l, const json_t *r)
{
    struct delta d = {.added = !l, .removed = l && !r};

    d.modified = l && r && !shape_same(c->s, shape, l, c->l_typed, r, c->r_typed);
    return d;
}

static struct delta compare_members(struct comparer *c, const struct shape *shape, const json_t *l,
                                    const json_t *r)
{
    size_t n, m, i = 0, j = 0;
    struct shape_member *x = shape_members(c->s, shape, l, c->l_typed, &n);
    struct shape_member *y = shape_members(c->s, shape, r, c->r_typed, &m);
    struct delta all = {.added = !l, .removed = l && !r};
    struct builders b;

    if (n == 0 && m == 0)
        all = leaf(c, shape, l, r);
    builders_init(&b, c->s->arena, n, m);
    while (i < n || j < m) {
        int order = i == n ? 1 : j == m ? -1 : str_cmp(x[i].key, y[j].key);
        const struct shape_member *some = order <= 0 ? &x[i] : &y[j];
        struct element e = {.kind = ELEMENT_FIELD, .name = some->key};
        struct shape inner = shape_member(shape, some);
        struct delta d =
            compare_at(c, &inner, order <= 0 ? x[i].value : NULL, order >= 0 ? y[j].value : NULL);

        build(&b, &e, &d);
        i += order <= 0;
        j += order >= 0;
    }
    free(x);
    free(y);
    all.below = built(&b);
    return all;
}

static size_t run_of(const struct list_item *items, size_t i, size_t n)
{
    size_t run = 1;

    while (i + run < n && element_cmp(&items[i].element, &items[i + run].element) == 0)
        run++;
    return run;
}

static bool same_runs(struct comparer *c, const struct shape *elem, const struct list_item *l,
                      const struct list_item *r, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!shape_same(c->s, elem, l[i].value, c->l_typed, r[i].value, c->r_typed))
            return false;
    }
    return true;
}

/* Items with one identity; more than one on a side have one owner together. */
static struct delta compare_runs(struct comparer *c, const struct shape *elem, const struct list_item *l,
                                 size_t nl, const struct list_item *r, size_t nr)
{
    struct delta d = {0};

    if (nl <= 1 && nr <= 1)
        return compare_at(c, elem, nl ? l->value : NULL, nr ? r->value : NULL);
    if (nl >= 2 && nr >= 2) {
        d.modified = nl != nr || !same_runs(c, elem, l, r, nl);
    } else if (nl >= 2) {
        if (nr)
            d = compare_at(c, elem, NULL, r->value);
        d.removed = true;
    } else {
        if (nl)
            d = compare_at(c, elem, l->value, NULL);
        d.added = true;
    }
    return d;
}

static struct comparison compare_lists(struct comparer *c, const struct shape *shape, const json_t *l,
                                       const json_t *r)
{
    size_t n, m, i = 0, j = 0;
    struct list_item *x = compare_items(c->s, shape, l, c->l_typed, &n);
    struct list_item *y = compare_items(c->s, shape, r, c->r_typed, &m);
    struct shape elem = shape_elem(shape);
    struct builders b;

    builders_init(&b, c->s->arena, n, m);
    while (i < n || j < m) {
        int order = i == n ? 1 : j == m ? -1 : element_cmp(&x[i].element, &y[j].element);
        size_t nl = order <= 0 ? run_of(x, i, n) : 0, nr = order >= 0 ? run_of(y, j, m) : 0;
        struct delta d = compare_runs(c, &elem, x + i, nl, y + j, nr);

        build(&b, order <= 0 ? &x[i].element : &y[j].element, &d);
        i += nl;
        j += nr;
    }
    return built(&b);
}

static struct delta compare_as(struct comparer *c, const struct shape *shape, enum shape_kind kind,
                               const json_t *l, const json_t *r)
{
    struct delta d = {.added = !l, .removed = l && !r};

    if (shape_is_leaf(shape, kind))
        return leaf(c, shape, l, r);
    if (kind == SHAPE_MAP)
        return compare_members(c, shape, l, r);
    if (json_array_size(l) == 0 && json_array_size(r) == 0)
        return leaf(c, shape, l, r);
    d.below = compare_lists(c, shape, l, r);
    return d;
}

static struct comparison both(struct arena *a, const struct comparison *x, const struct comparison *y)
{
    return (struct comparison){fieldset_union(a, x->added, y->added),
                               fieldset_union(a, x->modified, y->modified),
                               fieldset_union(a, x->removed, y->removed)};
}

/* Recursion as deep as the trees, which their readers bound. */
static struct delta compare_at(struct comparer *c, const struct shape *shape, const json_t *l,
                               const json_t *r)
{
    enum shape_kind was = shape_kind(shape, l), is = shape_kind(shape, r);
    struct delta d, e;

    if (!r)
        return compare_as(c, shape, was, l, r);
    if (!l || was == is)
        return compare_as(c, shape, is, l, r);
    /* free JSON that became another kind of JSON: both views count */
    d = compare_as(c, shape, was, l, r);
    e = compare_as(c, shape, is, l, r);
    d.below = both(c->s->arena, &d.below, &e.below);
    d.added |= e.added;
    d.modified |= e.modified;
    d.removed |= e.removed;
    return d;
}

struct comparison compare(struct shaper *s, const struct shape *shape, const json_t *l, bool l_typed,
                          const json_t *r, bool r_typed)
{
    struct comparer c = {s, l_typed, r_typed};

    return compare_at(&c, shape, l, r).below;
}

static const struct fieldset *set_at(struct shaper *s, const struct shape *shape, const json_t *v,
                                     bool *self);

static const struct fieldset *set_of_members(struct shaper *s, const struct shape *shape, const json_t *v)
{
    struct fieldset_builder b = {.arena = s->arena};
    struct shape_member *m;
    size_t n;

    m = shape_members(s, shape, v, false, &n);
    for (size_t i = 0; i < n; i++) {
        struct element e = {.kind = ELEMENT_FIELD, .name = m[i].key};
        struct shape inner = shape_member(shape, &m[i]);
        const struct fieldset *below;
        bool self;

        below = set_at(s, &inner, m[i].value, &self);
        self |= !m[i].field || json_is_null(m[i].value) ||
                (json_is_object(m[i].value) && json_object_size(m[i].value) == 0);
        fieldset_add(&b, &e, self, below);
    }
    free(m);
    return fieldset_finish(&b);
}

static const struct fieldset *set_of_items(struct shaper *s, const struct shape *shape, const json_t *v)
{
    struct fieldset_builder b = {.arena = s->arena};
    struct shape elem = shape_elem(shape);
    size_t n, run;
    struct list_item *items = compare_items(s, shape, v, false, &n);

    for (size_t i = 0; i < n; i += run) {
        const struct fieldset *below = NULL;
        bool self;

        run = run_of(items, i, n);
        if (run == 1)
            below = set_at(s, &elem, items[i].value, &self);
        fieldset_add(&b, &items[i].element, true, below);
    }
    return fieldset_finish(&b);
}

static const struct fieldset *set_at(struct shaper *s, const struct shape *shape, const json_t *v, bool *self)
{
    enum shape_kind kind = shape_kind(shape, v);

    *self = shape_is_leaf(shape, kind);
    if (*self)
        return NULL;
    return kind == SHAPE_MAP ? set_of_members(s, shape, v) : set_of_items(s, shape, v);
}

const struct fieldset *compare_set(struct shaper *s, const struct shape *shape, const json_t *v)
{
    bool self;

    return set_at(s, shape, v, &self);
}
