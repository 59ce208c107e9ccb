/* Three kinds of patches (the fourth is in applying.c), one way: read, check, apply, decode the result. The
 * refusals quote what the reference quotes: the patched object for JSON and merge patches, the patch for
 * strategic ones. */
#include "worker/write/patching.h"

#include <stdlib.h>
#include "registry/rules/text.h"
#include "registry/walk/decode.h"
#include "registry/walk/patch.h"
#include "registry/walk/tree.h"
#include "worker/write/body.h"

#define JSON_PATCH "application/json-patch+json"
#define MERGE_PATCH "application/merge-patch+json"
#define STRATEGIC_PATCH "application/strategic-merge-patch+json"
#define APPLY_PATCH "application/apply-patch+yaml"
#define NO_HEAD                                                                                              \
    "couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type "       \
    "struct { "                                                                                              \
    "APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }"

bool patching_type(struct request *rq, struct str *type, struct status *st)
{
    struct str t = request_header(rq, "content-type");
    ptrdiff_t semicolon = str_find(t, ';');

    if (semicolon > 0)
        t.n = (size_t)semicolon;
    *type = t;
    if (str_is(t, JSON_PATCH) || str_is(t, MERGE_PATCH) || str_is(t, STRATEGIC_PATCH) ||
        str_is(t, APPLY_PATCH))
        return true;
    status_set(st, 415, "UnsupportedMediaType", "415: Unsupported Media Type");
    st->has_details = true;
    return false;
}

static bool check(struct change *c, struct findings *found, struct status *st)
{
    struct findings *strict = c->o.validation == VALIDATION_IGNORE ? NULL : found;

    if (str_is(c->patch_type, JSON_PATCH))
        return jsonpatch_check(c->patch, strict, st);
    if (str_is(c->patch_type, MERGE_PATCH))
        return mergepatch_check(c->patch, strict, st);
    return strategicmerge_check(c->patch, st);
}

/* Nobody looks at a merge patch before it is merged. */
static bool is_loose_merge(const struct change *c)
{
    return c->o.validation == VALIDATION_IGNORE && str_is(c->patch_type, MERGE_PATCH);
}

static bool read_patch(struct change *c, struct request *rq, struct findings *found, struct status *st)
{
    bool strategic = str_is(c->patch_type, STRATEGIC_PATCH);
    const char *err = "";

    c->patch = write_keep_tree(rq->arena, json_read(rq->arena, rq->body, found, &err));
    if (!c->patch && is_loose_merge(c)) {
        status_bad_request(st, "Invalid JSON Patch");
        return false;
    }
    if (!c->patch) {
        status_bad_request(st, "%s%s", strategic ? "" : "error decoding patch: ", err);
        return false;
    }
    if (check(c, found, st))
        return true;
    c->patch = NULL; /* whoever asks again is told the same */
    return false;
}

static json_t *apply(struct change *c, const json_t *obj, const struct schema_type *type, struct status *st)
{
    if (str_is(c->patch_type, JSON_PATCH))
        return jsonpatch_apply(obj, c->patch, st);
    if (str_is(c->patch_type, MERGE_PATCH))
        return mergepatch_apply(obj, c->patch, st);
    return strategicmerge_apply(obj, c->patch, type, st);
}

/* 422 on the field "patch", with what could not be read. */
static void refuse(struct change *c, struct request *rq, json_t *patched, const char *why, struct status *st)
{
    struct status refused = {.arena = rq->arena};
    char *text = NULL;

    if (str_is(c->patch_type, STRATEGIC_PATCH)) {
        field_invalid_str(&refused, "patch", str_of(patch_text(rq->arena, c->patch)), why);
    } else {
        text = json_dumps(patched, JSON_COMPACT | JSON_ENCODE_ANY);
        field_invalid_str(&refused, "patch", str_of(text), why);
    }
    status_invalid_done(&refused, "", "", STR_NONE);
    *st = refused;
    free(text);
}

static bool right_kind(struct change *c, struct request *rq, json_t *obj, const json_t *before,
                       struct status *st)
{
    static const char *const HEAD[] = {"kind", "apiVersion"};

    /* a strategic patch is merged into the object of the kind that it has */
    for (int i = 0; i < 2 && str_is(c->patch_type, STRATEGIC_PATCH); i++)
        tree_copy(obj, before, HEAD[i]);
    for (int i = 0; i < 2; i++) {
        struct str is = tree_str(obj, HEAD[i]), was = tree_str(before, HEAD[i]);

        if (is.n && !str_eq(is, was)) {
            refuse(c, rq, obj,
                   arena_printf(rq->arena,
                                "no kind \"%.*s\" is registered for version \"%.*s\" in scheme \"" BODY_SCHEME
                                "\"",
                                STR_ARG(tree_str(obj, "kind")), STR_ARG(tree_str(obj, "apiVersion"))),
                   st);
            return false;
        }
    }
    return true;
}

static bool decode(struct change *c, struct request *rq, json_t *obj, const struct schema_type *type,
                   struct findings *found, struct status *st)
{
    struct status why = {.arena = rq->arena};
    bool strategic = str_is(c->patch_type, STRATEGIC_PATCH), ok;
    json_t *as_sent = strategic ? NULL : json_deep_copy(obj);
    int first = found->n;

    ok = strategic ? decode_merged(obj, type, found, &why) : decode_tree(obj, type, found, &why);
    if (strategic)
        findings_sort(found, first);
    if (!ok)
        refuse(c, rq, as_sent, why.message, st);
    else if (found->n && c->o.validation == VALIDATION_STRICT)
        refuse(c, rq, as_sent, arena_printf(rq->arena, "strict decoding error: %s", findings_text(found)),
               st);
    else if (c->o.validation == VALIDATION_WARN)
        body_warn(rq, found);
    json_decref(as_sent);
    return !status_failed(st);
}

json_t *patching_apply(struct change *c, struct request *rq, json_t *obj, const struct schema_type *type,
                       struct status *st)
{
    struct findings found = {.arena = rq->arena};
    json_t *patched = NULL;

    if (c->patch || read_patch(c, rq, &found, st)) {
        if (is_loose_merge(c) && json_is_array(c->patch))
            refuse(c, rq, c->patch, NO_HEAD, st);
        else
            patched = apply(c, obj, type, st);
        if (patched && str_is(c->patch_type, JSON_PATCH))
            jsonpatch_retell(rq->arena, patched, c->patch);
    }
    if (patched && (!right_kind(c, rq, patched, obj, st) || !decode(c, rq, patched, type, &found, st))) {
        json_decref(patched);
        patched = NULL;
    }
    json_decref(obj);
    return patched;
}
