/* Maps are looked at in the order of their keys, so that what is printed or compared does not depend on how
 * they were made. */
#include "registry/apply/values.h"

#include <stdlib.h>
#include "registry/rules/text.h"
#include "shm/base/must.h"

static struct str string_of(const json_t *v)
{
    return (struct str){json_string_value(v), json_string_length(v)};
}

static int rank(const json_t *v)
{
    static const int ranks[] = {
        [JSON_INTEGER] = 0, [JSON_REAL] = 0,  [JSON_STRING] = 1, [JSON_TRUE] = 2,
        [JSON_FALSE] = 2,   [JSON_ARRAY] = 3, [JSON_OBJECT] = 4, [JSON_NULL] = 5,
    };

    return ranks[json_typeof(v)];
}

static int cmp_numbers(const json_t *a, const json_t *b)
{
    if (json_is_integer(a) && json_is_integer(b)) {
        json_int_t x = json_integer_value(a), y = json_integer_value(b);

        return (x > y) - (x < y);
    }
    double x = json_number_value(a), y = json_number_value(b);

    return (x > y) - (x < y);
}

static int cmp_lists(const json_t *a, const json_t *b)
{
    size_t n = json_array_size(a), m = json_array_size(b);

    for (size_t i = 0; i < n && i < m; i++) {
        int c = value_cmp(json_array_get(a, i), json_array_get(b, i));

        if (c)
            return c;
    }
    return (n > m) - (n < m);
}

static int cmp_members(const void *a, const void *b)
{
    return str_cmp(((const struct value_member *)a)->key, ((const struct value_member *)b)->key);
}

struct value_member *value_members(const json_t *v, size_t *n)
{
    json_t *o = (json_t *)(uintptr_t)v; /* jansson's iterators take no const */
    struct value_member *members;
    bool sorted = true;
    size_t i = 0;

    *n = json_object_size(v);
    if (*n == 0)
        return NULL;
    members = malloc(*n * sizeof(*members));
    must(members != NULL);
    for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it), i++) {
        members[i] = (struct value_member){{json_object_iter_key(it), json_object_iter_key_len(it)},
                                           json_object_iter_value(it)};
        if (i && cmp_members(&members[i - 1], &members[i]) > 0)
            sorted = false;
    }
    if (!sorted)
        qsort(members, *n, sizeof(*members), cmp_members);
    return members;
}

static int cmp_maps(const json_t *a, const json_t *b)
{
    size_t n, m;
    struct value_member *x = value_members(a, &n), *y = value_members(b, &m);
    int c = 0;

    for (size_t i = 0; c == 0 && i < n && i < m; i++) {
        c = str_cmp(x[i].key, y[i].key);
        if (c == 0)
            c = value_cmp(x[i].value, y[i].value);
    }
    free(x);
    free(y);
    return c ? c : (n > m) - (n < m);
}

int value_cmp(const json_t *a, const json_t *b)
{
    int c = rank(a) - rank(b);

    if (c || a == b)
        return c;
    switch (json_typeof(a)) {
    case JSON_INTEGER:
    case JSON_REAL:
        return cmp_numbers(a, b);
    case JSON_STRING:
        return str_cmp(string_of(a), string_of(b));
    case JSON_TRUE:
    case JSON_FALSE:
        return json_is_true(a) - json_is_true(b);
    case JSON_ARRAY:
        return cmp_lists(a, b);
    case JSON_OBJECT:
        return cmp_maps(a, b);
    default:
        return 0;
    }
}

/* How a value is written. */
struct notation {
    const char *list[3], *map[3]; /* what opens, separates and closes them */
    const char *colon, *null;
    bool quotes_keys;
};

static const struct notation SHORT = {{"[", ",", "]"}, {"", "", ""}, "=", "null", false};
static const struct notation GO = {
    {"[]interface {}{", ", ", "}"}, {"map[string]interface {}{", ", ", "}"}, ":", "interface {}(nil)", true};

static void put(struct buf *out, const json_t *v, const struct notation *n);

static void put_list(struct buf *out, const json_t *list, const struct notation *n)
{
    buf_puts(out, n->list[0]);
    for (size_t i = 0; i < json_array_size(list); i++) {
        buf_puts(out, i ? n->list[1] : "");
        put(out, json_array_get(list, i), n);
    }
    buf_puts(out, n->list[2]);
}

static void put_map(struct buf *out, const json_t *map, const struct notation *n)
{
    size_t count;
    struct value_member *members = value_members(map, &count);

    buf_puts(out, n->map[0]);
    for (size_t i = 0; i < count; i++) {
        buf_puts(out, i ? n->map[1] : "");
        if (n->quotes_keys)
            text_quote(out, members[i].key);
        else
            buf_str(out, members[i].key);
        buf_puts(out, n->colon);
        put(out, members[i].value, n);
    }
    buf_puts(out, n->map[2]);
    free(members);
}

static void put(struct buf *out, const json_t *v, const struct notation *n)
{
    if (json_is_string(v))
        text_quote(out, string_of(v));
    else if (json_is_array(v))
        put_list(out, v, n);
    else if (json_is_object(v))
        put_map(out, v, n);
    else if (json_is_integer(v))
        buf_put_int(out, json_integer_value(v));
    else if (json_is_real(v))
        text_put_double_v(out, json_real_value(v));
    else
        buf_puts(out, json_is_true(v) ? "true" : json_is_false(v) ? "false" : n->null);
}

void value_put(struct buf *out, const json_t *v)
{
    put(out, v, &SHORT);
}

void value_put_go(struct buf *out, const json_t *v)
{
    put(out, v, &GO);
}
