/* What metadata may hold when an object is created or changed; one check a field, in the reference's order,
 * because the order of causes is visible. */
#include "registry/rules/objectmeta.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include "registry/rules/names.h"
#include "registry/rules/text.h"
#include "shm/base/must.h"

#define ANNOTATIONS_MAX_BYTES (256 * 1024)
#define MANAGER_MAX_BYTES 128
#define SUBRESOURCE_MAX_BYTES 256

static struct str text_of(const json_t *v)
{
    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)} : STR("");
}

static struct str member(const json_t *o, const char *name)
{
    return text_of(json_object_get(o, name));
}

/* A value as Go's json.Marshal prints it. */
static const char *json_text(struct arena *a, const json_t *v)
{
    char *text = v ? json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    const char *copy = text ? arena_cstr(a, str_of(text)) : "null";

    free(text);
    return copy;
}

static void invalid_all(struct status *st, const char *path, struct str value, const struct name_errors *e)
{
    for (int i = 0; i < e->n; i++)
        field_invalid_str(st, path, value, e->text[i]);
}

static void check_name(const json_t *meta, const struct schema_resource *r, struct status *st)
{
    struct str name = member(meta, "name"), base = member(meta, "generateName");
    struct name_errors e;

    if (base.n) {
        name_errors(st->arena, r->name_rule, base, true, &e);
        invalid_all(st, "metadata.generateName", base, &e);
    }
    if (name.n == 0) {
        field_required(st, "metadata.name", "name or generateName is required");
        return;
    }
    name_errors(st->arena, r->name_rule, name, false, &e);
    invalid_all(st, "metadata.name", name, &e);
}

static void check_namespace(const json_t *meta, const struct schema_resource *r, struct status *st)
{
    struct str ns = member(meta, "namespace");
    struct name_errors e;

    if (!(r->flags & RESOURCE_NAMESPACED)) {
        if (ns.n)
            field_forbidden(st, "metadata.namespace", "not allowed on this type");
        return;
    }
    if (ns.n == 0) {
        field_required(st, "metadata.namespace", "");
        return;
    }
    name_errors(st->arena, "dns-label", ns, false, &e);
    invalid_all(st, "metadata.namespace", ns, &e);
}

static void check_labels(const json_t *labels, struct status *st)
{
    json_t *o = (json_t *)labels; /* jansson's iterators take no const */
    struct name_errors e;

    for (void *it = json_object_iter(o); it && !status_full(st); it = json_object_iter_next(o, it)) {
        struct str key = {json_object_iter_key(it), json_object_iter_key_len(it)};
        struct str value = text_of(json_object_iter_value(it));

        name_qualified_errors(st->arena, key, &e);
        invalid_all(st, "metadata.labels", key, &e);
        name_label_value_errors(value, &e);
        invalid_all(st, "metadata.labels", value, &e);
    }
}

static struct str lower(struct arena *a, struct str s)
{
    char *p = arena_cstr(a, s);

    for (size_t i = 0; i < s.n; i++) {
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] - 'A' + 'a');
    }
    return (struct str){p, s.n};
}

static void check_annotations(const json_t *annotations, struct status *st)
{
    json_t *o = (json_t *)annotations;
    struct name_errors e;
    size_t bytes = 0;

    for (void *it = json_object_iter(o); it && !status_full(st); it = json_object_iter_next(o, it)) {
        struct str key = {json_object_iter_key(it), json_object_iter_key_len(it)};

        bytes += key.n + json_string_length(json_object_iter_value(it));
        name_qualified_errors(st->arena, lower(st->arena, key), &e);
        invalid_all(st, "metadata.annotations", key, &e);
    }
    if (bytes > ANNOTATIONS_MAX_BYTES)
        field_too_long(st, "metadata.annotations", ANNOTATIONS_MAX_BYTES);
}

/* An owner reference as the reference prints it: its fields in order, optional ones only when set. */
static json_t *printed_owner(const json_t *ref)
{
    static const char *const always[] = {"apiVersion", "kind", "name", "uid"};
    static const char *const optional[] = {"controller", "blockOwnerDeletion"};
    json_t *out = json_object();

    for (size_t i = 0; i < 4; i++) {
        struct str s = member(ref, always[i]);

        json_object_set_new(out, always[i], json_stringn_nocheck(s.n ? s.p : "", s.n));
    }
    for (size_t i = 0; i < 2; i++) {
        if (json_is_boolean(json_object_get(ref, optional[i])))
            json_object_set(out, optional[i], json_object_get(ref, optional[i]));
    }
    return out;
}

static const char *owners_text(struct arena *a, const json_t *refs)
{
    json_t *list = json_array();
    const char *text;

    for (size_t i = 0; i < json_array_size(refs); i++)
        json_array_append_new(list, printed_owner(json_array_get(refs, i)));
    text = json_text(a, list);
    json_decref(list);
    return text;
}

static void check_owner(const json_t *ref, struct status *st)
{
    static const char path[] = "metadata.ownerReferences";
    static const char *const needed[] = {"kind", "name", "uid"};
    struct str gv = member(ref, "apiVersion"), version = gv;
    ptrdiff_t slash = str_find(gv, '/');

    if (slash >= 0)
        version = (struct str){gv.p + slash + 1, gv.n - (size_t)slash - 1};
    if (version.n == 0 || str_find(version, '/') >= 0)
        field_invalid_str(st, "metadata.ownerReferences.apiVersion", gv, "version must not be empty");
    for (size_t i = 0; i < 3; i++) {
        if (member(ref, needed[i]).n == 0)
            field_invalid_str(st, arena_printf(st->arena, "%s.%s", path, needed[i]), STR(""),
                              "must not be empty");
    }
    if (str_is(gv, "v1") && str_is(member(ref, "kind"), "Event")) {
        json_t *printed = printed_owner(ref);

        field_invalid(st, path, json_text(st->arena, printed),
                      "/v1, Kind=Event is disallowed from being an owner");
        json_decref(printed);
    }
}

static void check_owners(const json_t *refs, struct status *st)
{
    const char *controller = NULL;

    for (size_t i = 0; i < json_array_size(refs) && !status_full(st); i++) {
        const json_t *ref = json_array_get(refs, i);
        const char *name;

        check_owner(ref, st);
        if (!json_is_true(json_object_get(ref, "controller")))
            continue;
        name =
            arena_printf(st->arena, "%.*s/%.*s", STR_ARG(member(ref, "kind")), STR_ARG(member(ref, "name")));
        if (controller)
            field_invalid(
                st, "metadata.ownerReferences", owners_text(st->arena, refs),
                arena_printf(st->arena,
                             "Only one reference can have Controller set to true. Found \"true\" in "
                             "references for %s and %s",
                             controller, name));
        else
            controller = name;
    }
}

static bool has_text(const json_t *list, struct str s)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (str_eq(text_of(json_array_get(list, i)), s))
            return true;
    }
    return false;
}

static void check_finalizers(const json_t *list, struct status *st)
{
    struct name_errors e;

    for (size_t i = 0; i < json_array_size(list) && !status_full(st); i++) {
        struct str name = text_of(json_array_get(list, i));

        name_qualified_errors(st->arena, name, &e);
        invalid_all(st, "metadata.finalizers", name, &e);
    }
    if (has_text(list, STR("orphan")) && has_text(list, STR("foregroundDeletion")))
        field_invalid(st, "metadata.finalizers", json_text(st->arena, list),
                      "finalizer orphan and foregroundDeletion cannot be both set");
}

static void check_manager(struct str name, const char *path, struct status *st)
{
    if (name.n > MANAGER_MAX_BYTES)
        field_too_long(st, path, MANAGER_MAX_BYTES);
    for (size_t i = 0; i < name.n && !status_full(st);) {
        uint32_t rune;
        size_t n = text_rune(name.p + i, name.n - i, &rune);

        if (!text_printable(rune))
            field_invalid_str(st, path, name,
                              arena_printf(st->arena, "invalid character U+%04X (at position %zu)", rune, i));
        i += n;
    }
}

static void check_managed_fields(const json_t *list, struct status *st)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        struct str operation = member(entry, "operation"), type = member(entry, "fieldsType");
        const char *path = arena_printf(st->arena, "metadata.managedFields[%zu]", i);

        if (!str_is(operation, "Apply") && !str_is(operation, "Update"))
            field_invalid_str(st, arena_printf(st->arena, "%s.operation", path), operation,
                              "must be `Apply` or `Update`");
        if (type.n && !str_is(type, "FieldsV1"))
            field_invalid_str(st, arena_printf(st->arena, "%s.fieldsType", path), type, "must be `FieldsV1`");
        check_manager(member(entry, "manager"), arena_printf(st->arena, "%s.manager", path), st);
        if (member(entry, "subresource").n > SUBRESOURCE_MAX_BYTES)
            field_too_long(st, arena_printf(st->arena, "%s.subresource", path), SUBRESOURCE_MAX_BYTES);
    }
}

void objectmeta_validate(const json_t *obj, const struct schema_resource *r, struct status *st)
{
    const json_t *meta = json_object_get(obj, "metadata");
    const json_t *generation = json_object_get(meta, "generation");
    const json_t *finalizers = json_object_get(meta, "finalizers");

    check_name(meta, r, st);
    check_namespace(meta, r, st);
    if (json_integer_value(generation) < 0)
        field_invalid(st, "metadata.generation", json_text(st->arena, generation),
                      "must be greater than or equal to 0");
    check_labels(json_object_get(meta, "labels"), st);
    check_annotations(json_object_get(meta, "annotations"), st);
    check_owners(json_object_get(meta, "ownerReferences"), st);
    check_finalizers(finalizers, st);
    check_managed_fields(json_object_get(meta, "managedFields"), st);
}

void objectmeta_validate_finalizers(const json_t *obj, struct status *st)
{
    const json_t *list = json_object_get(json_object_get(obj, "metadata"), "finalizers");

    for (size_t i = 0; i < json_array_size(list) && !status_full(st); i++) {
        struct str name = text_of(json_array_get(list, i));

        if (str_find(name, '/') >= 0 || str_is(name, "kubernetes") || str_is(name, "orphan") ||
            str_is(name, "foregroundDeletion"))
            continue;
        field_invalid_str(st, arena_printf(st->arena, "metadata.finalizers[%zu]", i), name,
                          "name is neither a standard finalizer name nor is it fully qualified");
    }
}

static int cmp_texts(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* A terminating object can't get finalizers that it did not have. */
static void check_no_new_finalizers(const json_t *list, const json_t *old, struct status *st)
{
    size_t n = 0;
    struct str *extra = arena_alloc(st->arena, (json_array_size(list) + 1) * sizeof(*extra));
    struct buf b = {0};

    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!has_text(old, text_of(json_array_get(list, i))))
            extra[n++] = text_of(json_array_get(list, i));
    }
    if (n == 0)
        return;
    qsort(extra, n, sizeof(*extra), cmp_texts);
    buf_puts(&b,
             "no new finalizers can be added if the object is being deleted, found new finalizers []string{");
    for (size_t i = 0; i < n; i++) {
        if (i && str_eq(extra[i], extra[i - 1]))
            continue;
        if (i)
            buf_puts(&b, ", ");
        text_quote(&b, extra[i]);
    }
    buf_puts(&b, "}");
    field_forbidden(st, "metadata.finalizers", arena_cstr(st->arena, buf_view(&b)));
    buf_free(&b);
}

static bool same(const json_t *a, const json_t *b)
{
    if (!a || !b)
        return (!a || text_of(a).n == 0) && (!b || text_of(b).n == 0) && !json_is_number(a) &&
               !json_is_number(b);
    return json_equal(a, b);
}

static void check_immutable(const json_t *meta, const json_t *old, struct status *st)
{
    static const struct {
        const char *name;
        bool text; /* absent is "", not null */
    } fields[] = {
        {"name", true},
        {"namespace", true},
        {"uid", true},
        {"creationTimestamp", false},
        {"deletionTimestamp", false},
        {"deletionGracePeriodSeconds", false},
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const json_t *now = json_object_get(meta, fields[i].name);
        const char *path = arena_printf(st->arena, "metadata.%s", fields[i].name);

        if (same(now, json_object_get(old, fields[i].name)))
            continue;
        if (fields[i].text)
            field_invalid_str(st, path, text_of(now), "field is immutable");
        else
            field_invalid(st, path, json_text(st->arena, now), "field is immutable");
    }
}

void objectmeta_validate_update(const json_t *obj, const json_t *old, const struct schema_resource *r,
                                struct status *st)
{
    const json_t *meta = json_object_get(obj, "metadata"), *before = json_object_get(old, "metadata");
    const json_t *generation = json_object_get(meta, "generation");
    const json_t *finalizers = json_object_get(meta, "finalizers");

    if (json_object_get(before, "deletionTimestamp"))
        check_no_new_finalizers(finalizers, json_object_get(before, "finalizers"), st);
    if (member(meta, "resourceVersion").n == 0)
        field_invalid_str(st, "metadata.resourceVersion", STR(""), "must be specified for an update");
    if (json_integer_value(generation) < json_integer_value(json_object_get(before, "generation")))
        field_invalid(st, "metadata.generation", generation ? json_text(st->arena, generation) : "0",
                      "must not be decremented");
    check_immutable(meta, before, st);
    check_labels(json_object_get(meta, "labels"), st);
    check_annotations(json_object_get(meta, "annotations"), st);
    check_owners(json_object_get(meta, "ownerReferences"), st);
    check_managed_fields(json_object_get(meta, "managedFields"), st);
}

static void random_bytes(void *p, size_t n)
{
    char *at = p;

    while (n) {
        ssize_t got = getrandom(at, n, 0);

        if (got < 0) {
            must(errno == EINTR);
            continue;
        }
        at += got;
        n -= (size_t)got;
    }
}

void generate_name(struct str base, char out[64])
{
    static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789"; /* no vowels: no words */
    unsigned char random[32];
    size_t n = base.n < 58 ? base.n : 58, at = n;

    if (n)
        memcpy(out, base.p, n);
    while (at < n + 5) {
        random_bytes(random, sizeof(random));
        for (size_t i = 0; i < sizeof(random) && at < n + 5; i++) {
            if ((random[i] & 31u) < sizeof(alphabet) - 1)
                out[at++] = alphabet[random[i] & 31];
        }
    }
    out[at] = '\0';
}

void generate_uid(char out[37])
{
    unsigned char b[16];

    random_bytes(b, sizeof(b));
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}
