/* Strategic merge: what kubectl apply and edit send. A patch is merged into the object map by map; the schema
 * says of each list whether it is replaced or merged, and by which key. Directives travel inside the patch:
 * $patch in a map or list item, $retainKeys in a map, $deleteFromPrimitiveList/FIELD and
 * $setElementOrder/FIELD beside a list. Both trees are copies here and are used up while they are merged. */
#include "registry/walk/patch.h"

#include "registry/walk/patchtext.h"
#include "registry/walk/strategiclist.h"

#define PATCH "$patch"
#define RETAIN_KEYS "$retainKeys"
#define DELETE_FROM "$deleteFromPrimitiveList"
#define SET_ORDER "$setElementOrder"

#define BAD_PRIMITIVE "invalid patch format of primitive list"
#define BAD_RETAIN "invalid patch format of retainKeys"
#define BAD_ORDER "invalid patch format of setElementOrder list"

/* What the schema says of a field. */
struct meta {
    const struct schema_type *type; /* of the field, or of a list's items */
    bool merge, replace;
    const char *key; /* "" for none */
};

static json_t *merge_map(json_t *original, json_t *patch, const struct schema_type *t, struct status *st);

static bool bad_format(struct status *st, const char *text)
{
    status_bad_request(st, "%s", text);
    return false;
}

static bool fails(struct status *st, const char *text)
{
    smp_error(st, "%s", text);
    return false;
}

static bool starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static const char *go_kind(const struct schema_type *t)
{
    static const char *const kinds[] = {
        [SCHEMA_LIST] = "slice",      [SCHEMA_MAP] = "map",     [SCHEMA_STRING] = "string",
        [SCHEMA_BOOL] = "bool",       [SCHEMA_INT32] = "int32", [SCHEMA_INT64] = "int64",
        [SCHEMA_FLOAT64] = "float64", [SCHEMA_BYTES] = "slice",
    };
    const char *kind = t->kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[t->kind] : NULL;

    return kind ? kind : "struct";
}

static bool lookup(const struct schema_type *t, const char *name, struct meta *m, struct status *st)
{
    const struct schema_field *f;

    if (strcmp(go_kind(t), "struct") != 0) {
        smp_error(st, "merging an object in json but data type is not struct, instead is: %s", go_kind(t));
        return false;
    }
    f = t->kind == SCHEMA_STRUCT ? schema_field(t, str_of(name)) : NULL;
    if (!f) {
        smp_error(st, "unable to find api field in struct %s for the json field \"%s\"", t->name, name);
        return false;
    }
    *m = (struct meta){f->type, f->patch & PATCH_MERGE, f->patch & PATCH_REPLACE,
                       f->patch_key ? f->patch_key : ""};
    return true;
}

static bool lookup_list(const struct schema_type *t, const char *name, struct meta *m, struct status *st)
{
    if (!lookup(t, name, m, st))
        return false;
    if (m->type->kind == SCHEMA_BYTES)
        return true;
    if (m->type->kind != SCHEMA_LIST) {
        smp_error(st, "expected slice or array type, but got: %s", go_kind(t));
        return false;
    }
    m->type = m->type->elem;
    return m->type->kind == SCHEMA_LIST ? fails(st, "unexpected slice of slice") : true;
}

/* Null members out of what is added. Recursion as deep as the patch. */
static void discard_nulls(json_t *v)
{
    void *it, *next;

    for (size_t i = 0; i < json_array_size(v); i++)
        discard_nulls(json_array_get(v, i));
    for (it = json_object_iter(v); it; it = next) {
        next = json_object_iter_next(v, it);
        if (json_is_null(json_object_iter_value(it)))
            json_object_deln(v, json_object_iter_key(it), json_object_iter_key_len(it));
        else
            discard_nulls(json_object_iter_value(it));
    }
}

/* Instead of removals one by one, each of which would move the rest of the list. Takes kept. */
static void keep_only(json_t *list, json_t *kept)
{
    if (json_array_size(kept) < json_array_size(list)) {
        json_array_clear(list);
        json_array_extend(list, kept);
    }
    json_decref(kept);
}

/* Maps that carry a $patch vanish from what is added. false: v itself is one. */
static bool remove_directives(json_t *v)
{
    void *it, *next;

    if (json_object_get(v, PATCH))
        return false;
    for (it = json_object_iter(v); it; it = next) {
        next = json_object_iter_next(v, it);
        if (!remove_directives(json_object_iter_value(it)))
            json_object_deln(v, json_object_iter_key(it), json_object_iter_key_len(it));
    }
    if (json_is_array(v)) {
        json_t *kept = json_array();

        for (size_t i = 0; i < json_array_size(v); i++) {
            if (remove_directives(json_array_get(v, i)))
                json_array_append(kept, json_array_get(v, i));
        }
        keep_only(v, kept);
    }
    return true;
}

static void set_or_drop(json_t *original, const char *name, json_t *v)
{
    if (remove_directives(v))
        json_object_set(original, name, v);
    else
        json_object_del(original, name);
}

/* A patch value that meets nothing, or something of another type. */
static void adopt(json_t *original, const char *name, json_t *v)
{
    discard_nulls(v);
    set_or_drop(original, name, v);
}

static json_t *directive_result(json_t *directive, json_t *patch, struct status *st)
{
    const char *d = json_string_value(directive);

    if (d && strcmp(d, "replace") == 0) {
        json_object_del(patch, PATCH);
        return json_incref(patch);
    }
    if (d && strcmp(d, "delete") == 0)
        return json_object();
    smp_error(st, "unknown patch type: %s in map: %s", d ? d : patch_text(st->arena, directive),
              patch_text(st->arena, patch));
    return NULL;
}

/* $retainKeys: fields of the original that are not in the list go. */
static bool retain_keys(json_t *original, json_t *patch, struct status *st)
{
    json_t *list = json_object_get(patch, RETAIN_KEYS), *keep, *v;
    const char *name;
    void *next;
    bool ok = true;

    if (!list)
        return true;
    if (!json_is_array(list))
        return bad_format(st, BAD_RETAIN);
    keep = json_object();
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_is_string(json_array_get(list, i)))
            json_object_set_new(keep, json_string_value(json_array_get(list, i)), json_true());
    }
    json_object_del(patch, RETAIN_KEYS);
    json_object_foreach(patch, name, v)
    {
        if (json_is_null(v) || starts(name, DELETE_FROM) || starts(name, SET_ORDER))
            continue;
        if (!json_object_get(keep, name))
            ok = bad_format(st, BAD_RETAIN);
    }
    json_object_foreach_safe(original, next, name, v)
    {
        if (ok && !json_object_get(keep, name))
            json_object_del(original, name);
    }
    json_decref(keep);
    return ok;
}

/* The one Go type of all items of both lists; *maps: it is a map. */
static bool element_type(const json_t *a, const json_t *b, bool *maps, struct status *st)
{
    const json_t *first = NULL;

    for (size_t i = 0; i < json_array_size(a) + json_array_size(b); i++) {
        const json_t *v =
            i < json_array_size(a) ? json_array_get(a, i) : json_array_get(b, i - json_array_size(a));

        if (!first)
            first = v;
        if (json_is_array(first)) {
            status_generic(st, 422); /* lists of lists */
            return false;
        }
        if (strcmp(patch_go_type(first), patch_go_type(v)) != 0) {
            smp_error(st, "list element types are not identical: [%s %s]",
                      a ? patch_text(st->arena, a) : "[]", b ? patch_text(st->arena, b) : "[]");
            return false;
        }
    }
    if (!first)
        return fails(st, "no elements in any of the given slices");
    *maps = json_is_object(first);
    return true;
}

/* Takes directives out of a list of maps: deletions and "replace". */
static bool special_items(json_t *original, json_t *patch, const char *key, struct status *st)
{
    json_t *doomed = json_array(), *kept = json_array();
    struct list_index gone;
    bool replace = false, ok = true;

    for (size_t i = 0; ok && i < json_array_size(patch); i++) {
        json_t *item = json_array_get(patch, i), *directive = json_object_get(item, PATCH);
        const char *d = json_string_value(directive);

        if (!directive) {
            json_array_append(kept, item);
            continue;
        }
        if (d && strcmp(d, "delete") == 0) {
            if (json_object_get(item, key)) {
                json_array_append(doomed, item);
            } else {
                smp_no_merge_key(st, item, key);
                ok = false;
            }
        } else if (d && strcmp(d, "replace") == 0) {
            replace = true;
        } else if (d && strcmp(d, "merge") == 0) {
            ok = fails(st, "merging lists cannot yet be specified in the patch");
        } else {
            json_decref(directive_result(directive, item, st));
            ok = false;
        }
    }
    keep_only(patch, kept);
    ok = ok && list_index_make(&gone, doomed, key, st);
    json_decref(doomed);
    if (!ok)
        return false;
    kept = json_array();
    for (size_t i = 0; i < json_array_size(original); i++) {
        if (list_index_of(&gone, json_array_get(original, i), key) < 0)
            json_array_append(kept, json_array_get(original, i));
    }
    keep_only(original, kept);
    list_index_free(&gone);
    if (replace) {
        json_array_clear(original);
        json_array_extend(original, patch);
        json_array_clear(patch);
    }
    return true;
}

/* Items of the patch into those of `merged` with the same key, or behind them. */
static bool merge_items(json_t *merged, const json_t *patch, const struct meta *m, struct status *st)
{
    struct list_index x;
    bool ok = list_index_make(&x, merged, m->key, st);

    if (!ok)
        return false;
    for (size_t i = 0; ok && i < json_array_size(patch); i++) {
        json_t *item = json_array_get(patch, i), *value = json_object_get(item, m->key), *result;
        json_int_t at;

        if (!value) {
            smp_no_merge_key(st, item, m->key);
            ok = false;
            break;
        }
        at = list_index_of_value(&x, value);
        if (at < 0) {
            list_index_add(&x, item, m->key, json_array_size(merged));
            json_array_append(merged, item);
            continue;
        }
        result = merge_map(json_array_get(merged, (size_t)at), item, m->type, st);
        ok = result && json_array_set_new(merged, (size_t)at, result) == 0;
    }
    list_index_free(&x);
    return ok;
}

static json_t *without(const json_t *list, const json_t *doomed, struct status *st)
{
    struct list_index x;
    json_t *out = json_array();

    list_index_make(&x, doomed, "", st);
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (list_index_of(&x, json_array_get(list, i), "") < 0)
            json_array_append(out, json_array_get(list, i));
    }
    list_index_free(&x);
    return out;
}

static json_t *union_of(const json_t *a, const json_t *b, struct status *st)
{
    struct list_index x;
    json_t *out = json_array();

    list_index_make(&x, out, "", st);
    for (size_t i = 0; i < json_array_size(a) + json_array_size(b); i++) {
        json_t *v = i < json_array_size(a) ? json_array_get(a, i) : json_array_get(b, i - json_array_size(a));

        if (list_index_of(&x, v, "") >= 0)
            continue;
        list_index_add(&x, v, "", i);
        json_array_append(out, v);
    }
    list_index_free(&x);
    return out;
}

/* Two lists that merge. New reference, or NULL with st filled. */
static json_t *merge_lists(json_t *original, json_t *patch, const struct meta *m, bool deletions,
                           struct status *st)
{
    json_t *merged, *out;
    bool maps;

    if (json_array_size(original) == 0 && json_array_size(patch) == 0)
        return json_incref(original);
    if (!element_type(original, patch, &maps, st))
        return NULL;
    if (!maps && deletions)
        return without(original, patch, st);
    if (!maps) {
        merged = union_of(original, patch, st);
    } else {
        if (!*m->key) {
            smp_error(st, "cannot merge lists without merge key for %s", go_kind(m->type));
            return NULL;
        }
        if (!special_items(original, patch, m->key, st))
            return NULL;
        merged = json_copy(original);
        if (!merge_items(merged, patch, m, st)) {
            json_decref(merged);
            return NULL;
        }
    }
    out = list_order(merged, patch, original, m->key, maps, st);
    json_decref(merged);
    return out;
}

static json_t *list_result(json_t *original, json_t *patch, const struct meta *m, bool deletions,
                           struct status *st)
{
    return m->merge || deletions ? merge_lists(original, patch, m, deletions, st) : json_incref(patch);
}

/* Items of the patch must come in the order that $setElementOrder names, and be all named there. */
static bool order_fits(const json_t *patch, const json_t *order, const char *key, struct status *st)
{
    size_t i = 0, j = 0, n = json_array_size(patch), total = json_array_size(order);

    if (n == 0 || total == 0)
        return true;
    while (i < n && j < total) {
        const json_t *item = json_array_get(patch, i), *named = json_array_get(order, j), *l = item,
                     *r = named;

        if (*key && !json_is_object(item)) {
            smp_bad_type(st, "map[string]interface {}", item);
            return false;
        }
        if (json_object_get(item, PATCH)) {
            i++;
            continue;
        }
        if (*key && !json_is_object(named)) {
            smp_bad_type(st, "map[string]interface {}", named);
            return false;
        }
        if (*key && (!(l = json_object_get(item, key)) || !(r = json_object_get(named, key)))) {
            smp_no_merge_key(st, l ? named : item, key);
            return false;
        }
        i += (size_t)json_equal(l, r);
        j++;
    }
    while (i < n && *key && json_object_get(json_array_get(patch, i), PATCH))
        i++; /* deletions need no place */
    if (i >= n)
        return true;
    smp_error(st, "The order in patch list:\n%s\n doesn't match %s list:\n%s\n", patch_text(st->arena, patch),
              SET_ORDER, patch_text(st->arena, order));
    return false;
}

/* One $setElementOrder/FIELD with the list it is about; that list is dealt with here. */
static bool ordered_list(json_t *original, json_t *patch, const char *name, json_t *order,
                         const struct schema_type *t, struct status *st)
{
    json_t *ours = json_object_get(original, name), *theirs = json_object_get(patch, name), *merged, *live,
           *out;
    struct meta m;
    bool maps;

    if (ours && !json_is_array(ours)) {
        smp_bad_type(st, "[]interface {}", ours);
        return false;
    }
    if (theirs && !json_is_array(theirs)) {
        smp_bad_type(st, "[]interface {}", theirs);
        return false;
    }
    if (!lookup_list(t, name, &m, st) || !order_fits(theirs, order, m.key, st))
        return false;
    if (!ours && !theirs)
        return true;
    if (!element_type(ours, theirs, &maps, st))
        return false;
    live = json_copy(ours ? ours : theirs);
    if (!theirs) {
        merged = json_incref(ours);
    } else if (!ours) {
        remove_directives(theirs);
        merged = json_incref(theirs);
        json_array_clear(live);
    } else {
        merged = list_result(ours, theirs, &m, false, st);
    }
    out = merged ? list_order(merged, order, live, m.key, maps, st) : NULL;
    json_decref(merged);
    json_decref(live);
    if (!out)
        return false;
    json_object_set_new(original, name, out);
    json_object_del(patch, name);
    return true;
}

/* The field behind "$directive/FIELD", or NULL with st filled. */
static const char *directive_field(const char *name, const char *directive, const char *err,
                                   struct status *st)
{
    size_t n = strlen(directive);

    if (name[n] == '/')
        return name + n + 1;
    bad_format(st, err);
    return NULL;
}

/* Applying one takes its list out of the patch too, so the directives are collected first. */
static bool set_orders(json_t *original, json_t *patch, const struct schema_type *t, struct status *st)
{
    json_t *orders = NULL, *v;
    const char *name, *field;
    bool ok = true;

    json_object_foreach(patch, name, v)
    {
        if (!starts(name, SET_ORDER))
            continue;
        if (!orders)
            orders = json_object();
        json_object_set_nocheck(orders, name, v);
    }
    json_object_foreach(orders, name, v)
    {
        json_object_del(patch, name);
        if (!json_is_array(v)) {
            smp_bad_type(st, "[]interface {}", v);
            ok = false;
            break;
        }
        field = directive_field(name, SET_ORDER, BAD_ORDER, st);
        ok = field && ordered_list(original, patch, field, v, t, st);
        if (!ok)
            break;
    }
    json_decref(orders);
    return ok;
}

/* One member of a patch. */
static bool merge_member(json_t *original, const char *name, json_t *v, const struct schema_type *t,
                         struct status *st)
{
    bool deletions = starts(name, DELETE_FROM);
    json_t *ours, *result;
    struct meta m;

    if (deletions && !(name = directive_field(name, DELETE_FROM, BAD_PRIMITIVE, st)))
        return false;
    if (json_is_null(v)) {
        json_object_del(original, name);
        return true;
    }
    ours = json_object_get(original, name);
    if (!ours || strcmp(patch_go_type(ours), patch_go_type(v)) != 0) {
        if (!deletions)
            adopt(original, name, v);
        return true;
    }
    if (json_is_object(v)) {
        if (!lookup(t, name, &m, st))
            return false;
        result = m.replace ? json_incref(v) : merge_map(ours, v, m.type, st);
    } else if (json_is_array(v)) {
        if (!lookup_list(t, name, &m, st))
            return false;
        result = list_result(ours, v, &m, deletions, st);
    } else {
        set_or_drop(original, name, v);
        return true;
    }
    if (!result)
        return false;
    json_object_set_new(original, name, result);
    return true;
}

/* Merges patch into original; both are changed. New reference to the result, or NULL with st filled.
 * Recursion as deep as the patch. */
static json_t *merge_map(json_t *original, json_t *patch, const struct schema_type *t, struct status *st)
{
    json_t *directive = json_object_get(patch, PATCH), *v;
    const char *name;

    if (directive)
        return directive_result(directive, patch, st);
    if (!retain_keys(original, patch, st) || !set_orders(original, patch, t, st))
        return NULL;
    json_object_foreach(patch, name, v)
    {
        if (!merge_member(original, name, v, t, st))
            return NULL;
    }
    return json_incref(original);
}

json_t *strategicmerge_apply(const json_t *doc, const json_t *patch, const struct schema_type *t,
                             struct status *st)
{
    json_t *original, *p, *out;

    if (json_is_null(patch))
        return json_deep_copy(doc);
    if (!json_is_object(doc) || !json_is_object(patch)) {
        bad_format(st, "invalid JSON document");
        return NULL;
    }
    original = json_deep_copy(doc);
    p = json_deep_copy(patch);
    out = merge_map(original, p, t, st);
    json_decref(original);
    json_decref(p);
    return out;
}
