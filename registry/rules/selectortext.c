/* Terms are made first and sorted then: labels and expressions mix by key. */
#include "registry/rules/selectortext.h"

#include <stdlib.h>
#include <string.h>
#include "shm/base/must.h"

struct term {
    const char *key;
    struct buf text; /* ends in NUL */
};

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct term *)a)->key, ((const struct term *)b)->key);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct term *)a)->text.p, ((const struct term *)b)->text.p);
}

static int by_value(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *text_of(const json_t *obj, const char *key)
{
    const char *s = json_string_value(json_object_get(obj, key));
    return s ? s : "";
}

static void put_values(struct buf *b, const json_t *values)
{
    size_t n = json_array_size(values);
    const char **v = calloc(n + 1, sizeof(*v));
    must(v);
    for (size_t i = 0; i < n; i++) {
        v[i] = json_string_value(json_array_get(values, i));
        v[i] = v[i] ? v[i] : "";
    }
    qsort(v, n, sizeof(*v), by_value);
    buf_putc(b, '(');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_putc(b, ',');
        buf_puts(b, v[i]);
    }
    buf_putc(b, ')');
    free(v);
}

static const struct operator
{
    const char *name, *before, *after;
    bool values;
}
operators[] = {
    {"In", "", " in ", true},
    {"NotIn", "", " notin ", true},
    {"Exists", "", "", false},
    {"DoesNotExist", "!", "", false},
};

static bool put_expression(struct buf *b, const json_t *e)
{
    const json_t *values = json_object_get(e, "values");
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        const struct operator* op = & operators[i];
        if (strcmp(text_of(e, "operator"), op->name) != 0)
            continue;
        buf_puts(b, op->before);
        buf_puts(b, text_of(e, "key"));
        buf_puts(b, op->after);
        if (op->values)
            put_values(b, values);
        return op->values == (json_array_size(values) > 0);
    }
    return false;
}

static size_t label_terms(struct term *t, const json_t *labels)
{
    const char *key;
    json_t *v;
    size_t n = 0;
    json_object_foreach((json_t *)(uintptr_t)labels, key, v)
    {
        t[n].key = key;
        buf_puts(&t[n].text, key);
        buf_putc(&t[n].text, '=');
        buf_puts(&t[n].text, json_string_value(v) ? json_string_value(v) : "");
        buf_putc(&t[n++].text, 0);
    }
    return n;
}

static void put_terms(struct buf *out, struct term *t, size_t n, int (*order)(const void *, const void *))
{
    qsort(t, n, sizeof(*t), order);
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_putc(out, ',');
        buf_puts(out, t[i].text.p);
        buf_free(&t[i].text);
    }
    free(t);
}

static struct term *terms_new(size_t n)
{
    struct term *t = calloc(n + 1, sizeof(*t));
    must(t);
    return t;
}

bool selector_put_text(struct buf *out, const json_t *selector)
{
    const json_t *labels = json_object_get(selector, "matchLabels");
    const json_t *expressions = json_object_get(selector, "matchExpressions");
    struct term *t = terms_new(json_object_size(labels) + json_array_size(expressions));
    size_t n = label_terms(t, labels);
    bool ok = true;
    for (size_t i = 0; i < json_array_size(expressions); i++) {
        const json_t *e = json_array_get(expressions, i);
        ok = put_expression(&t[n].text, e) && ok;
        buf_putc(&t[n].text, 0);
        t[n++].key = text_of(e, "key");
    }
    put_terms(out, t, n, by_key);
    return ok;
}

void selector_put_map(struct buf *out, const json_t *labels)
{
    struct term *t = terms_new(json_object_size(labels));
    put_terms(out, t, label_terms(t, labels), by_text);
}
