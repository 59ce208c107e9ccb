/* A hash table that is there already: an object of jansson's. */
#include "registry/validation/seen.h"

#include <stdlib.h>
#include "shm/base/buf.h"

struct seen {
    json_t *texts;
};

static void drop(void *arg)
{
    json_decref(arg);
}

struct seen *seen_new(struct check *c)
{
    struct seen *s = arena_alloc(c->arena, sizeof(*s));

    s->texts = json_object();
    arena_cleanup(c->arena, drop, s->texts);
    return s;
}

bool seen_has(const struct seen *s, struct str text)
{
    return s && json_object_getn(s->texts, text.n ? text.p : "", text.n);
}

bool seen_add(struct seen *s, struct str text)
{
    if (seen_has(s, text))
        return true;
    json_object_setn_new_nocheck(s->texts, text.n ? text.p : "", text.n, json_true());
    return false;
}

void seen_add_list(struct seen *s, const json_t *list, const char *member)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i);

        if (member)
            v = json_object_get(v, member);
        if (json_is_string(v))
            seen_add(s, (struct str){json_string_value(v), json_string_length(v)});
    }
}

size_t seen_count(const struct seen *s)
{
    return s ? json_object_size(s->texts) : 0;
}

static int cmp(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

const char *seen_joined(struct check *c, const struct seen *s, const char *sep)
{
    struct str *all = arena_alloc(c->arena, (seen_count(s) + 1) * sizeof(*all));
    struct buf b = {0};
    const char *text;
    size_t n = 0;

    for (void *it = json_object_iter(s->texts); it; it = json_object_iter_next(s->texts, it))
        all[n++] = (struct str){json_object_iter_key(it), json_object_iter_key_len(it)};
    qsort(all, n, sizeof(*all), cmp);
    for (size_t i = 0; i < n; i++) {
        buf_puts(&b, i ? sep : "");
        buf_str(&b, all[i]);
    }
    text = arena_cstr(c->arena, buf_view(&b));
    buf_free(&b);
    return text;
}

void seen_set(struct seen *s, struct str text, size_t number)
{
    if (seen_has(s, text))
        json_object_setn_new_nocheck(s->texts, text.n ? text.p : "", text.n,
                                     json_integer((json_int_t)number));
}

size_t seen_get(const struct seen *s, struct str text)
{
    const json_t *v = s ? json_object_getn(s->texts, text.n ? text.p : "", text.n) : NULL;

    return json_is_integer(v) ? (size_t)json_integer_value(v) : 0;
}
