/* RFC 7386 with the corners of the library the reference uses: nulls inside what is added are dropped, nulls
 * inside a list that replaces an object are not. */
#include "registry/walk/patch.h"

#include "registry/walk/patchtext.h"
#include "registry/walk/tree.h"

static bool check_object(const json_t *patch, const char *prefix, struct status *st)
{
    if (json_is_object(patch) || json_is_null(patch))
        return true;
    status_bad_request(st, "%sjson: cannot unmarshal %s into Go value of type map[string]interface {}",
                       prefix, json_word(patch));
    return false;
}

bool mergepatch_check(const json_t *patch, struct findings *strict, struct status *st)
{
    return strict ? check_object(patch, "error decoding patch: ", st) : true;
}

bool strategicmerge_check(const json_t *patch, struct status *st)
{
    return check_object(patch, "", st);
}

/* What a merge has touched is written with sorted keys; everything else keeps its order. Recursion as deep as
 * the patch, which its reader bounds. */
static void prune_nulls(json_t *v)
{
    void *it, *next;

    for (size_t i = 0; i < json_array_size(v); i++)
        prune_nulls(json_array_get(v, i));
    for (it = json_object_iter(v); it; it = next) {
        next = json_object_iter_next(v, it);
        if (json_is_null(json_object_iter_value(it)))
            json_object_deln(v, json_object_iter_key(it), json_object_iter_key_len(it));
        else
            prune_nulls(json_object_iter_value(it));
    }
    if (json_is_object(v))
        tree_sort_keys(v);
}

static void merge(json_t *doc, const json_t *patch)
{
    json_t *p = (json_t *)patch; /* jansson's iterators take no const */

    for (void *it = json_object_iter(p); it; it = json_object_iter_next(p, it)) {
        const char *key = json_object_iter_key(it);
        size_t n = json_object_iter_key_len(it);
        json_t *v = json_object_iter_value(it), *cur = json_object_getn(doc, key, n), *copy;

        if (json_is_null(v)) {
            json_object_deln(doc, key, n);
            continue;
        }
        if (json_is_object(cur) && json_is_object(v)) {
            merge(cur, v);
            continue;
        }
        copy = json_deep_copy(v);
        if (!json_is_object(cur))
            prune_nulls(copy);
        json_object_setn_new_nocheck(doc, key, n, copy);
    }
    tree_sort_keys(doc);
}

json_t *mergepatch_apply(const json_t *doc, const json_t *patch, struct status *st)
{
    json_t *out;

    if (!json_is_object(doc) || !json_is_object(patch)) {
        status_bad_request(st, json_is_object(doc) ? "Invalid JSON Patch" : "Invalid JSON Document");
        return NULL;
    }
    out = json_deep_copy(doc);
    merge(out, patch);
    return out;
}
