/* A hash table that is there already: an object of jansson's. */
#include "registry/validation/seen.h"

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
