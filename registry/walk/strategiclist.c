/* The reference compares every item with every other; a client that sends long lists would pay for that with
 * our time. Here each list is indexed by its key once, with the same outcome. */
#include "registry/walk/strategiclist.h"

#include <stdarg.h>
#include <stdlib.h>
#include "registry/walk/json.h"
#include "registry/walk/patch.h"
#include "registry/walk/patchtext.h"

void smp_error(struct status *st, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    st->message = arena_vprintf(st->arena, fmt, ap);
    va_end(ap);
    st->code = 500;
    st->reason = "";
}

void smp_no_merge_key(struct status *st, const json_t *map, const char *key)
{
    smp_error(st, "map: %s does not contain declared merge key: %s", patch_text(st->arena, map), key);
}

void smp_bad_type(struct status *st, const char *expected, const json_t *actual)
{
    smp_error(st, "expected a %s, but received a %s", expected, patch_go_type(actual));
}

/* A value as a key of the index: its type and text. false: it can't be compared (containers). */
static bool value_key(struct buf *out, const json_t *v)
{
    if (!v || json_is_object(v) || json_is_array(v))
        return false;
    buf_clear(out);
    buf_putc(out, (char)('a' + json_typeof(v)));
    json_write(out, v, 0);
    return true;
}

static const json_t *compared(const json_t *item, const char *key)
{
    return *key ? json_object_get(item, key) : item;
}

void list_index_add(struct list_index *x, const json_t *item, const char *key, size_t at)
{
    struct buf b = {0};

    if (value_key(&b, compared(item, key)) && !json_object_getn(x->places, b.p, b.n))
        json_object_setn_new_nocheck(x->places, b.p, b.n, json_integer((json_int_t)at));
    buf_free(&b);
}

bool list_index_make(struct list_index *x, const json_t *list, const char *key, struct status *st)
{
    x->places = json_object();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);

        if (*key && !json_is_object(item)) {
            smp_error(st, "value for key %zu is not a map", i);
            list_index_free(x);
            return false;
        }
        list_index_add(x, item, key, i);
    }
    return true;
}

void list_index_free(struct list_index *x)
{
    json_decref(x->places);
    x->places = NULL;
}

json_int_t list_index_of_value(const struct list_index *x, const json_t *value)
{
    struct buf b = {0};
    json_int_t at = -1;

    if (value_key(&b, value)) {
        const json_t *place = json_object_getn(x->places, b.p, b.n);

        at = place ? json_integer_value(place) : -1;
    }
    buf_free(&b);
    return at;
}

json_int_t list_index_of(const struct list_index *x, const json_t *item, const char *key)
{
    return list_index_of_value(x, compared(item, key));
}

struct ordered {
    json_t *item;
    json_int_t rank; /* what it is sorted by */
    json_int_t server;
    size_t at; /* keeps equals in their order */
};

static int cmp_ordered(const void *a, const void *b)
{
    const struct ordered *x = a, *y = b;

    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static bool has_keys(const json_t *list, const char *key, struct status *st)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);

        if (!json_is_object(item)) {
            smp_bad_type(st, "map[string]interface {}", item);
            return false;
        }
        if (!json_object_get(item, key)) {
            smp_no_merge_key(st, item, key);
            return false;
        }
    }
    return true;
}

/* Server-only items (left) go in front of the first patch item that was behind them in the live list. */
static json_t *interleave(const struct ordered *left, size_t nl, const struct ordered *right, size_t nr)
{
    json_t *out = json_array();
    size_t i = 0, j = 0;

    while (i < nl || j < nr) {
        bool take_left = j >= nr || (i < nl && left[i].server >= 0 && right[j].server >= 0 &&
                                     left[i].server < right[j].server);

        json_array_append(out, take_left ? left[i++].item : right[j++].item);
    }
    return out;
}

static json_t *order_with(const json_t *merged, const struct list_index *patch,
                          const struct list_index *server, const char *key)
{
    size_t n = json_array_size(merged), nl = 0, nr = 0;
    struct ordered *left = malloc((n + 1) * 2 * sizeof(*left)), *right = left + n + 1;
    json_t *out;

    if (!left)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        json_t *item = json_array_get(merged, i);
        json_int_t in_patch = list_index_of(patch, item, key), in_server = list_index_of(server, item, key);
        struct ordered o = {item, in_patch >= 0 ? in_patch : in_server, in_server, i};

        if (in_patch >= 0)
            right[nr++] = o;
        else
            left[nl++] = o;
    }
    qsort(left, nl, sizeof(*left), cmp_ordered);
    qsort(right, nr, sizeof(*right), cmp_ordered);
    out = interleave(left, nl, right, nr);
    free(left);
    return out;
}

json_t *list_order(const json_t *merged, const json_t *patch_order, const json_t *server_order,
                   const char *key, bool maps, struct status *st)
{
    struct list_index patch = {0}, server = {0};
    json_t *out = NULL;

    if ((maps || *key) &&
        (!has_keys(merged, key, st) || !has_keys(patch_order, key, st) || !has_keys(server_order, key, st)))
        return NULL;
    if (list_index_make(&patch, patch_order, key, st) && list_index_make(&server, server_order, key, st))
        out = order_with(merged, &patch, &server, key);
    list_index_free(&patch);
    list_index_free(&server);
    return out;
}
