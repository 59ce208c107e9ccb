/* A row is text from the start: cells go straight into the answer's buffer, and only a cell that is put
 * together from pieces, or may turn out empty, waits in a buffer of its own. */
#include "registry/columns/cells.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "registry/columns/age.h"
#include "registry/rules/selectortext.h"
#include "registry/walk/json.h"
#include "shm/base/must.h"

static void next(struct cells *c)
{
    if (c->n++)
        buf_putc(c->out, ',');
}

void cell_str(struct cells *c, struct str s)
{
    next(c);
    json_write_string(c->out, s);
}

void cell_text(struct cells *c, const char *s)
{
    cell_str(c, str_of(s));
}

void cell_int(struct cells *c, int64_t v)
{
    next(c);
    buf_put_int(c->out, v);
}

void cell_bool(struct cells *c, bool v)
{
    next(c);
    buf_puts(c->out, v ? "true" : "false");
}

void cell_printf(struct cells *c, const char *fmt, ...)
{
    char text[128];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    cell_text(c, text);
}

struct buf *cell_open(struct cells *c)
{
    buf_clear(&c->text);
    return &c->text;
}

void cell_close(struct cells *c, const char *otherwise)
{
    cell_str(c, c->text.n ? buf_view(&c->text) : str_of(otherwise));
}

void cell_at(struct cells *c, const json_t *obj, const char *path, const char *otherwise)
{
    struct str s = tree_str(obj, path);
    cell_str(c, s.n ? s : str_of(otherwise));
}

void cell_at_pointer(struct cells *c, const json_t *obj, const char *path, const char *otherwise)
{
    const json_t *v = tree_get(obj, path);
    cell_str(c, json_is_string(v) ? tree_str(v, "") : str_of(otherwise));
}

void cell_int_at(struct cells *c, const json_t *obj, const char *path)
{
    cell_int(c, tree_int(obj, path, 0));
}

void cell_bool_at(struct cells *c, const json_t *obj, const char *path, bool otherwise)
{
    cell_bool(c, tree_bool(obj, path, otherwise));
}

void cell_size_at(struct cells *c, const json_t *obj, const char *path)
{
    const json_t *v = tree_get(obj, path);
    cell_int(c, (int64_t)(json_is_object(v) ? json_object_size(v) : json_array_size(v)));
}

void cell_name(struct cells *c, const json_t *obj)
{
    cell_str(c, tree_str(obj, "metadata.name"));
}

void cell_since(struct cells *c, const json_t *obj, const char *path)
{
    char text[AGE_TEXT_BYTES];
    age_since(text, tree_str(obj, path), c->now_us);
    cell_text(c, text);
}

void cell_age(struct cells *c, const json_t *obj)
{
    cell_since(c, obj, "metadata.creationTimestamp");
}

static void cell_of_each(struct cells *c, const json_t *list, const char *key)
{
    struct buf *b = cell_open(c);
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (i)
            buf_putc(b, ',');
        put_at(b, json_array_get(list, i), key);
    }
    cell_close(c, "");
}

void cell_containers(struct cells *c, const json_t *containers)
{
    cell_of_each(c, containers, "name");
    cell_of_each(c, containers, "image");
}

void cell_labels(struct cells *c, const json_t *map)
{
    selector_put_map(cell_open(c), map);
    cell_close(c, "<none>");
}

void cell_selector(struct cells *c, const json_t *selector)
{
    if (selector_put_text(cell_open(c), selector))
        cell_close(c, "<none>");
    else
        cell_text(c, "<error>");
}

/* ---- pieces ---- */

void put_at(struct buf *b, const json_t *obj, const char *path)
{
    buf_str(b, tree_str(obj, path));
}

void put_lower(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        buf_putc(b, s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 'a' - 'A') : s.p[i]);
}

void put_sep(struct buf *b, const char *sep)
{
    if (b->n)
        buf_puts(b, sep);
}

void put_joined(struct buf *b, const json_t *list, const char *sep)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (i)
            buf_puts(b, sep);
        buf_str(b, tree_str(json_array_get(list, i), ""));
    }
}

void put_quantity(struct buf *b, const json_t *obj, const char *path)
{
    struct str s = tree_str(obj, path);
    buf_str(b, s.n ? s : STR("0"));
}

struct words words_new(size_t max)
{
    struct words w = {calloc(max + 1, sizeof(struct str)), 0};
    must(w.v);
    return w;
}

void words_add(struct words *w, struct str s)
{
    w->v[w->n++] = s;
}

static int by_bytes(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

void words_put(struct words *w, struct buf *b)
{
    qsort(w->v, w->n, sizeof(*w->v), by_bytes);
    for (size_t i = 0; i < w->n; i++) {
        if (i && str_eq(w->v[i], w->v[i - 1]))
            continue;
        if (i)
            buf_putc(b, ',');
        buf_str(b, w->v[i]);
    }
    free(w->v);
}

/* ---- conditions ---- */

json_t *condition_of(const json_t *obj, const char *path, const char *type)
{
    const json_t *list = tree_get(obj, path);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (str_is(tree_str(json_array_get(list, i), "type"), type))
            return json_array_get(list, i);
    return NULL;
}

bool condition_true(const json_t *obj, const char *path, const char *type)
{
    return str_is(tree_str(condition_of(obj, path, type), "status"), "True");
}
