/* Complaints cost something only when there is one: a place is a chain of structs on the stack until then. */
#include "registry/validation/check.h"

#include <stdlib.h>
#include "registry/rules/names.h"
#include "registry/rules/objectmeta.h"
#include "registry/rules/text.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"
#include "shm/base/buf.h"

#define ANNOTATIONS_MAX_BYTES (256 * 1024)
#define DEPTH_MAX 64

const char *at_text(struct arena *a, const struct at *at)
{
    const struct at *way[DEPTH_MAX];
    struct buf out = {0};
    const char *text;
    int n = 0;

    for (; at && n < DEPTH_MAX; at = at->up)
        way[n++] = at;
    while (n--) {
        if (way[n]->field && *way[n]->field) {
            buf_puts(&out, out.n ? "." : "");
            buf_puts(&out, way[n]->field);
        } else if (way[n]->key.p) {
            buf_printf(&out, "[%.*s]", (int)way[n]->key.n, way[n]->key.p);
        } else if (!way[n]->field) {
            buf_printf(&out, "[%zu]", way[n]->index);
        }
    }
    text = arena_cstr(a, buf_view(&out));
    buf_free(&out);
    return text;
}

const char *check_value_text(struct check *c, const json_t *v)
{
    struct buf out = {0};
    const char *copy;
    json_t *sorted;
    char *text;

    if (json_is_string(v))
        return text_quoted(c->arena, (struct str){json_string_value(v), json_string_length(v)});
    text = v ? json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;
    if (!text)
        return "null";
    sorted = json_loads(text, JSON_DECODE_ANY, NULL);
    free(text);
    json_write(&out, sorted, 0);
    copy = arena_cstr(c->arena, buf_view(&out));
    buf_free(&out);
    json_decref(sorted);
    return copy;
}

const char *check_quoted(struct check *c, struct str s)
{
    return text_quoted(c->arena, s);
}

void check_required(struct check *c, const struct at *at, const char *detail)
{
    if (!check_full(c))
        field_required(c->st, at_text(c->arena, at), detail);
}

void check_forbidden(struct check *c, const struct at *at, const char *detail)
{
    if (!check_full(c))
        field_forbidden(c->st, at_text(c->arena, at), detail);
}

void check_invalid(struct check *c, const struct at *at, const json_t *v, const char *detail)
{
    if (!check_full(c))
        field_invalid(c->st, at_text(c->arena, at), check_value_text(c, v), detail);
}

void check_invalid_str(struct check *c, const struct at *at, struct str v, const char *detail)
{
    if (!check_full(c))
        field_invalid_str(c->st, at_text(c->arena, at), v, detail);
}

static const char *word_text(struct check *c, struct str v)
{
    struct buf b = {0};
    const char *text;

    json_write_string(&b, v);
    text = arena_cstr(c->arena, buf_view(&b));
    buf_free(&b);
    return text;
}

void check_invalid_word(struct check *c, const struct at *at, struct str v, const char *detail)
{
    if (!check_full(c))
        field_invalid(c->st, at_text(c->arena, at), word_text(c, v), detail);
}

void check_invalid_int(struct check *c, const struct at *at, int64_t v, const char *detail)
{
    if (!check_full(c))
        field_invalid(c->st, at_text(c->arena, at), arena_printf(c->arena, "%lld", (long long)v), detail);
}

void check_invalid_text(struct check *c, const struct at *at, const char *value_text, const char *detail)
{
    if (!check_full(c))
        field_invalid(c->st, at_text(c->arena, at), value_text, detail);
}

void check_not_supported(struct check *c, const struct at *at, struct str v, const char *const *valid, int n)
{
    if (!check_full(c))
        field_not_supported_text(c->st, at_text(c->arena, at), word_text(c, v), valid, n);
}

void check_not_supported_text(struct check *c, const struct at *at, const char *value_text,
                              const char *const *valid, int n)
{
    if (!check_full(c))
        field_not_supported_text(c->st, at_text(c->arena, at), value_text, valid, n);
}

void check_not_supported_str(struct check *c, const struct at *at, struct str v, const char *const *valid,
                             int n)
{
    if (!check_full(c))
        field_not_supported(c->st, at_text(c->arena, at), v, valid, n);
}

void check_duplicate(struct check *c, const struct at *at, const json_t *v)
{
    if (!check_full(c))
        field_duplicate(c->st, at_text(c->arena, at), check_value_text(c, v));
}

void check_duplicate_str(struct check *c, const struct at *at, struct str v)
{
    if (!check_full(c))
        field_duplicate(c->st, at_text(c->arena, at), text_quoted(c->arena, v));
}

void check_duplicate_text(struct check *c, const struct at *at, const char *value_text)
{
    if (!check_full(c))
        field_duplicate(c->st, at_text(c->arena, at), value_text);
}

void check_not_found(struct check *c, const struct at *at, struct str v)
{
    if (!check_full(c))
        field_not_found(c->st, at_text(c->arena, at), text_quoted(c->arena, v));
}

void check_too_long(struct check *c, const struct at *at, int max)
{
    if (!check_full(c))
        field_too_long(c->st, at_text(c->arena, at), max);
}

void check_too_many(struct check *c, const struct at *at, int actual, int max)
{
    if (!check_full(c))
        field_too_many(c->st, at_text(c->arena, at), actual, max);
}

struct str check_str(const json_t *obj, const char *name)
{
    return check_value_str(json_object_get(obj, name));
}

bool check_has(const json_t *obj, const char *name)
{
    const json_t *v = json_object_get(obj, name);

    return v && !json_is_null(v);
}

int64_t check_int(const json_t *obj, const char *name, int64_t otherwise)
{
    const json_t *v = json_object_get(obj, name);

    return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

bool check_bool(const json_t *obj, const char *name)
{
    return json_is_true(json_object_get(obj, name));
}

bool check_needed(struct check *c, const struct at *up, const json_t *obj, const char *member)
{
    struct at at = at_field(up, member);

    if (check_str(obj, member).n)
        return true;
    check_required(c, &at, "");
    return false;
}

static void check_finalizers(struct check *c, const json_t *obj)
{
    const struct validation *v = validation_for(c->resource);

    if (!v || !v->any_finalizer)
        objectmeta_validate_finalizers(obj, c->st);
}

void check_metadata(struct check *c, const json_t *obj)
{
    objectmeta_validate(obj, c->served, c->st);
    check_finalizers(c, obj);
}

void check_metadata_update(struct check *c, const json_t *obj, const json_t *old)
{
    objectmeta_validate_update(obj, old, c->resource, c->st);
    check_finalizers(c, obj);
}

bool check_one_of(struct str s, const char *const *texts, int n)
{
    for (int i = 0; i < n; i++) {
        if (str_is(s, texts[i]))
            return true;
    }
    return false;
}

bool check_enum(struct check *c, const struct at *at, struct str v, const char *const *valid, int n)
{
    if (check_one_of(v, valid, n))
        return true;
    check_not_supported(c, at, v, valid, n);
    return false;
}

static bool complain(struct check *c, const struct at *at, struct str v, const struct name_errors *e)
{
    for (int i = 0; i < e->n; i++)
        check_invalid_str(c, at, v, e->text[i]);
    return e->n == 0;
}

bool check_name(struct check *c, const struct at *at, struct str v, const char *rule)
{
    return check_name_as(c, at, v, rule, v);
}

bool check_name_as(struct check *c, const struct at *at, struct str v, const char *rule, struct str shown)
{
    struct name_errors e;

    name_errors(c->arena, rule, v, false, &e);
    return complain(c, at, shown, &e);
}

bool check_qualified_name(struct check *c, const struct at *at, struct str v)
{
    struct name_errors e;

    name_qualified_errors(c->arena, v, &e);
    return complain(c, at, v, &e);
}

bool check_label_value(struct check *c, const struct at *at, struct str v)
{
    struct name_errors e;

    name_label_value_errors(v, &e);
    return complain(c, at, v, &e);
}

void check_labels(struct check *c, const struct at *at, const json_t *labels)
{
    json_t *o = (json_t *)labels; /* jansson's iterators take no const */

    for (void *it = json_object_iter(o); it && !check_full(c); it = json_object_iter_next(o, it)) {
        const json_t *v = json_object_iter_value(it);

        check_qualified_name(c, at, (struct str){json_object_iter_key(it), json_object_iter_key_len(it)});
        check_label_value(
            c, at, json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)} : STR(""));
    }
}

struct str check_lower(struct check *c, struct str s)
{
    char *p = arena_cstr(c->arena, s);

    for (size_t i = 0; i < s.n; i++) {
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] - 'A' + 'a');
    }
    return (struct str){p, s.n};
}

void check_annotations(struct check *c, const struct at *at, const json_t *annotations)
{
    json_t *o = (json_t *)annotations;
    size_t bytes = 0;

    for (void *it = json_object_iter(o); it && !check_full(c); it = json_object_iter_next(o, it)) {
        struct str key = {json_object_iter_key(it), json_object_iter_key_len(it)};
        struct name_errors e;

        bytes += key.n + json_string_length(json_object_iter_value(it));
        name_qualified_errors(c->arena, check_lower(c, key), &e);
        complain(c, at, key, &e);
    }
    if (bytes > ANNOTATIONS_MAX_BYTES)
        check_too_long(c, at, ANNOTATIONS_MAX_BYTES);
}

void check_nonnegative(struct check *c, const struct at *at, int64_t v)
{
    if (v < 0)
        check_invalid_int(c, at, v, "must be greater than or equal to 0");
}

void check_port(struct check *c, const struct at *at, int64_t port)
{
    if (port < 1 || port > 65535)
        check_invalid_int(c, at, port, "must be between 1 and 65535, inclusive");
}

void check_immutable(struct check *c, const struct at *at, const json_t *now, const json_t *old)
{
    if (json_is_null(now))
        now = NULL;
    if (json_is_null(old))
        old = NULL;
    if (now != old && (!now || !old || !json_equal(now, old)))
        check_invalid(c, at, now, "field is immutable");
}
