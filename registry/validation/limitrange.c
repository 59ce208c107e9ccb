/* Bounds and defaults for what is created in a namespace. Rule: ValidateLimitRange of
 * pkg/apis/core/validation. */
#include "registry/rules/quantities.h"
#include "registry/validation/numbers.h"
#include "registry/validation/rows.h"
#include "registry/validation/seen.h"
#include "registry/walk/tree.h"

#define MILLI_VALUE_MAX (INT64_MAX / 1000)

static bool is_of_pods(struct str type)
{
    return str_is(type, "Pod") || str_is(type, "Container");
}

static void limit_type(struct check *c, const struct at *at, struct str type)
{
    if (check_qualified_name(c, at, type) && str_find(type, '/') < 0 && !is_of_pods(type) &&
        !str_is(type, "PersistentVolumeClaim"))
        check_invalid_word(c, at, type, "must be a standard limit type or fully qualified");
}

/* ---- one resource ---- */

/* What one limit says of one resource; empty: nothing. */
struct bounds {
    struct str min, max, dflt, request, ratio;
};

static struct str amount(const json_t *limit, const char *map, struct str name)
{
    const json_t *v = json_object_getn(json_object_get(limit, map), name.p, name.n);

    return v ? quantity_of(v) : STR("");
}

static bool more(struct str a, struct str b)
{
    return a.n && b.n && quantity_cmp(a, b) > 0;
}

/* A complaint about one of the maps: how it begins, the first amount, how it goes on, the second. */
static void compare(struct check *c, const struct at *up, const char *map, struct str name, struct str shown,
                    const char *text)
{
    struct at map_at = at_field(up, map), at = at_key(&map_at, name);

    check_invalid_str(c, &at, shown, text);
}

static const char *than(struct check *c, const char *what, struct str a, const char *relation, struct str b)
{
    return arena_printf(c->arena, "%s %.*s is greater than %s %.*s", what, STR_ARG(a), relation, STR_ARG(b));
}

static void order(struct check *c, const struct at *up, struct str name, const struct bounds *b)
{
    if (more(b->min, b->max))
        compare(c, up, "min", name, b->min, than(c, "min value", b->min, "max value", b->max));
    if (more(b->min, b->request))
        compare(c, up, "defaultRequest", name, b->request,
                than(c, "min value", b->min, "default request value", b->request));
    if (more(b->request, b->max))
        compare(c, up, "defaultRequest", name, b->request,
                than(c, "default request value", b->request, "max value", b->max));
    if (more(b->request, b->dflt))
        compare(c, up, "defaultRequest", name, b->request,
                than(c, "default request value", b->request, "default limit value", b->dflt));
    if (more(b->min, b->dflt))
        compare(c, up, "default", name, b->min, than(c, "min value", b->min, "default value", b->dflt));
    if (more(b->dflt, b->max))
        compare(c, up, "default", name, b->max, than(c, "default value", b->dflt, "max value", b->max));
}

static void ratio(struct check *c, const struct at *up, struct str name, const struct bounds *b)
{
    double wanted, bound;

    if (!b->ratio.n)
        return;
    if (more(STR("1"), b->ratio))
        compare(c, up, "maxLimitRequestRatio", name, b->ratio,
                arena_printf(c->arena, "ratio %.*s is less than 1", STR_ARG(b->ratio)));
    if (!b->min.n || !b->max.n)
        return;
    wanted = (double)quantity_value(b->ratio);
    bound = (double)quantity_value(b->max) / (double)quantity_value(b->min);
    if (quantity_value(b->ratio) < MILLI_VALUE_MAX && quantity_value(b->min) < MILLI_VALUE_MAX &&
        quantity_value(b->max) < MILLI_VALUE_MAX) {
        wanted = (double)quantity_milli(b->ratio) / 1000;
        bound = (double)quantity_milli(b->max) / (double)quantity_milli(b->min);
    }
    if (wanted > bound)
        compare(c, up, "maxLimitRequestRatio", name, b->ratio,
                arena_printf(c->arena, "ratio %.*s is greater than max/min = %f", STR_ARG(b->ratio), bound));
}

static void resource(struct check *c, const struct at *up, const json_t *limit, struct str name)
{
    bool of_pod = str_is(check_str(limit, "type"), "Pod");
    struct bounds b = {.min = amount(limit, "min", name),
                       .max = amount(limit, "max", name),
                       .dflt = of_pod ? STR("") : amount(limit, "default", name),
                       .request = of_pod ? STR("") : amount(limit, "defaultRequest", name),
                       .ratio = amount(limit, "maxLimitRequestRatio", name)};

    order(c, up, name, &b);
    ratio(c, up, name, &b);
    if (!resource_allows_overcommit(name) && b.dflt.n && b.request.n && quantity_cmp(b.dflt, b.request) != 0)
        compare(c, up, "defaultRequest", name, b.request,
                arena_printf(c->arena, "default value %.*s must equal to defaultRequest value %.*s in %.*s",
                             STR_ARG(b.dflt), STR_ARG(b.request), STR_ARG(name)));
}

/* ---- one limit ---- */

/* Checks the names of one map, and notes them. */
static void names(struct check *c, const struct at *up, const json_t *limit, const char *map, json_t *all)
{
    struct at map_at = at_field(up, map);
    bool of_pods = is_of_pods(check_str(limit, "type"));
    const char *key;
    json_t *v;
    size_t n;

    json_object_keylen_foreach(json_object_get(limit, map), key, n, v)
    {
        struct str name = {key, n};
        struct at at = at_key(&map_at, name);

        if (check_full(c))
            return;
        if (of_pods)
            check_container_resource_name(c, &at, name);
        else
            check_resource_name(c, &at, name);
        json_object_setn_new_nocheck(all, key, n, json_true());
    }
}

static void not_of_pods(struct check *c, const struct at *up, const json_t *limit)
{
    static const char *const MAPS[] = {"default", "defaultRequest"};

    for (size_t i = 0; i < 2; i++) {
        struct at at = at_field(up, MAPS[i]);

        if (json_object_size(json_object_get(limit, MAPS[i])))
            check_forbidden(c, &at, "may not be specified when `type` is 'Pod'");
    }
}

static void all_names(struct check *c, const struct at *up, const json_t *limit, json_t *all)
{
    struct at at = at_field(up, "limits");
    struct str type = check_str(limit, "type");

    names(c, up, limit, "max", all);
    names(c, up, limit, "min", all);
    if (str_is(type, "Pod")) {
        not_of_pods(c, up, limit);
    } else {
        names(c, up, limit, "default", all);
        names(c, up, limit, "defaultRequest", all);
    }
    if (str_is(type, "PersistentVolumeClaim") && !tree_get(limit, "min.storage") &&
        !tree_get(limit, "max.storage"))
        check_required(c, &at,
                       "either minimum or maximum storage value is required, but neither was provided");
    names(c, up, limit, "maxLimitRequestRatio", all);
}

static void limit_item(struct check *c, const struct at *up, const json_t *limit, struct seen *types)
{
    struct at at = at_field(up, "type");
    json_t *all = json_object(), *v;
    const char *key;
    size_t n;

    limit_type(c, &at, check_str(limit, "type"));
    if (seen_add(types, check_str(limit, "type")))
        check_duplicate(c, &at, json_object_get(limit, "type"));
    all_names(c, up, limit, all);
    json_object_keylen_foreach(all, key, n, v)
    {
        if (check_full(c))
            break;
        resource(c, up, limit, (struct str){key, n});
    }
    json_decref(all);
}

static void limit_range(struct check *c, const json_t *obj)
{
    const json_t *list = tree_get(obj, "spec.limits");
    struct at list_at = at_field(NULL, "spec.limits");
    struct seen *types = seen_new(c);

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct at at = at_index(&list_at, i);

        limit_item(c, &at, json_array_get(list, i), types);
    }
}

static void limit_range_update(struct check *c, const json_t *obj, const json_t *old)
{
    check_metadata(c, obj);
    limit_range(c, obj);
}

static const struct validation ROWS[] = {
    {.group = "",
     .plural = "limitranges",
     .checks_metadata = true,
     .create = limit_range,
     .update = limit_range_update},
};

const struct validation_rows validation_rows_limitrange = VALIDATION_ROWS(ROWS);
