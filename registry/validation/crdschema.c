/* Two walks: whether the schema is structural, whose complaints are sorted by their texts, and what it must
 * not use at all. */
#include "registry/validation/crdschema.h"

#include <stdlib.h>
#include "registry/rules/regexp.h"
#include "registry/validation/crdrules.h"
#include "registry/validation/crdtypes.h"
#include "registry/validation/seen.h"
#include "registry/walk/tree.h"

#define DEPTH_MAX 500 /* deeper schemas are not looked into */

#define X "x-kubernetes-"

static const char *const JUNCTORS[] = {"allOf", "oneOf", "anyOf"};

/* ---- structural ---- */

enum level { ROOT, ITEM, FIELD };

static bool is_int_or_string(const json_t *any_of)
{
    return json_array_size(any_of) == 2 && json_object_size(json_array_get(any_of, 0)) == 1 &&
           json_object_size(json_array_get(any_of, 1)) == 1 &&
           str_is(check_str(json_array_get(any_of, 0), "type"), "integer") &&
           str_is(check_str(json_array_get(any_of, 1), "type"), "string");
}

static void nested(struct check *c, const struct at *at, const json_t *v, bool skip_any_of, int depth);

static void pattern(struct check *c, const struct at *up, const json_t *s)
{
    struct at at = at_field(up, "pattern");
    const char *err = regexp_error(c->arena, check_str(s, "pattern"));

    if (err)
        check_invalid_str(c, &at, check_str(s, "pattern"),
                          arena_printf(c->arena, "must be a valid regular expression, but isn't: %s", err));
}

/* What stands under not, allOf, oneOf and anyOf. */
static void value_validation(struct check *c, const struct at *at, const json_t *s, bool skip_any_of,
                             bool skip_first, int depth)
{
    struct at not_at = at_field(at, "not");
    json_t *v;
    size_t i;

    for (int k = 0; k < 3; k++) {
        struct at all = at_field(at, JUNCTORS[k]);

        if (skip_any_of && strcmp(JUNCTORS[k], "anyOf") == 0)
            continue;
        json_array_foreach(json_object_get(s, JUNCTORS[k]), i, v)
        {
            struct at item = at_index(&all, i);

            nested(c, &item, v, skip_first && k == 0 && i == 0, depth + 1);
        }
    }
    if (check_has(s, "not"))
        nested(c, &not_at, json_object_get(s, "not"), false, depth + 1);
    pattern(c, at, s);
}

/* What only the schema itself may say. */
static const struct {
    const char *name, *detail;
} ONLY_OUTSIDE[] = {
    {"type", "must be empty to be structural"},
    {"additionalProperties", "must be undefined to be structural"},
    {"default", "must be undefined to be structural"},
    {"title", "must be empty to be structural"},
    {"description", "must be empty to be structural"},
    {"nullable", "must be false to be structural"},
    {X "preserve-unknown-fields", "must be false to be structural"},
    {X "embedded-resource", "must be false to be structural"},
    {X "int-or-string", "must be false to be structural"},
    {X "list-map-keys", "must be empty to be structural"},
    {X "list-type", "must be undefined to be structural"},
    {X "map-type", "must be undefined to be structural"},
    {X "validations", "must be empty to be structural"},
};

static bool says(const json_t *s, const char *name)
{
    const json_t *v = json_object_get(s, name);

    if (!v || json_is_null(v) || json_is_false(v))
        return false;
    return !(json_is_string(v) && !json_string_length(v)) && !(json_is_array(v) && !json_array_size(v));
}

static void nested(struct check *c, const struct at *at, const json_t *v, bool skip_any_of, int depth)
{
    struct at items = at_field(at, "items"), properties = at_field(at, "properties");
    const char *key;
    size_t n;
    json_t *p;

    if (depth > DEPTH_MAX || check_full(c))
        return;
    value_validation(c, at, v, skip_any_of, false, depth);
    if (json_is_object(json_object_get(v, "items")))
        nested(c, &items, json_object_get(v, "items"), false, depth + 1);
    json_object_keylen_foreach(json_object_get(v, "properties"), key, n, p)
    {
        struct at item = at_key(&properties, (struct str){key, n});

        nested(c, &item, p, false, depth + 1);
        if (strcmp(key, "metadata") == 0)
            check_forbidden(c, &item, "must not be specified in a nested context");
    }
    for (size_t i = 0; i < sizeof(ONLY_OUTSIDE) / sizeof(ONLY_OUTSIDE[0]); i++) {
        struct at item = at_field(at, ONLY_OUTSIDE[i].name);

        if (says(v, ONLY_OUTSIDE[i].name))
            check_forbidden(c, &item, ONLY_OUTSIDE[i].detail);
    }
}

static void schema_type_of(struct check *c, const struct at *up, const json_t *s, enum level level)
{
    static const char *const MISSING[] = {"must not be empty at the root",
                                          "must not be empty for specified array items",
                                          "must not be empty for specified object fields"};
    struct str type = check_str(s, "type");
    struct at at = at_field(up, "type");

    if (check_bool(s, X "embedded-resource") && !str_is(type, "object")) {
        if (!type.n)
            check_required(c, &at, "must be object if x-kubernetes-embedded-resource is true");
        else
            check_invalid_str(c, &at, type, "must be object if x-kubernetes-embedded-resource is true");
    } else if (!type.n && !check_bool(s, X "int-or-string") && !check_bool(s, X "preserve-unknown-fields")) {
        check_required(c, &at, MISSING[level]);
    }
    if (level == ROOT && type.n && !str_is(type, "object"))
        check_invalid_str(c, &at, type, "must be object at the root");
}

/* Metadata may be said to have a name, and nothing else. */
static void metadata_schema(struct check *c, const struct at *at, const json_t *s, enum level level,
                            bool checks)
{
    const json_t *properties = json_object_get(s, "properties");
    struct at type = at_field(at, "type");
    size_t known = json_object_get(properties, "name") != NULL;
    const char *key;
    json_t *v;

    known += json_object_get(properties, "generateName") != NULL;
    if (checks && !str_is(check_str(s, "type"), "object"))
        check_invalid_str(c, &type, check_str(s, "type"), "must be object");
    if (level != ROOT)
        return;
    json_object_foreach((json_t *)(uintptr_t)s, key, v)
    {
        bool allowed = strcmp(key, "type") == 0 || strcmp(key, "default") == 0 ||
                       (strcmp(key, "properties") == 0 && known == json_object_size(properties));

        if (allowed || !says(s, key))
            continue;
        check_forbidden(c, at,
                        "must not specify anything other than name and generateName, but metadata is "
                        "implicitly specified");
        return;
    }
}

static void type_meta(struct check *c, const struct at *up, const json_t *properties, const char *name)
{
    struct at at = at_key(up, str_of(name)), type = at_field(&at, "type");
    const json_t *s = json_object_get(properties, name);

    if (s && !str_is(check_str(s, "type"), "string"))
        check_invalid_str(c, &type, check_str(s, "type"), "must be string");
}

static void extensions(struct check *c, const struct at *up, const json_t *s)
{
    static const char *const EXCLUDED[] = {X "preserve-unknown-fields", X "embedded-resource"};

    for (int i = 0; i < 2 && check_bool(s, X "int-or-string"); i++) {
        struct at at = at_field(up, EXCLUDED[i]);

        if (check_bool(s, EXCLUDED[i]))
            check_invalid_text(c, &at, "true", "must be false if x-kubernetes-int-or-string is true");
    }
}

static void embedded(struct check *c, const struct at *up, const json_t *s)
{
    struct at additional = at_field(up, "additionalProperties"), properties = at_field(up, "properties");

    if (!check_bool(s, X "embedded-resource"))
        return;
    if (check_has(s, "additionalProperties"))
        check_forbidden(c, &additional, "must not be used if x-kubernetes-embedded-resource is set");
    if (!check_bool(s, X "preserve-unknown-fields") && !json_object_size(json_object_get(s, "properties")))
        check_required(c, &properties,
                       "must not be empty if x-kubernetes-embedded-resource is true without "
                       "x-kubernetes-preserve-unknown-fields");
}

static void structural(struct check *c, const struct at *at, const json_t *s, enum level level, int depth)
{
    const json_t *properties = json_object_get(s, "properties");
    struct at items = at_field(at, "items"), all = at_field(at, "properties"),
              additional = at_field(at, "additionalProperties"), metadata = at_key(&all, STR("metadata"));
    bool checks = level == ROOT || check_bool(s, X "embedded-resource");
    const char *key;
    size_t n;
    json_t *p;

    if (depth > DEPTH_MAX || check_full(c))
        return;
    if (str_is(check_str(s, "type"), "array") && !check_has(s, "items"))
        check_required(c, &items, "must be specified");
    if (json_is_object(json_object_get(s, "items")))
        structural(c, &items, json_object_get(s, "items"), ITEM, depth + 1);
    json_object_keylen_foreach((json_t *)(uintptr_t)properties, key, n, p)
    {
        struct at item = at_key(&all, (struct str){key, n});

        structural(c, &item, p, FIELD, depth + 1);
    }
    if (check_has(s, "additionalProperties") && level == ROOT)
        check_forbidden(c, &additional, "must not be used at the root");
    if (json_is_object(json_object_get(s, "additionalProperties")))
        structural(c, &additional, json_object_get(s, "additionalProperties"), FIELD, depth + 1);
    extensions(c, at, s);
    value_validation(
        c, at, s, is_int_or_string(json_object_get(s, "anyOf")),
        is_int_or_string(json_object_get(json_array_get(json_object_get(s, "allOf"), 0), "anyOf")), depth);
    schema_type_of(c, at, s, level);
    embedded(c, at, s);
    if (checks) {
        type_meta(c, &all, properties, "kind");
        type_meta(c, &all, properties, "apiVersion");
    }
    if (json_object_get(properties, "metadata"))
        metadata_schema(c, &metadata, json_object_get(properties, "metadata"), level, checks);
}

static int cmp_causes(const void *a, const void *b)
{
    const struct status_cause *x = a, *y = b;
    int by_field = strcmp(x->field, y->field);

    return by_field ? by_field : strcmp(x->message, y->message);
}

/* In the order of their texts. */
static void put_structural(struct check *c, const struct at *at, const json_t *schema)
{
    struct status st = {.arena = c->arena};
    struct check apart = *c;

    apart.st = &st;
    structural(&apart, at, schema, ROOT, 0);
    if (st.ncauses)
        qsort(st.causes, (size_t)st.ncauses, sizeof(*st.causes), cmp_causes);
    for (int i = 0; i < st.ncauses; i++)
        status_add_cause(c->st, st.causes[i].reason, st.causes[i].field, st.causes[i].message);
}

/* ---- what no schema may use ---- */

static const struct {
    const char *name, *detail;
} UNSUPPORTED[] = {
    {"id", "id is not supported"},
    {"additionalItems", "additionalItems is not supported"},
    {"patternProperties", "patternProperties is not supported"},
    {"definitions", "definitions is not supported"},
    {"dependencies", "dependencies is not supported"},
    {"$ref", "$ref is not supported"},
};

/* With these, the reference can't even look whether the schema is structural. */
static bool is_unsupported(const json_t *s, int depth)
{
    static const char *const INSIDE[] = {"items", "additionalProperties", "not"};
    const char *key;
    json_t *v;
    size_t k;

    if (depth > DEPTH_MAX || !json_is_object(s))
        return false;
    for (size_t i = 0; i < sizeof(UNSUPPORTED) / sizeof(UNSUPPORTED[0]); i++) {
        if (says(s, UNSUPPORTED[i].name))
            return true;
    }
    if (json_is_array(json_object_get(s, "items")) || check_bool(s, "uniqueItems"))
        return true;
    for (int i = 0; i < 3; i++) {
        if (is_unsupported(json_object_get(s, INSIDE[i]), depth + 1))
            return true;
        json_array_foreach(json_object_get(s, JUNCTORS[i]), k, v)
        {
            if (is_unsupported(v, depth + 1))
                return true;
        }
    }
    json_object_foreach(json_object_get(s, "properties"), key, v)
    {
        if (is_unsupported(v, depth + 1))
            return true;
    }
    return false;
}

static void keywords(struct check *c, const struct at *up, const json_t *s)
{
    static const char *const TYPES[] = {"array", "boolean", "integer", "number", "object", "string"};
    struct at type_at = at_field(up, "type"), items = at_field(up, "items"),
              unique = at_field(up, "uniqueItems"), additional = at_field(up, "additionalProperties");
    const json_t *more = json_object_get(s, "additionalProperties");
    struct str type = check_str(s, "type");

    if (type.n)
        check_enum(c, &type_at, type, TYPES, 6);
    for (size_t i = 0; i < sizeof(UNSUPPORTED) / sizeof(UNSUPPORTED[0]); i++) {
        struct at at = at_field(up, UNSUPPORTED[i].name);

        if (says(s, UNSUPPORTED[i].name))
            check_forbidden(c, &at, UNSUPPORTED[i].detail);
    }
    if (str_is(type, "null"))
        check_forbidden(c, &type_at, "type cannot be set to null, use nullable as an alternative");
    if (json_array_size(json_object_get(s, "items")))
        check_forbidden(c, &items, "items must be a schema object and not an array");
    if (check_bool(s, "uniqueItems"))
        check_forbidden(c, &unique,
                        "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
    if (json_object_size(json_object_get(s, "properties")) && (json_is_object(more) || json_is_false(more)))
        check_forbidden(c, &additional, "additionalProperties and properties are mutual exclusive");
}

/* ---- lists and maps ---- */

static void kind_of(struct check *c, const struct at *up, const json_t *s, const char *name, const char *type,
                    const char *detail)
{
    struct at at = at_field(up, "type");

    if (!check_has(s, name) || str_is(check_str(s, "type"), type))
        return;
    if (!check_str(s, "type").n)
        check_required(c, &at, detail);
    else
        check_invalid_str(c, &at, check_str(s, "type"), detail);
}

static void map_keys(struct check *c, const struct at *up, const json_t *s)
{
    const json_t *items = json_object_get(s, "items"), *keys = json_object_get(s, X "list-map-keys");
    struct at keys_at = at_field(up, X "list-map-keys"), all = at_field(up, "items.properties");
    struct seen *seen = seen_new(c);
    json_t *k;
    size_t i;

    json_array_foreach(keys, i, k)
    {
        struct str key = check_value_str(k);
        const json_t *p = json_object_getn(json_object_get(items, "properties"), key.p, key.n);
        struct at at = at_key(&all, key), type = at_field(&at, "type");

        if (check_full(c))
            return;
        if (!p)
            check_invalid(c, &keys_at, keys, "entries must all be names of item properties");
        else if (str_is(check_str(p, "type"), "array") || str_is(check_str(p, "type"), "object"))
            check_invalid_str(c, &type, check_str(items, "type"),
                              "must be a scalar type if parent array's x-kubernetes-list-type is map");
        if (seen_add(seen, key))
            check_invalid(c, &keys_at, keys, "must not contain duplicate entries");
    }
}

static void map_list(struct check *c, const struct at *up, const json_t *s)
{
    const json_t *items = json_object_get(s, "items");
    struct at keys = at_field(up, X "list-map-keys"), items_at = at_field(up, "items"),
              type = at_field(&items_at, "type");

    if (!json_array_size(json_object_get(s, X "list-map-keys")))
        check_required(c, &keys, "must not be empty if x-kubernetes-list-type is map");
    if (!check_has(s, "items"))
        check_required(c, &items_at, "must have a schema if x-kubernetes-list-type is map");
    else if (json_is_object(items) && !str_is(check_str(items, "type"), "object"))
        check_invalid_str(c, &type, check_str(items, "type"),
                          "must be object if parent array's x-kubernetes-list-type is map");
    else if (json_is_object(items))
        map_keys(c, up, s);
}

/* Items that have identity are there, and so are their keys. */
static void present_items(struct check *c, const struct at *up, const json_t *s)
{
    const json_t *items = json_object_get(s, "items"), *required = json_object_get(items, "required");
    struct str list = check_str(s, X "list-type");
    struct at nullable = at_field(up, "items.nullable"), all = at_field(up, "items.properties");
    struct seen *needed = seen_new(c);
    json_t *k;
    size_t i;

    if (!json_is_object(items) || (!str_is(list, "set") && !str_is(list, "map")))
        return;
    if (check_bool(items, "nullable"))
        check_forbidden(
            c, &nullable,
            arena_printf(c->arena, "cannot be nullable when x-kubernetes-list-type is %.*s", STR_ARG(list)));
    seen_add_list(needed, required, NULL);
    json_array_foreach(json_object_get(s, X "list-map-keys"), i, k)
    {
        struct str key = check_value_str(k);
        const json_t *p = json_object_getn(json_object_get(items, "properties"), key.p, key.n);
        struct at at = at_key(&all, key), dflt = at_field(&at, "default"),
                  null_at = at_field(&at, "nullable");

        if (!p || !str_is(list, "map"))
            continue;
        if (!seen_has(needed, key) && !check_has(p, "default"))
            check_required(c, &dflt,
                           "this property is in x-kubernetes-list-map-keys, so it must have a default or be "
                           "a required property");
        if (check_bool(p, "nullable"))
            check_forbidden(c, &null_at,
                            "this property is in x-kubernetes-list-map-keys, so it cannot be nullable");
    }
}

static void set_items(struct check *c, const struct at *up, const json_t *s)
{
    const json_t *items = json_object_get(s, "items"), *nested_type = json_object_get(items, X "list-type");
    struct at list = at_field(up, "items." X "list-type"), map = at_field(up, "items." X "map-type");

    if (str_is(check_str(items, "type"), "array") && check_has(items, X "list-type") &&
        !str_is(check_str(items, X "list-type"), "atomic"))
        check_invalid(c, &list, nested_type,
                      "must be atomic as item of a list with x-kubernetes-list-type=set");
    if (str_is(check_str(items, "type"), "object") && !str_is(check_str(items, X "map-type"), "atomic"))
        check_invalid(c, &map, nested_type,
                      "must be atomic as item of a list with x-kubernetes-list-type=set");
}

static void topology(struct check *c, const struct at *up, const json_t *s)
{
    static const char *const MAPS[] = {"atomic", "granular"}, *const LISTS[] = {"atomic", "set", "map"};
    struct str list = check_str(s, X "list-type");
    struct at keep = at_field(up, X "preserve-unknown-fields"), map_at = at_field(up, X "map-type"),
              list_at = at_field(up, X "list-type");
    bool has_keys = json_array_size(json_object_get(s, X "list-map-keys"));

    if (json_is_false(json_object_get(s, X "preserve-unknown-fields")))
        check_invalid_text(c, &keep, "false", "must be true or undefined");
    kind_of(c, up, s, X "map-type", "object", "must be object if x-kubernetes-map-type is specified");
    if (check_has(s, X "map-type"))
        check_enum(c, &map_at, check_str(s, X "map-type"), MAPS, 2);
    kind_of(c, up, s, X "list-type", "array", "must be array if x-kubernetes-list-type is specified");
    if (str_is(list, "set") && str_is(check_str(s, "type"), "array"))
        set_items(c, up, s);
    if (check_has(s, X "list-type"))
        check_enum(c, &list_at, list, LISTS, 3);
    if (has_keys && !check_has(s, X "list-type"))
        check_required(c, &list_at, "must be map if x-kubernetes-list-map-keys is non-empty");
    else if (has_keys && !str_is(list, "map"))
        check_invalid_str(c, &list_at, list, "must be map if x-kubernetes-list-map-keys is non-empty");
    if (str_is(list, "map"))
        map_list(c, up, s);
    present_items(c, up, s);
}

/* How a schema is walked. */
struct scope {
    struct check *late; /* where complaints about expressions go; NULL: they are not looked into */
    struct crd_place place;
};

static void openapi(struct check *c, const struct at *at, const json_t *s, int depth, struct scope scope);

/* What a schema says about values that are not its own: no rules there. */
static void junctors(struct check *c, const struct at *at, const json_t *s, int depth)
{
    struct at not_at = at_field(at, "not");
    json_t *v;
    size_t i;

    openapi(c, &not_at, json_object_get(s, "not"), depth + 1, (struct scope){0});
    for (int k = 0; k < 3; k++) {
        struct at list = at_field(at, JUNCTORS[k]);

        json_array_foreach(json_object_get(s, JUNCTORS[k]), i, v)
        {
            struct at item = at_index(&list, i);

            openapi(c, &item, v, depth + 1, (struct scope){0});
        }
    }
}

/* The scope of what is in s: as many times more as there may be of it. */
static struct scope inside_of(struct scope scope, const json_t *s)
{
    uint64_t most = crd_most_inside(s), before = scope.place.most;

    scope.place.root = false;
    if (most == UINT64_MAX || before == UINT64_MAX)
        scope.place.most = UINT64_MAX;
    else
        scope.place.most = most && before > (UINT64_MAX - 1) / most ? UINT64_MAX - 1 : before * most;
    return scope;
}

/* Items of a list that is no map cannot be told from others: what each was before is not known. */
static struct scope scope_of_items(struct scope scope, const struct at *list, const json_t *s)
{
    scope = inside_of(scope, s);
    if (!scope.place.uncorrelated && !str_is(check_str(s, X "list-type"), "map"))
        scope.place.uncorrelated = list;
    return scope;
}

static void openapi(struct check *c, const struct at *at, const json_t *s, int depth, struct scope scope)
{
    struct at all = at_field(at, "properties"), more = at_field(at, "additionalProperties"),
              items = at_field(at, "items");
    int causes = c->st->ncauses;
    const char *key;
    size_t n;
    json_t *v;

    if (depth > DEPTH_MAX || check_full(c) || !json_is_object(s))
        return;
    keywords(c, at, s);
    openapi(c, &more, json_object_get(s, "additionalProperties"), depth + 1, inside_of(scope, s));
    json_object_keylen_foreach(json_object_get(s, "properties"), key, n, v)
    {
        struct at item = at_key(&all, (struct str){key, n});

        openapi(c, &item, v, depth + 1, inside_of(scope, s));
    }
    junctors(c, at, s, depth);
    openapi(c, &items, json_object_get(s, "items"), depth + 1, scope_of_items(scope, at, s));
    topology(c, at, s);
    check_crd_rules(c, at, s);
    if (scope.late && c->st->ncauses == causes)
        check_crd_expressions(scope.late, at, s, &scope.place);
}

/* Complaints about expressions come behind all others, and there are none before the schema is structural. */
static void put_openapi(struct check *c, const struct at *at, const json_t *schema, bool structural_enough)
{
    struct status st = {.arena = c->arena};
    struct check late = *c;
    struct crd_costs costs = {0};
    struct crd_place place = {.root = true, .most = 1, .costs = &costs};

    late.st = &st;
    openapi(c, at, schema, 0, (struct scope){structural_enough ? &late : NULL, place});
    for (int i = 0; i < st.ncauses; i++)
        status_add_cause(c->st, st.causes[i].reason, st.causes[i].field, st.causes[i].message);
    check_crd_costs(c, at, &costs);
}

void check_crd_schema(struct check *c, const struct at *up, const json_t *validation, bool has_status)
{
    const json_t *schema = json_object_get(validation, "openAPIV3Schema");
    struct at at = at_field(up, "openAPIV3Schema"), nullable = at_field(&at, "nullable"),
              type_at = at_field(&at, "type");
    struct str type = check_str(schema, "type");
    bool supported = !is_unsupported(schema, 0);
    int causes;

    if (!json_is_object(schema))
        return;
    if (has_status && type.n && !str_is(type, "object"))
        check_invalid_str(c, &type_at, type,
                          "only \"object\" is allowed as the type at the root of the schema if the status "
                          "subresource is enabled");
    if (check_bool(schema, "nullable"))
        check_forbidden(c, &nullable, "nullable cannot be true at the root");
    causes = c->st->ncauses;
    if (supported)
        put_structural(c, &at, schema);
    put_openapi(c, &at, schema, supported && c->st->ncauses == causes);
}
