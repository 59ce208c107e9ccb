/* RFC 6902 as clients of the reference know it. Every operation that can't be applied ends in the same 422,
 * so the functions below only say whether it worked. A patch of a few bytes can ask for much work (copies of
 * copies, moves in long lists): both are counted against a limit. */
#include "registry/walk/patch.h"

#include <stdio.h>
#include <string.h>
#include "registry/walk/patchtext.h"
#include "registry/walk/tree.h"

#define COPIED_MAX (3 << 20)    /* bytes of JSON, as the reference's limit on accumulated copies */
#define SHIFTED_MAX (1ll << 28) /* list items moved */

struct patcher {
    json_t *root; /* owned */
    int64_t copied, shifted;
    json_t *sorted; /* addresses of objects, while the patch's ways are gone again for a message */
};

/* A decoded last step: a container and the key or position in it. */
struct target {
    json_t *in; /* borrowed */
    char *key;  /* in the arena, unescaped */
    size_t n;
    int steps; /* how deep the container is */
};

/* "~1" and "~0", in place. */
static size_t unescape(char *p, size_t n)
{
    size_t out = 0;

    for (size_t i = 0; i < n; i++) {
        if (p[i] == '~' && i + 1 < n && (p[i + 1] == '0' || p[i + 1] == '1'))
            p[out++] = p[++i] == '0' ? '~' : '/';
        else
            p[out++] = p[i];
    }
    return out;
}

/* As strconv.Atoi. */
static bool position(const char *p, size_t n, int64_t *out)
{
    if (n && *p == '+') {
        p++;
        n--;
        if (n && (*p == '-' || *p == '+'))
            return false;
    }
    return str_to_int64((struct str){p, n}, out) == 0;
}

/* A position of an existing item; negative ones count from the end. */
static bool item_at(const struct target *t, size_t *out)
{
    int64_t i, n = (int64_t)json_array_size(t->in);

    if (!position(t->key, t->n, &i) || i >= n || i < -n)
        return false;
    *out = (size_t)(i < 0 ? i + n : i);
    return true;
}

/* *v: what is there, NULL if a member is missing. false: no such item. */
static bool get(const struct target *t, json_t **v)
{
    size_t i;

    *v = NULL;
    if (json_is_object(t->in)) {
        *v = json_object_getn(t->in, t->key, t->n);
        return true;
    }
    if (!item_at(t, &i))
        return false;
    *v = json_array_get(t->in, i);
    return true;
}

static void pass(const struct patcher *p, json_t *v)
{
    char address[24];

    if (!p->sorted || !json_is_object(v))
        return;
    snprintf(address, sizeof(address), "%p", (void *)v);
    if (json_object_get(p->sorted, address))
        return;
    json_object_set_new(p->sorted, address, json_true());
    tree_sort_keys(v);
}

static bool find(struct arena *a, const struct patcher *p, struct str path, struct target *t)
{
    char *s = arena_cstr(a, path), *slash = strchr(s, '/');
    char *end = s + path.n;
    json_t *v;

    if (!slash || memchr(s, '\0', path.n))
        return false;
    t->in = p->root;
    t->steps = 1;
    pass(p, t->in);
    for (t->key = slash + 1;; t->key = slash + 1) {
        slash = memchr(t->key, '/', (size_t)(end - t->key));
        t->n = (size_t)((slash ? slash : end) - t->key);
        t->n = unescape(t->key, t->n);
        if (!slash)
            return true;
        if (!get(t, &v) || (!json_is_object(v) && !json_is_array(v)))
            return false;
        t->in = v;
        t->steps++;
        pass(p, v);
    }
}

static bool string_member(const json_t *op, const char *name, struct str *out)
{
    const json_t *v = json_object_get(op, name);

    if (!json_is_string(v))
        return false;
    *out = (struct str){json_string_value(v), json_string_length(v)};
    return true;
}

static bool shift(struct patcher *p, size_t items)
{
    p->shifted += (int64_t)items;
    return p->shifted <= SHIFTED_MAX;
}

/* Nested copies could make a tree deeper than any reader lets in; walkers rely on that bound. */
static int depth_of(const json_t *v)
{
    json_t *o = (json_t *)v; /* jansson's iterators take no const */
    int deepest = 0;

    for (size_t i = 0; i < json_array_size(v); i++) {
        int d = depth_of(json_array_get(v, i));

        deepest = d > deepest ? d : deepest;
    }
    for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it)) {
        int d = depth_of(json_object_iter_value(it));

        deepest = d > deepest ? d : deepest;
    }
    return deepest + 1;
}

/* Consumes v. */
static bool put(struct patcher *p, const struct target *t, json_t *v)
{
    int64_t i, n = (int64_t)json_array_size(t->in);

    if (t->steps + depth_of(v) > JSON_DEPTH_MAX) {
        json_decref(v);
        return false;
    }
    if (json_is_object(t->in))
        return json_object_setn_new_nocheck(t->in, t->key, t->n, v) == 0;
    if (t->n == 1 && t->key[0] == '-')
        return json_array_append_new(t->in, v) == 0;
    if (!position(t->key, t->n, &i) || i > n || i < -(n + 1)) {
        json_decref(v);
        return false;
    }
    if (i < 0)
        i += n + 1;
    if (!shift(p, (size_t)(n - i))) {
        json_decref(v);
        return false;
    }
    return json_array_insert_new(t->in, (size_t)i, v) == 0;
}

static bool take_out(struct patcher *p, const struct target *t)
{
    size_t i;

    if (json_is_object(t->in))
        return json_object_deln(t->in, t->key, t->n) == 0;
    if (!item_at(t, &i) || !shift(p, json_array_size(t->in) - i))
        return false;
    return json_array_remove(t->in, i) == 0;
}

/* The value of an operation, copied; a missing one counts as null. */
static json_t *value_of(const json_t *op)
{
    const json_t *v = json_object_get(op, "value");

    return v ? json_deep_copy(v) : json_null();
}

static bool do_add(struct arena *a, struct patcher *p, const json_t *op)
{
    struct str path;
    struct target t;

    return string_member(op, "path", &path) && find(a, p, path, &t) && put(p, &t, value_of(op));
}

static bool do_remove(struct arena *a, struct patcher *p, const json_t *op)
{
    struct str path;
    struct target t;

    return string_member(op, "path", &path) && find(a, p, path, &t) && take_out(p, &t);
}

static bool do_replace(struct arena *a, struct patcher *p, const json_t *op)
{
    struct str path;
    struct target t;
    json_t *v = json_object_get(op, "value");
    size_t i;

    if (!string_member(op, "path", &path))
        return false;
    if (path.n == 0) {
        if (json_is_object(v) || json_is_array(v)) {
            json_decref(p->root);
            p->root = json_deep_copy(v);
        }
        return v != NULL;
    }
    if (!find(a, p, path, &t))
        return false;
    if (json_is_object(t.in))
        return put(p, &t, value_of(op));
    if (t.steps + (v ? depth_of(v) : 1) > JSON_DEPTH_MAX)
        return false;
    return item_at(&t, &i) && json_array_set_new(t.in, i, value_of(op)) == 0;
}

static bool do_move(struct arena *a, struct patcher *p, const json_t *op)
{
    struct str from, path;
    struct target t;
    json_t *v;

    if (!string_member(op, "from", &from) || !find(a, p, from, &t) || !get(&t, &v) || !v)
        return false;
    json_incref(v);
    if (take_out(p, &t) && string_member(op, "path", &path) && find(a, p, path, &t))
        return put(p, &t, v);
    json_decref(v);
    return false;
}

/* About how long v is as JSON. */
static int64_t text_bytes(const json_t *v)
{
    json_t *o = (json_t *)v; /* jansson's iterators take no const */
    int64_t n = 2;

    if (json_is_string(v))
        return n + (int64_t)json_string_length(v);
    if (!json_is_object(v) && !json_is_array(v))
        return 4;
    for (size_t i = 0; i < json_array_size(v); i++)
        n += 1 + text_bytes(json_array_get(v, i));
    for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it))
        n += 4 + (int64_t)json_object_iter_key_len(it) + text_bytes(json_object_iter_value(it));
    return n;
}

static bool do_copy(struct arena *a, struct patcher *p, const json_t *op)
{
    struct str from, path;
    struct target t;
    json_t *v;

    if (!string_member(op, "from", &from) || !find(a, p, from, &t) || !get(&t, &v))
        return false;
    if (!string_member(op, "path", &path) || !find(a, p, path, &t))
        return false;
    if (!v)
        return put(p, &t, json_null());
    p->copied += text_bytes(v);
    return p->copied <= COPIED_MAX && put(p, &t, json_deep_copy(v));
}

static bool do_test(struct arena *a, struct patcher *p, const json_t *op)
{
    struct str path;
    struct target t;
    json_t *v, *want = json_object_get(op, "value");

    if (!string_member(op, "path", &path))
        return false;
    if (path.n == 0)
        return want && json_equal(p->root, want);
    if (!find(a, p, path, &t) || !get(&t, &v))
        return false;
    if (!v || json_is_null(v))
        return !want || json_is_null(want);
    return want && json_equal(v, want);
}

static const struct {
    const char *name;
    bool (*run)(struct arena *a, struct patcher *p, const json_t *op);
} operations[] = {
    {"add", do_add},   {"remove", do_remove}, {"replace", do_replace},
    {"move", do_move}, {"copy", do_copy},     {"test", do_test},
};

static bool run(struct arena *a, struct patcher *p, const json_t *op)
{
    struct str name;

    if (!string_member(op, "op", &name))
        return false;
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (str_is(name, operations[i].name))
            return operations[i].run(a, p, op);
    }
    return false;
}

json_t *jsonpatch_apply(const json_t *doc, const json_t *patch, struct status *st)
{
    struct patcher p = {0};
    size_t n = json_array_size(patch);

    if (!json_is_array(patch) && !json_is_null(patch)) {
        status_bad_request(st, "json: cannot unmarshal %s into Go value of type jsonpatch.Patch",
                           json_word(patch));
        return NULL;
    }
    if (n > JSONPATCH_OPS_MAX) {
        status_set(st, 413, "RequestEntityTooLarge",
                   "Request entity too large: The allowed maximum operations in a JSON patch is %d, got %zu",
                   JSONPATCH_OPS_MAX, n);
        return NULL;
    }
    p.root = json_deep_copy(doc);
    for (size_t i = 0; i < n; i++) {
        if (run(st->arena, &p, json_array_get(patch, i)))
            continue;
        status_generic(st, 422);
        json_decref(p.root);
        return NULL;
    }
    return p.root;
}

void jsonpatch_retell(struct arena *a, json_t *patched, const json_t *patch)
{
    struct patcher p = {.root = patched, .sorted = json_object()};
    struct target t;
    struct str way;

    for (size_t i = 0; i < json_array_size(patch); i++) {
        if (string_member(json_array_get(patch, i), "path", &way))
            find(a, &p, way, &t);
        if (string_member(json_array_get(patch, i), "from", &way))
            find(a, &p, way, &t);
    }
    json_decref(p.sorted);
}

static bool check_operation(const json_t *op, size_t i, struct findings *strict, struct status *st)
{
    static const char *const members[] = {"op", "path", "from", "value"};
    json_t *o = (json_t *)op;

    if (json_is_null(op))
        return true;
    if (!json_is_object(op)) {
        status_bad_request(
            st, "error decoding patch: json: cannot unmarshal %s into Go value of type handlers.jsonPatchOp",
            json_word(op));
        return false;
    }
    for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it)) {
        const char *key = json_object_iter_key(it);
        const json_t *v = json_object_iter_value(it);
        size_t m = 0;

        while (m < 4 && strcmp(key, members[m]) != 0)
            m++;
        if (m == 4)
            findings_add(strict,
                         arena_printf(strict->arena, "json patch unknown field \"[%zu].%s\"", i, key));
        if (m < 3 && !json_is_string(v) && !json_is_null(v)) {
            status_bad_request(
                st,
                "error decoding patch: json: cannot unmarshal %s into Go struct field jsonPatchOp.%s of "
                "type string",
                json_word(v), key);
            return false;
        }
    }
    return true;
}

bool jsonpatch_check(const json_t *patch, struct findings *strict, struct status *st)
{
    if (!strict)
        return true;
    if (!json_is_array(patch) && !json_is_null(patch)) {
        status_bad_request(
            st,
            "error decoding patch: json: cannot unmarshal %s into Go value of type []handlers.jsonPatchOp",
            json_word(patch));
        return false;
    }
    for (int i = 0; i < strict->n; i++)
        strict->text[i] = arena_printf(strict->arena, "json patch %s", strict->text[i]);
    for (size_t i = 0; i < json_array_size(patch); i++) {
        if (!check_operation(json_array_get(patch, i), i, strict, st))
            return false;
    }
    return true;
}
