/* One function for all scalable kinds: they keep their numbers in the same places and differ only in whether
 * the selector is a map or a LabelSelector. */
#include "worker/read/scale.h"

#include <stdlib.h>
#include "shm/base/buf.h"

struct term {
    const char *key;
    char *text;
};

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct term *)a)->key, ((const struct term *)b)->key);
}

static int by_text(const void *a, const void *b)
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
    for (size_t i = 0; v && i < n; i++) {
        v[i] = json_string_value(json_array_get(values, i));
        v[i] = v[i] ? v[i] : "";
    }
    if (v)
        qsort(v, n, sizeof(*v), by_text);
    buf_putc(b, '(');
    for (size_t i = 0; v && i < n; i++)
        buf_printf(b, "%s%s", i ? "," : "", v[i]);
    buf_putc(b, ')');
    free(v);
}

static struct term expression(const json_t *e)
{
    struct buf b = {0};
    const char *key = text_of(e, "key"), *op = text_of(e, "operator");
    if (strcmp(op, "DoesNotExist") == 0)
        buf_putc(&b, '!');
    buf_puts(&b, key);
    if (strcmp(op, "In") == 0 || strcmp(op, "NotIn") == 0) {
        buf_puts(&b, op[0] == 'I' ? " in " : " notin ");
        put_values(&b, json_object_get(e, "values"));
    }
    buf_putc(&b, 0);
    return (struct term){key, b.p};
}

/* As labels.Selector prints itself: terms by key, joined by commas. */
static void put_selector(struct buf *out, const json_t *labels, const json_t *expressions)
{
    size_t n = 0, max = json_object_size(labels) + json_array_size(expressions);
    struct term *t = calloc(max + 1, sizeof(*t));
    const char *key;
    json_t *v;
    if (!t)
        return;
    json_object_foreach((json_t *)(uintptr_t)labels, key, v)
    {
        struct buf b = {0};
        buf_printf(&b, "%s=%s", key, json_string_value(v) ? json_string_value(v) : "");
        buf_putc(&b, 0);
        t[n++] = (struct term){key, b.p};
    }
    for (size_t i = 0; i < json_array_size(expressions); i++)
        t[n++] = expression(json_array_get(expressions, i));
    qsort(t, n, sizeof(*t), by_key);
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "%s%s", i ? "," : "", t[i].text);
        free(t[i].text);
    }
    free(t);
}

static json_t *copy_keys(const json_t *from, const char *const *keys, int n)
{
    json_t *to = json_object();
    for (int i = 0; i < n; i++) {
        json_t *v = json_object_get(from, keys[i]);
        if (v)
            json_object_set(to, keys[i], v);
    }
    return to;
}

json_t *scale_tree(json_t *workload, const struct schema_resource *r)
{
    static const char *const meta_keys[] = {"name", "namespace", "uid", "resourceVersion",
                                            "creationTimestamp"};
    const json_t *spec = json_object_get(workload, "spec"), *status = json_object_get(workload, "status");
    const json_t *selector = json_object_get(spec, "selector"), *template = json_object_get(spec, "template");
    struct buf text = {0};
    json_t *s = json_object(), *st = json_object();
    json_object_set_new(s, "kind", json_string("Scale"));
    json_object_set_new(s, "apiVersion", json_string("autoscaling/v1"));
    json_object_set_new(s, "metadata", copy_keys(json_object_get(workload, "metadata"), meta_keys, 5));
    static const char *const replicas[] = {"replicas"};
    json_object_set_new(s, "spec", copy_keys(spec, replicas, 1));
    json_object_set_new(st, "replicas",
                        json_integer(json_integer_value(json_object_get(status, "replicas"))));
    bool plain_map = strcmp(r->group, "") == 0;
    if (plain_map && !selector)
        selector = json_object_get(json_object_get(template, "metadata"), "labels");
    if (plain_map)
        put_selector(&text, selector, NULL);
    else
        put_selector(&text, json_object_get(selector, "matchLabels"),
                     json_object_get(selector, "matchExpressions"));
    json_object_set_new(st, "selector", json_stringn(text.n ? text.p : "", text.n));
    json_object_set_new(s, "status", st);
    buf_free(&text);
    json_decref(workload);
    return s;
}
