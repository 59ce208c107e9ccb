#include "registry/apply/lastapplied.h"

#include <stdlib.h>
#include "registry/apply/typed.h"
#include "registry/apply/values.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"

#define ANNOTATION "kubectl.kubernetes.io/last-applied-configuration"
#define ANNOTATIONS_BYTES_MAX (256u << 10) /* of all of them */

static json_t *annotations_of(const json_t *obj)
{
    return tree_get(obj, "metadata.annotations");
}

static struct str text_of(const json_t *obj)
{
    const json_t *v = json_object_get(annotations_of(obj), ANNOTATION);

    return (struct str){json_string_value(v), json_string_length(v)};
}

const struct fieldset *lastapplied_set(struct tracker *t, const json_t *live)
{
    struct arena *a = t->call->arena;
    struct str text = text_of(live);
    const struct fieldset *set;
    struct comparison c;
    const char *err;
    json_t *last;

    if (!text.n)
        return NULL;
    last = tree_keep(a, json_read(a, text, NULL, &err));
    if (!last)
        return NULL;
    if (!str_eq(tree_str(last, "apiVersion"), t->version) || typed_error(&t->s, &t->root, last))
        return NULL;
    c = compare(&t->s, &t->root, last, false, tracker_view(t, live), true);
    set = compare_set(&t->s, &t->root, last);
    set = fieldset_difference(a, set, c.modified);
    set = fieldset_difference(a, set, c.added);
    return fieldset_difference(a, set, c.removed);
}

/* As Go prints a map: members by key. */
static void put_sorted(struct buf *out, const json_t *v)
{
    struct value_member *m;
    size_t n;

    if (json_is_array(v)) {
        buf_putc(out, '[');
        for (size_t i = 0; i < json_array_size(v); i++) {
            if (i)
                buf_putc(out, ',');
            put_sorted(out, json_array_get(v, i));
        }
        buf_putc(out, ']');
        return;
    }
    if (!json_is_object(v)) {
        json_write(out, v, 0);
        return;
    }
    m = value_members(v, &n);
    buf_putc(out, '{');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_putc(out, ',');
        json_write_string(out, m[i].key);
        buf_putc(out, ':');
        put_sorted(out, m[i].value);
    }
    buf_putc(out, '}');
    free(m);
}

/* Annotations that are no map of strings count as none. */
static bool all_strings(json_t *annotations)
{
    const char *key;
    json_t *v;

    json_object_foreach(annotations, key, v)
    {
        if (!json_is_string(v))
            return false;
    }
    return json_is_object(annotations);
}

static size_t size_of(json_t *annotations)
{
    size_t n = 0;

    for (void *it = json_object_iter(annotations); it; it = json_object_iter_next(annotations, it))
        n += json_object_iter_key_len(it) + json_string_length(json_object_iter_value(it));
    return n;
}

static void put_config(struct buf *out, const json_t *config)
{
    json_t *copy = json_copy((json_t *)(uintptr_t)config), *meta = json_object_get(copy, "metadata");
    json_t *annotations;

    if (json_is_object(meta)) {
        meta = json_copy(meta);
        json_object_set_new(copy, "metadata", meta);
        annotations = json_object_get(meta, "annotations");
        if (all_strings(annotations)) {
            annotations = json_copy(annotations);
            json_object_del(annotations, ANNOTATION);
            json_object_set_new(meta, "annotations", annotations);
        } else {
            json_object_del(meta, "annotations");
        }
    }
    put_sorted(out, copy);
    buf_putc(out, '\n');
    json_decref(copy);
}

void lastapplied_renew(struct arena *a, json_t *obj, const json_t *config)
{
    json_t *annotations = annotations_of(obj);
    struct buf b = {0};

    if (!text_of(obj).n)
        return;
    put_config(&b, config);
    annotations = json_copy(annotations); /* it may be shared with the live object */
    json_object_set_new(annotations, ANNOTATION, json_stringn_nocheck(b.p, b.n));
    if (size_of(annotations) > ANNOTATIONS_BYTES_MAX)
        json_object_del(annotations, ANNOTATION);
    tree_set(obj, "metadata.annotations", annotations);
    buf_free(&b);
}
