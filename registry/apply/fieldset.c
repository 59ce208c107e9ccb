/* Every operation walks two sorted levels side by side, so it costs what the sets measure; what is the same
 * in the result is shared, not copied. */
#include "registry/apply/fieldset.h"

#include <stdlib.h>
#include "registry/apply/values.h"

#define FIRST_NODES 4

void fieldset_add(struct fieldset_builder *b, const struct element *e, bool member,
                  const struct fieldset *children)
{
    if (!member && !children)
        return;
    if (b->n == b->cap) {
        struct fieldset_node *more;

        b->cap = b->cap ? 2 * b->cap : b->expected ? b->expected : FIRST_NODES;
        more = arena_raw(b->arena, (size_t)b->cap * sizeof(*more));
        if (b->n)
            memcpy(more, b->nodes, (size_t)b->n * sizeof(*more));
        b->nodes = more;
    }
    if (b->n && !b->unsorted && element_cmp(&b->nodes[b->n - 1].element, e) >= 0)
        b->unsorted = true;
    b->nodes[b->n++] = (struct fieldset_node){*e, member, children};
}

static int cmp_nodes(const void *a, const void *b)
{
    return element_cmp(&((const struct fieldset_node *)a)->element,
                       &((const struct fieldset_node *)b)->element);
}

const struct fieldset *fieldset_finish(struct fieldset_builder *b)
{
    struct fieldset *s;
    int n = 0;

    if (b->n == 0)
        return NULL;
    if (b->unsorted) {
        qsort(b->nodes, (size_t)b->n, sizeof(*b->nodes), cmp_nodes);
        for (int i = 1; i < b->n; i++) {
            struct fieldset_node *last = &b->nodes[n], *node = &b->nodes[i];

            if (element_cmp(&last->element, &node->element) != 0) {
                b->nodes[++n] = *node;
                continue;
            }
            last->member |= node->member;
            last->children = fieldset_union(b->arena, last->children, node->children);
        }
        b->n = n + 1;
    }
    s = arena_raw(b->arena, sizeof(*s));
    *s = (struct fieldset){b->nodes, b->n};
    return s;
}

const struct fieldset *fieldset_path(struct arena *a, const char *path)
{
    struct fieldset_builder b = {.arena = a};
    size_t n = strcspn(path, ".");
    struct element e = {.kind = ELEMENT_FIELD, .name = {path, n}};

    fieldset_add(&b, &e, !path[n], path[n] ? fieldset_path(a, path + n + 1) : NULL);
    return fieldset_finish(&b);
}

static int cmp_parts(const struct element *a, const struct element *b)
{
    for (int i = 0; i < a->nparts && i < b->nparts; i++) {
        int c = str_cmp(a->parts[i].name, b->parts[i].name);

        if (c == 0)
            c = value_cmp(a->parts[i].value, b->parts[i].value);
        if (c)
            return c;
    }
    return a->nparts - b->nparts;
}

int element_cmp(const struct element *a, const struct element *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    switch (a->kind) {
    case ELEMENT_FIELD:
        return str_cmp(a->name, b->name);
    case ELEMENT_KEY:
        return cmp_parts(a, b);
    case ELEMENT_VALUE:
        return value_cmp(a->value, b->value);
    case ELEMENT_INDEX:
        break;
    }
    return (a->index > b->index) - (a->index < b->index);
}

void element_put(struct buf *out, const struct element *e)
{
    switch (e->kind) {
    case ELEMENT_FIELD:
        buf_putc(out, '.');
        buf_str(out, e->name);
        return;
    case ELEMENT_KEY:
        buf_putc(out, '[');
        for (int i = 0; i < e->nparts; i++) {
            if (i)
                buf_putc(out, ',');
            buf_str(out, e->parts[i].name);
            buf_putc(out, '=');
            value_put(out, e->parts[i].value);
        }
        buf_putc(out, ']');
        return;
    case ELEMENT_VALUE:
        buf_puts(out, "[=");
        value_put(out, e->value);
        buf_putc(out, ']');
        return;
    case ELEMENT_INDEX:
        buf_printf(out, "[%lld]", (long long)e->index);
        return;
    }
}

/* One level of x beside one of y: the next pair; x or y NULL where the other has the smaller element. */
struct pair {
    const struct fieldset_node *x, *y;
};

static bool next_pair(const struct fieldset *x, const struct fieldset *y, int *i, int *j, struct pair *p)
{
    const struct fieldset_node *a = x && *i < x->n ? &x->nodes[*i] : NULL;
    const struct fieldset_node *b = y && *j < y->n ? &y->nodes[*j] : NULL;
    int c = a && b ? element_cmp(&a->element, &b->element) : 0;

    *p = (struct pair){c <= 0 ? a : NULL, c >= 0 ? b : NULL};
    *i += p->x != NULL;
    *j += p->y != NULL;
    return p->x || p->y;
}

static const struct fieldset_node *either(const struct pair *p)
{
    return p->x ? p->x : p->y;
}

const struct fieldset *fieldset_union(struct arena *a, const struct fieldset *x, const struct fieldset *y)
{
    struct fieldset_builder b = {.arena = a};
    struct pair p;

    if (!x || !y || x == y)
        return x ? x : y;
    for (int i = 0, j = 0; next_pair(x, y, &i, &j, &p);) {
        const struct fieldset_node *n = either(&p);

        if (p.x && p.y)
            fieldset_add(&b, &n->element, p.x->member || p.y->member,
                         fieldset_union(a, p.x->children, p.y->children));
        else
            fieldset_add(&b, &n->element, n->member, n->children);
    }
    return fieldset_finish(&b);
}

const struct fieldset_node *fieldset_find(const struct fieldset *s, const struct element *e)
{
    int lo = 0, hi = s ? s->n : 0;

    while (lo < hi) {
        int mid = (lo + hi) / 2, c = element_cmp(&s->nodes[mid].element, e);

        if (c == 0)
            return &s->nodes[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

const struct fieldset *fieldset_union_all(struct arena *a, const struct fieldset *const *sets, int n)
{
    if (n <= 1)
        return n ? sets[0] : NULL;
    return fieldset_union(a, fieldset_union_all(a, sets, n / 2),
                          fieldset_union_all(a, sets + n / 2, n - n / 2));
}

/* Many managers may each own a little of what changed a lot: then looking up beats walking side by side. */
static bool is_far_smaller(const struct fieldset *x, const struct fieldset *y)
{
    return x->n < y->n / 16;
}

const struct fieldset *fieldset_intersection(struct arena *a, const struct fieldset *x,
                                             const struct fieldset *y)
{
    struct fieldset_builder b = {.arena = a};
    struct pair p;

    if (!x || !y)
        return NULL;
    if (is_far_smaller(y, x))
        return fieldset_intersection(a, y, x);
    for (int i = 0; is_far_smaller(x, y) && i < x->n; i++) {
        const struct fieldset_node *n = &x->nodes[i], *same = fieldset_find(y, &n->element);

        if (same)
            fieldset_add(&b, &n->element, n->member && same->member,
                         fieldset_intersection(a, n->children, same->children));
    }
    if (is_far_smaller(x, y))
        return fieldset_finish(&b);
    for (int i = 0, j = 0; next_pair(x, y, &i, &j, &p);) {
        if (p.x && p.y)
            fieldset_add(&b, &p.x->element, p.x->member && p.y->member,
                         fieldset_intersection(a, p.x->children, p.y->children));
    }
    return fieldset_finish(&b);
}

static const struct fieldset *difference(struct arena *a, const struct fieldset *x, const struct fieldset *y,
                                         bool deep);

/* What is left of a node of x that stands beside y's (or NULL). */
static void subtract(struct fieldset_builder *b, const struct fieldset_node *x, const struct fieldset_node *y,
                     bool deep)
{
    bool gone = y && y->member;

    if (gone && deep)
        return;
    fieldset_add(b, &x->element, x->member && !gone,
                 y ? difference(b->arena, x->children, y->children, deep) : x->children);
}

static const struct fieldset *difference(struct arena *a, const struct fieldset *x, const struct fieldset *y,
                                         bool deep)
{
    struct fieldset_builder b = {.arena = a};
    struct pair p;

    if (!x || !y)
        return x;
    if (is_far_smaller(x, y)) {
        for (int i = 0; i < x->n; i++)
            subtract(&b, &x->nodes[i], fieldset_find(y, &x->nodes[i].element), deep);
        return fieldset_finish(&b);
    }
    for (int i = 0, j = 0; next_pair(x, y, &i, &j, &p);) {
        if (p.x)
            subtract(&b, p.x, p.y, deep);
    }
    return fieldset_finish(&b);
}

const struct fieldset *fieldset_difference(struct arena *a, const struct fieldset *x,
                                           const struct fieldset *y)
{
    return difference(a, x, y, false);
}

const struct fieldset *fieldset_difference_deep(struct arena *a, const struct fieldset *x,
                                                const struct fieldset *y)
{
    return difference(a, x, y, true);
}

bool fieldset_same(const struct fieldset *x, const struct fieldset *y)
{
    if (!x || !y || x == y)
        return x == y;
    if (x->n != y->n)
        return false;
    for (int i = 0; i < x->n; i++) {
        if (x->nodes[i].member != y->nodes[i].member ||
            element_cmp(&x->nodes[i].element, &y->nodes[i].element) != 0 ||
            !fieldset_same(x->nodes[i].children, y->nodes[i].children))
            return false;
    }
    return true;
}

static void each(const struct fieldset *s, struct buf *path, void (*fn)(void *arg, struct str path),
                 void *arg)
{
    size_t before = path->n;

    for (int i = 0; i < s->n; i++) {
        if (!s->nodes[i].member)
            continue;
        element_put(path, &s->nodes[i].element);
        fn(arg, buf_view(path));
        path->n = before;
    }
    for (int i = 0; i < s->n; i++) {
        if (!s->nodes[i].children)
            continue;
        element_put(path, &s->nodes[i].element);
        each(s->nodes[i].children, path, fn, arg);
        path->n = before;
    }
}

void fieldset_each(const struct fieldset *s, void (*fn)(void *arg, struct str path), void *arg)
{
    struct buf path = {0};

    if (s)
        each(s, &path, fn, arg);
    buf_free(&path);
}
