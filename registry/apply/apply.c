#include "registry/apply/apply.h"

#include "registry/apply/call.h"
#include "registry/rules/text.h"
#include "registry/walk/tree.h"

#define FIELDS "metadata.managedFields"
#define MANAGER_BYTES_MAX 128

struct str apply_manager_of_agent(struct arena *a, struct str user_agent)
{
    ptrdiff_t slash = str_find(user_agent, '/');
    struct str s = {user_agent.p, slash < 0 ? user_agent.n : (size_t)slash};
    struct buf b = {0};
    struct str out;
    uint32_t rune;

    for (size_t i = 0, n; i < s.n; i += n) {
        n = text_rune(s.p + i, s.n - i, &rune);
        if (!text_printable(rune))
            continue;
        if (b.n + n > MANAGER_BYTES_MAX)
            break;
        buf_put(&b, s.p + i, n);
    }
    out = b.n ? arena_str(a, buf_view(&b)) : STR("unknown");
    buf_free(&b);
    return out;
}

static bool is_blank(const json_t *entry)
{
    json_t *v;
    const char *key;

    json_object_foreach((json_t *)(uintptr_t)entry, key, v)
    {
        if (!json_is_null(v) && !(json_is_string(v) && json_string_length(v) == 0))
            return false;
    }
    return true;
}

/* An empty list, or one empty entry, is how a client clears them. */
static bool is_reset(const json_t *list)
{
    size_t n = json_array_size(list);

    return json_is_array(list) && (n == 0 || (n == 1 && is_blank(json_array_get(list, 0))));
}

static void read_live_or_new(const struct apply_call *c, const json_t *live, const json_t *fields,
                             struct managers *ms)
{
    const char *err;
    bool usable = false;

    if (!*c->subresource && is_reset(fields)) {
        managers_read(ms, c->arena, NULL, false, &err);
        return;
    }
    if (!*c->subresource && !json_equal(fields, tree_get(live, FIELDS)))
        usable = managers_read(ms, c->arena, fields, false, &err) && ms->n > 0;
    if (!usable)
        managers_read(ms, c->arena, tree_get(live, FIELDS), true, &err);
}

void apply_track(const struct apply_call *c, const json_t *live, json_t *obj)
{
    json_t *fields = json_incref(tree_get(obj, FIELDS));
    struct managers ms;
    struct tracker t;

    read_live_or_new(c, live, fields, &ms);
    tree_keep(c->arena, fields);
    tree_delete(obj, FIELDS);
    /* who never tracked an object does not begin with an update of it */
    if (ms.n == 0 && tree_str(live, "metadata.uid").n)
        return;
    tracker_init(&t, c);
    if (tracker_claim(&t, &ms, live, obj, c->manager))
        managers_put(&ms, obj);
}

/* Whether two entries differ in time alone, or not at all. */
static bool same_but_time(const json_t *a, const json_t *b)
{
    static const char *const KEYS[] = {"manager", "operation", "apiVersion", "subresource", "fieldsV1"};

    for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
        const json_t *x = json_object_get(a, KEYS[i]), *y = json_object_get(b, KEYS[i]);

        if (x != y && !(x && y && json_equal(x, y)))
            return false;
    }
    return true;
}

void apply_forget_times(struct arena *a, const struct schema_type *type, json_t *obj, const json_t *old)
{
    json_t *now = tree_get(obj, FIELDS), *before = tree_get(old, FIELDS);
    struct apply_call call = {.arena = a};
    struct shape root = shape_of(type);
    struct tracker t = {.call = &call};
    bool moved = false;

    if (json_array_size(now) != json_array_size(before))
        return;
    for (size_t i = 0; i < json_array_size(now); i++) {
        const json_t *x = json_array_get(now, i), *y = json_array_get(before, i);

        if (!same_but_time(x, y))
            return;
        moved |= !str_eq(tree_str(x, "time"), tree_str(y, "time"));
    }
    if (!moved)
        return;
    shaper_init(&t.s, a);
    t.s.stored = true;
    if (shape_same(&t.s, &root, tracker_view(&t, obj), true, tracker_view(&t, old), true))
        tree_copy(obj, old, FIELDS);
}
