/* Go's decoder decodes a second value into what the first one left: maps and structs gain members, items of
 * lists are decoded over those that are there. */
#include "registry/walk/twice.h"

json_t *twice_before(const struct findings *f, const json_t *in, struct str key, int *i)
{
    while (f && *i < f->ntwice) {
        const struct json_twice *t = &f->twice[(*i)++];

        if (t->in == in && str_eq(t->key, key))
            return t->before;
    }
    return NULL;
}

static json_t *merge_lists(json_t *was, json_t *now, const struct schema_type *t);

json_t *twice_merge(json_t *was, json_t *now, const struct schema_type *t, bool pointer)
{
    const char *key;
    json_t *v;

    if (!was)
        return now;
    if (!now && !pointer && t->kind <= SCHEMA_FLOAT64 && t->kind != SCHEMA_LIST && t->kind != SCHEMA_MAP)
        return was;
    if (t->kind == SCHEMA_LIST && json_is_array(was) && json_is_array(now))
        return merge_lists(was, now, t);
    if (t->kind == SCHEMA_MAP && json_is_object(was) && json_is_object(now)) {
        json_object_update(was, now);
    } else if (t->kind == SCHEMA_STRUCT && json_is_object(was) && json_is_object(now)) {
        json_object_foreach(now, key, v)
        {
            const struct schema_field *f = schema_field(t, str_of(key));

            json_object_set_new(was, key,
                                f ? twice_merge(json_incref(json_object_get(was, key)), json_incref(v),
                                                f->type, f->flags & FIELD_POINTER)
                                  : json_incref(v));
        }
    } else {
        json_decref(was);
        return now;
    }
    json_decref(now);
    return was;
}

/* Items are decoded over those that are there. */
static json_t *merge_lists(json_t *was, json_t *now, const struct schema_type *t)
{
    for (size_t i = 0; i < json_array_size(now) && i < json_array_size(was); i++)
        json_array_set_new(now, i,
                           twice_merge(json_incref(json_array_get(was, i)),
                                       json_incref(json_array_get(now, i)), t->elem, false));
    json_decref(was);
    return now;
}
