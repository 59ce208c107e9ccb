/* Errors about patches quote values and types as Go prints them. */
#include "registry/walk/patchtext.h"

#include <stdlib.h>
#include "registry/rules/text.h"
#include "registry/walk/json.h"
#include "registry/walk/patch.h"

static int cmp_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void put_value(struct arena *a, struct buf *out, const json_t *v);

/* %v prints maps with sorted keys. */
static void put_map(struct arena *a, struct buf *out, const json_t *v)
{
    size_t n = json_object_size(v), i = 0;
    const char **keys = arena_alloc(a, n * sizeof(*keys));
    json_t *o = (json_t *)v; /* jansson's iterators take no const */

    for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it))
        keys[i++] = json_object_iter_key(it);
    qsort(keys, n, sizeof(*keys), cmp_keys);
    buf_puts(out, "map[");
    for (i = 0; i < n; i++) {
        if (i)
            buf_putc(out, ' ');
        buf_puts(out, keys[i]);
        buf_putc(out, ':');
        put_value(a, out, json_object_get(v, keys[i]));
    }
    buf_putc(out, ']');
}

static void put_value(struct arena *a, struct buf *out, const json_t *v)
{
    if (json_is_object(v)) {
        put_map(a, out, v);
    } else if (json_is_array(v)) {
        buf_putc(out, '[');
        for (size_t i = 0; i < json_array_size(v); i++) {
            if (i)
                buf_putc(out, ' ');
            put_value(a, out, json_array_get(v, i));
        }
        buf_putc(out, ']');
    } else if (json_is_string(v)) {
        buf_put(out, json_string_value(v), json_string_length(v));
    } else if (json_is_real(v)) {
        text_put_double_g(out, json_real_value(v), 64);
    } else if (!v || json_is_null(v)) {
        buf_puts(out, "<nil>");
    } else {
        json_write(out, v, 0);
    }
}

const char *patch_text(struct arena *a, const json_t *v)
{
    struct buf b = {0};
    const char *text;

    put_value(a, &b, v);
    text = arena_cstr(a, buf_view(&b));
    buf_free(&b);
    return text;
}

const char *patch_go_type(const json_t *v)
{
    if (!v || json_is_null(v))
        return "%!s(<nil>)";
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        return "map[string]interface {}";
    case JSON_ARRAY:
        return "[]interface {}";
    case JSON_STRING:
        return "string";
    case JSON_INTEGER:
        return "int64";
    case JSON_REAL:
        return "float64";
    default:
        return "bool";
    }
}
