/* One walk over (schema, wire bytes, tree as stored, tree to be written). The two trees differ by what a
 * client changed; where a struct of the first is gone from the second, what was in it is gone too. */
#include "registry/walk/kept.h"

#include <stdlib.h>
#include "registry/walk/protobuf.h"
#include "registry/walk/wire.h"

struct walk {
    struct kept *kept;
    const char *err;
    int depth;
};

/* A message and what it is in both trees. */
struct spot {
    const struct schema_type *type;
    const json_t *old;
    json_t *obj;
    uint16_t path;
};

static void walk_message(struct walk *w, struct spot s, struct str in);

static void keep(struct walk *w, const struct spot *s, const struct wire_piece *p)
{
    struct kept *k = w->kept;
    if (k->n == k->cap) {
        size_t cap = k->cap ? 2 * k->cap : 8;
        struct kept_field *more = arena_raw(k->arena, cap * sizeof(*more));
        if (k->n)
            memcpy(more, k->fields, k->n * sizeof(*more));
        k->fields = more;
        k->cap = cap;
    }
    k->fields[k->n++] =
        (struct kept_field){.at = s->obj, .path = s->path, .number = p->number, .whole = p->whole};
}

/* ---- list items ---- */

/* The n-th key that items are known by; NULL behind the last. */
static const char *item_key(const struct schema_field *f, int n)
{
    if (f->list == LIST_MAP && f->list_keys)
        return f->list_keys[n];
    return n == 0 ? f->patch_key : NULL;
}

static bool is_same(const struct schema_field *f, const json_t *a, const json_t *b)
{
    if (!item_key(f, 0))
        return json_equal(a, b);
    const char *key;
    for (int i = 0; (key = item_key(f, i)); i++) {
        const json_t *x = json_object_get(a, key), *y = json_object_get(b, key);
        if (x != y && !json_equal(x, y))
            return false;
    }
    return true;
}

/* Most items are where they were. */
static json_t *find_item(const struct schema_field *f, const json_t *item, size_t i, json_t *list)
{
    json_t *there = json_array_get(list, i);
    if (!item || there == item || (there && is_same(f, item, there)))
        return there == NULL || !item ? NULL : there;
    for (size_t k = 0; k < json_array_size(list); k++) {
        if (is_same(f, item, json_array_get(list, k)))
            return json_array_get(list, k);
    }
    return NULL;
}

/* ---- the walk ---- */

/* Whether there is anything to keep inside: looking for an item is dear. */
static bool holds_more(struct walk *w, const struct schema_type *t, uint16_t path, struct str in, int depth);

static bool piece_holds_more(struct walk *w, const struct schema_type *t, uint16_t path,
                             const struct wire_piece *p, int depth)
{
    bool embedded;
    const struct schema_field *f = wire_field(t, path, p->number, &embedded);
    if (!f)
        return true;
    if (p->wire != WIRE_LEN)
        return false;
    if (embedded)
        return holds_more(w, t, wire_path(path, p->number), p->bytes, depth);
    const struct schema_type *inner = f->type;
    struct str in = p->bytes;
    struct wire_piece q = *p;
    if (inner->kind == SCHEMA_MAP) {
        while (wire_next(&in, &q, &w->err) && q.number != 2)
            ;
        if (w->err || q.number != 2 || q.wire != WIRE_LEN)
            return false;
    }
    if (inner->kind == SCHEMA_MAP || (inner->kind == SCHEMA_LIST && !inner->group_version))
        inner = inner->elem;
    return inner->kind == SCHEMA_STRUCT && holds_more(w, inner, 0, q.bytes, depth + 1);
}

static bool holds_more(struct walk *w, const struct schema_type *t, uint16_t path, struct str in, int depth)
{
    struct wire_piece p;
    while (depth <= PROTOBUF_DEPTH_MAX && wire_next(&in, &p, &w->err)) {
        if (piece_holds_more(w, t, path, &p, depth))
            return true;
    }
    return false;
}

static void walk_inner(struct walk *w, const struct schema_type *t, const json_t *old, json_t *obj,
                       struct str in)
{
    if (t->kind == SCHEMA_STRUCT && json_is_object(obj))
        walk_message(w, (struct spot){.type = t, .old = old, .obj = obj}, in);
}

static void walk_entry(struct walk *w, const struct schema_type *t, const json_t *old, json_t *obj,
                       struct str in)
{
    struct wire_piece p;
    struct str key = STR(""), value = STR("");
    while (wire_next(&in, &p, &w->err)) {
        if (p.number == 1)
            key = p.bytes;
        else if (p.number == 2)
            value = p.bytes;
    }
    walk_inner(w, t->elem, json_object_getn(old, key.p, key.n), json_object_getn(obj, key.p, key.n), value);
}

/* A struct that is no pointer is written though it is not in the tree. */
static void walk_single(struct walk *w, const struct schema_field *f, const struct spot *s, struct str in)
{
    json_t *obj = json_object_get(s->obj, f->json);
    if (obj || f->type->kind != SCHEMA_STRUCT || (f->flags & FIELD_POINTER)) {
        walk_inner(w, f->type, json_object_get(s->old, f->json), obj, in);
    } else if (holds_more(w, f->type, 0, in, w->depth)) {
        json_object_set_new(s->obj, f->json, obj = json_object());
        walk_inner(w, f->type, json_object_get(s->old, f->json), obj, in);
    }
}

static void walk_field(struct walk *w, const struct schema_field *f, const struct spot *s,
                       const struct wire_piece *p, size_t *item)
{
    struct str in = p->bytes;
    const struct schema_type *t = f->type;
    const json_t *old = json_object_get(s->old, f->json);
    json_t *obj = json_object_get(s->obj, f->json);
    if (t->kind == SCHEMA_MAP && t->elem->kind == SCHEMA_STRUCT) {
        walk_entry(w, t, old, obj, in);
    } else if (t->kind == SCHEMA_LIST && t->elem->kind == SCHEMA_STRUCT && !t->group_version) {
        size_t i = (*item)++;
        if (holds_more(w, t->elem, 0, in, w->depth))
            walk_inner(w, t->elem, json_array_get(old, i), find_item(f, json_array_get(old, i), i, obj), in);
    } else {
        walk_single(w, f, s, in);
    }
}

static void walk_message(struct walk *w, struct spot s, struct str in)
{
    const struct schema_field *last = NULL;
    struct wire_piece p;
    size_t items = 0; /* of the list that is being read: its pieces stand together */
    if (++w->depth > PROTOBUF_DEPTH_MAX)
        w->err = "proto: nesting is too deep";
    while (!w->err && wire_next(&in, &p, &w->err)) {
        bool embedded;
        const struct schema_field *f = wire_field(s.type, s.path, p.number, &embedded);
        struct spot inner = s;
        inner.path = wire_path(s.path, p.number);
        if (f != last)
            items = 0;
        last = f;
        if (!f)
            keep(w, &s, &p);
        else if (embedded && p.wire == WIRE_LEN)
            walk_message(w, inner, p.bytes);
        else if (!embedded && p.wire == WIRE_LEN)
            walk_field(w, f, &s, &p, &items);
    }
    w->depth--;
}

/* ---- in order ---- */

int kept_order(uint16_t path_a, uint32_t number_a, uint16_t path_b, uint32_t number_b)
{
    uint32_t a[3] = {path_a & 0xff, path_a >> 8, 0}, b[3] = {path_b & 0xff, path_b >> 8, 0};
    a[path_a == 0 ? 0 : path_a < 256 ? 1 : 2] = number_a;
    b[path_b == 0 ? 0 : path_b < 256 ? 1 : 2] = number_b;
    for (int i = 0; i < 3; i++) {
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    }
    return 0;
}

static int cmp_at(const json_t *a, const json_t *b)
{
    return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

/* Repeated ones stay as they were: their bytes lie in one message. */
static int cmp_fields(const void *x, const void *y)
{
    const struct kept_field *a = x, *b = y;
    int d = cmp_at(a->at, b->at);
    if (d == 0)
        d = kept_order(a->path, a->number, b->path, b->number);
    return d ? d : (a->whole.p > b->whole.p) - (a->whole.p < b->whole.p);
}

struct kept *kept_find(struct arena *a, struct str message, const struct schema_type *t, const json_t *old,
                       json_t *obj)
{
    struct kept *k = arena_alloc(a, sizeof(*k));
    struct walk w = {.kept = k};
    k->arena = a;
    walk_message(&w, (struct spot){.type = t, .old = old, .obj = obj}, message);
    if (w.err || k->n == 0)
        return NULL;
    qsort(k->fields, k->n, sizeof(*k->fields), cmp_fields);
    return k;
}

const struct kept_field *kept_of(const struct kept *k, const json_t *at, size_t *n)
{
    size_t low = 0, high = k && at ? k->n : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cmp_at(k->fields[middle].at, at) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *n = 0;
    while (k && at && low + *n < k->n && k->fields[low + *n].at == at)
        ++*n;
    return *n ? &k->fields[low] : NULL;
}
