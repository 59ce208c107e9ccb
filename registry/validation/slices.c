/* ResourceSlices. Rule: pkg/apis/resource/validation. */
#include "registry/validation/rows.h"

#include <ctype.h>
#include "registry/rules/quantities.h"
#include "registry/validation/devices.h"
#include "registry/validation/printed.h"
#include "registry/validation/samevalue.h"
#include "registry/validation/seen.h"
#include "registry/validation/selectors.h"
#include "registry/validation/volumesources.h"
#include "registry/walk/tree.h"
#include "shm/base/buf.h"

#define DEVICES_MAX 128
#define DEVICES_WITH_MORE_MAX 64 /* with taints or counters */
#define COUNTER_SETS_MAX 8
#define COUNTERS_MAX 32
#define CONSUMED_SETS_MAX 2
#define ATTRIBUTES_MAX 32
#define ATTRIBUTE_VALUES_MAX 48
#define VALUE_MAX 64
#define TAINTS_MAX 16
#define OPTIONS_MAX 10
#define KEY_SHOWN_MAX 96 /* 63 of the domain, a slash, 32 of the name */

/* ---- where devices are ---- */

/* "{`a`, `b`}" */
struct choice {
    struct buf names;
    int n;
};

static void chosen(struct choice *choice, const char *name)
{
    buf_printf(&choice->names, "%s`%s`", choice->n++ ? ", " : "", name);
}

static void one_choice(struct check *c, const struct at *at, struct choice *choice, const char *none,
                       const char *many)
{
    if (choice->n == 0)
        check_required(c, at, none);
    else if (choice->n > 1)
        check_invalid_str(c, at, str_of(arena_printf(c->arena, "{%.*s}", STR_ARG(buf_view(&choice->names)))),
                          many);
    buf_free(&choice->names);
}

/* A flag that is true or not there. */
static void flag(struct check *c, const struct at *up, const json_t *obj, const char *name,
                 struct choice *choice)
{
    struct at at = at_field(up, name);

    if (check_bool(obj, name))
        chosen(choice, name);
    else if (check_has(obj, name))
        check_invalid_text(c, &at, "false", "must be either unset or set to true");
}

static void node_name(struct check *c, const struct at *up, const json_t *obj, const char *empty,
                      struct choice *choice)
{
    struct at at = at_field(up, "nodeName");
    struct str name = check_str(obj, "nodeName");

    if (!check_has(obj, "nodeName"))
        return;
    if (!name.n) {
        check_invalid_str(c, &at, name, empty);
        return;
    }
    chosen(choice, "nodeName");
    check_name(c, &at, name, "dns-subdomain");
}

static void node_selector(struct check *c, const struct at *up, const json_t *obj, struct choice *choice)
{
    struct at at = at_field(up, "nodeSelector");

    if (!check_has(obj, "nodeSelector"))
        return;
    chosen(choice, "nodeSelector");
    check_node_selector(c, &at, json_object_get(obj, "nodeSelector"), false);
}

static void slice_nodes(struct check *c, const struct at *up, const json_t *spec)
{
    static const char NONE[] =
        "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
    static const char MANY[] = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, "
                               "`perDeviceNodeSelection` is required, but multiple fields are set";
    struct at terms = at_field(up, "nodeSelector.nodeSelectorTerms");
    struct choice choice = {0};

    node_name(c, up, spec, "must be either unset or set to a non-empty string", &choice);
    node_selector(c, up, spec, &choice);
    if (check_has(spec, "nodeSelector") && tree_size(spec, "nodeSelector.nodeSelectorTerms") != 1)
        check_invalid_of(c, &terms, tree_get(spec, "nodeSelector.nodeSelectorTerms"),
                         printed_type(c->resource->type, "spec.nodeSelector.nodeSelectorTerms"),
                         "must have exactly one node selector term");
    flag(c, up, spec, "allNodes", &choice);
    flag(c, up, spec, "perDeviceNodeSelection", &choice);
    one_choice(c, up, &choice, NONE, MANY);
}

static void device_nodes(struct check *c, const struct at *at, const json_t *device, bool each)
{
    static const char ONE[] = "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when "
                              "`perDeviceNodeSelection` is set to true in the ResourceSlice spec";
    struct choice choice = {0};

    if (each) {
        node_name(c, at, device, "must not be empty", &choice);
        node_selector(c, at, device, &choice);
        flag(c, at, device, "allNodes", &choice);
        one_choice(c, at, &choice, ONE, ONE);
    } else if (check_has(device, "nodeName") || check_has(device, "nodeSelector") ||
               check_has(device, "allNodes")) {
        check_invalid_text(c, at, "null",
                           "`nodeName`, `nodeSelector` and `allNodes` can only be set if "
                           "`perDeviceNodeSelection` is set to true in the ResourceSlice spec");
    }
}

/* ---- attributes ---- */

static bool is_number(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!isdigit((unsigned char)s.p[i]))
            return false;
    }
    return s.n > 0 && (s.n == 1 || s.p[0] != '0');
}

/* Identifiers with dots between them; numbers may not begin with a zero when strict. */
static bool are_identifiers(struct str s, bool strict)
{
    struct str part;

    while (str_next(&s, '.', &part)) {
        bool digits = true;

        for (size_t i = 0; i < part.n; i++) {
            if (!isalnum((unsigned char)part.p[i]) && part.p[i] != '-')
                return false;
            digits = digits && isdigit((unsigned char)part.p[i]);
        }
        if (!part.n || (strict && digits && !is_number(part)))
            return false;
    }
    return true;
}

static struct str behind(struct str s, ptrdiff_t at)
{
    return (struct str){s.p + at + 1, s.n - (size_t)at - 1};
}

static bool is_semver(struct str s)
{
    ptrdiff_t plus = str_find(s, '+'), dash;
    struct str part;
    int n = 0;

    if (plus >= 0) {
        if (!are_identifiers(behind(s, plus), false))
            return false;
        s.n = (size_t)plus;
    }
    dash = str_find(s, '-');
    if (dash >= 0) {
        if (!are_identifiers(behind(s, dash), true))
            return false;
        s.n = (size_t)dash;
    }
    while (str_next(&s, '.', &part)) {
        n++;
        if (!is_number(part))
            return false;
    }
    return n == 3;
}

static void text_value(struct check *c, const struct at *at, struct str v, bool version)
{
    if (version && !is_semver(v))
        check_invalid_str(c, at, v, "must be a string compatible with semver.org spec 2.0.0");
    if (v.n > VALUE_MAX)
        check_too_long(c, at, VALUE_MAX);
}

static void list_value(struct check *c, const struct at *up, const json_t *attribute, const char *name)
{
    const json_t *list = json_object_get(attribute, name);
    struct at at = at_field(up, name);
    json_t *v;
    size_t i;

    if (!json_array_size(list))
        check_invalid(c, &at, list, "must not be empty if specified");
    json_array_foreach(list, i, v)
    {
        struct at item = at_index(&at, i);

        if (check_full(c))
            return;
        if (json_is_string(v))
            text_value(c, &item, check_value_str(v), strcmp(name, "versions") == 0);
    }
}

static void attribute(struct check *c, const struct at *at, const json_t *v)
{
    static const char *const PLAIN[] = {"bool", "int", "string", "version"};
    static const char *const LISTS[] = {"bools", "ints", "strings", "versions"};
    int n = 0;

    for (int i = 0; i < 4; i++) {
        struct at value = at_field(at, PLAIN[i]);

        if (!check_has(v, PLAIN[i]))
            continue;
        n++;
        if (i >= 2)
            text_value(c, &value, check_str(v, PLAIN[i]), i == 3);
    }
    for (int i = 0; i < 4; i++) {
        if (!check_has(v, LISTS[i]))
            continue;
        n++;
        list_value(c, at, v, LISTS[i]);
    }
    if (n == 0)
        check_invalid_str(c, at, STR(""), "exactly one value must be specified");
    else if (n > 1)
        check_invalid_of(c, at, v, schema_type(STR("resource.k8s.io/v1"), STR("DeviceAttribute")),
                         "exactly one value must be specified");
}

/* ---- capacities ---- */

static void option(struct check *c, const struct at *at, struct str v, struct str capacity)
{
    if (quantity_cmp(v, capacity) > 0)
        check_invalid_str(
            c, at, v,
            arena_printf(c->arena, "option is larger than capacity value: %.*s", STR_ARG(capacity)));
}

static void valid_values(struct check *c, const struct at *at, const json_t *policy, struct str capacity)
{
    const json_t *list = json_object_get(policy, "validValues");
    struct str dflt = check_str(policy, "default");
    struct seen *seen = seen_new(c);
    bool found = false;
    size_t n = json_array_size(list);

    for (size_t i = 1; i < n && !check_full(c); i++) {
        struct at item = at_index(at, i);

        if (quantity_cmp(check_item(list, i - 1), check_item(list, i)) > 0)
            check_invalid_str(c, &item, check_item(list, i), "values must be sorted in ascending order");
    }
    if (n > OPTIONS_MAX)
        check_too_many(c, at, (int)n, OPTIONS_MAX);
    for (size_t i = 0; i < n && n <= OPTIONS_MAX; i++) {
        struct at item = at_index(at, i);

        option(c, &item, check_item(list, i), capacity);
        found = found || quantity_cmp(check_item(list, i), dflt) == 0;
    }
    for (size_t i = 0; i < n && n <= OPTIONS_MAX; i++) {
        struct at item = at_index(at, i);
        struct str value =
            str_of(arena_printf(c->arena, "%lld", (long long)quantity_value(check_item(list, i))));

        if (seen_add(seen, value))
            check_duplicate_str(c, &item, value);
    }
    if (!found)
        check_invalid_str(c, at, dflt, "default value is not valid according to the requestPolicy");
}

static void complain(struct check *c, const struct at *at, struct str v, const char *why, struct str than)
{
    check_invalid_str(c, at, v, arena_printf(c->arena, "%s: %.*s", why, STR_ARG(than)));
}

static void multiple(struct check *c, const struct at *at, struct str v, struct str min, struct str step)
{
    int64_t by = quantity_value(step), from = quantity_value(min), to = quantity_value(v);

    if (by && (int64_t)((uint64_t)to - (uint64_t)from) % by != 0)
        check_invalid_str(c, at, v,
                          arena_printf(c->arena, "value is not a multiple of a given step (%.*s) from (%.*s)",
                                       STR_ARG(step), STR_ARG(min)));
}

static void valid_range(struct check *c, const struct at *up, const json_t *policy, struct str capacity)
{
    const json_t *range = json_object_get(policy, "validRange");
    struct str dflt = check_str(policy, "default"), min = check_str(range, "min"),
               max = check_str(range, "max"), step = check_str(range, "step");
    struct at min_at = at_field(up, "min"), max_at = at_field(up, "max"), step_at = at_field(up, "step");

    if (!min.n) {
        check_required(c, &min_at, "required when validRange is defined");
        return;
    }
    if (quantity_cmp(min, capacity) > 0)
        complain(c, &min_at, min, "min is larger than capacity value", capacity);
    if (quantity_cmp(dflt, min) < 0)
        complain(c, &min_at, dflt, "default is less than min", min);
    if (max.n && quantity_cmp(min, max) > 0)
        complain(c, &max_at, min, "min is larger than max", max);
    if (max.n && quantity_cmp(max, capacity) > 0)
        complain(c, &max_at, max, "max is larger than capacity value", capacity);
    if (max.n && quantity_cmp(dflt, max) > 0)
        complain(c, &max_at, dflt, "default is more than max", max);
    if (!step.n)
        return;
    multiple(c, &step_at, dflt, min, step);
    if (max.n)
        multiple(c, &step_at, max, min, step);
}

static void request_policy(struct check *c, const struct at *at, const json_t *policy, struct str capacity)
{
    struct at dflt = at_field(at, "default"), values = at_field(at, "validValues"),
              range = at_field(at, "validRange");
    bool has_values = json_array_size(json_object_get(policy, "validValues")),
         has_range = check_has(policy, "validRange"), has_default = check_has(policy, "default");

    if (has_values && has_range)
        check_forbidden(c, at,
                        "exactly one policy can be specified, cannot specify \"validValues\" and "
                        "\"validRange\" at the same time");
    else if ((has_values || has_range) && !has_default)
        check_required(c, &dflt,
                       has_values ? "required when validValues is defined"
                                  : "required when validRange is defined");
    else if (has_values)
        valid_values(c, &values, policy, capacity);
    else if (has_range)
        valid_range(c, &range, policy, capacity);
}

static void capacity(struct check *c, const struct at *at, const json_t *v, bool shared)
{
    struct at policy = at_field(at, "requestPolicy");

    if (!check_has(v, "requestPolicy"))
        return;
    if (shared)
        request_policy(c, &policy, json_object_get(v, "requestPolicy"), check_str(v, "value"));
    else
        check_forbidden(c, &policy, "allowMultipleAllocations must be true");
}

/* A key as it is shown: a long one loses its middle. */
static struct str shown(struct check *c, struct str key)
{
    size_t left = KEY_SHOWN_MAX - 3, head = (left + 1) / 2, tail = left / 2;

    if (key.n <= KEY_SHOWN_MAX)
        return key;
    return str_of(arena_printf(c->arena, "%.*s...%.*s", (int)head, key.p, (int)tail, key.p + key.n - tail));
}

static void attributes(struct check *c, const struct at *up, const json_t *device, bool shared)
{
    struct at attributes_at = at_field(up, "attributes"), capacity_at = at_field(up, "capacity");
    const char *key;
    size_t n;
    json_t *v;

    json_object_keylen_foreach(json_object_get(device, "attributes"), key, n, v)
    {
        struct at at = at_key(&attributes_at, shown(c, (struct str){key, n}));

        if (check_full(c))
            return;
        check_attribute_name(c, &attributes_at, (struct str){key, n}, false);
        attribute(c, &at, v);
    }
    json_object_keylen_foreach(json_object_get(device, "capacity"), key, n, v)
    {
        struct at at = at_key(&capacity_at, shown(c, (struct str){key, n}));

        if (check_full(c))
            return;
        check_attribute_name(c, &capacity_at, (struct str){key, n}, false);
        capacity(c, &at, v, shared);
    }
}

static size_t attribute_values(const json_t *device)
{
    static const char *const LISTS[] = {"bools", "ints", "strings", "versions"};
    size_t all = 0;
    const char *key;
    json_t *v;

    json_object_foreach(json_object_get(device, "attributes"), key, v)
    {
        size_t n = 0;

        for (int i = 0; i < 4; i++)
            n += json_array_size(json_object_get(v, LISTS[i]));
        all += n ? n : 1;
    }
    return all;
}

/* ---- counters ---- */

static void counters(struct check *c, const struct at *up, const json_t *item, const char *set_name)
{
    const json_t *map = json_object_get(item, "counters");
    struct at set = at_field(up, set_name), at = at_field(up, "counters");
    const char *key;
    size_t n;
    json_t *v;

    if (!check_str(item, set_name).n)
        check_required(c, &set, "");
    else
        check_name(c, &set, check_str(item, set_name), "dns-label");
    if (!json_object_size(map))
        check_required(c, &at, "");
    else if (json_object_size(map) > COUNTERS_MAX)
        check_too_many(c, &at, (int)json_object_size(map), COUNTERS_MAX);
    else
        json_object_keylen_foreach((json_t *)(uintptr_t)map, key, n, v)
            check_name(c, &at, (struct str){key, n}, "dns-label");
}

static void counter_set(struct check *c, const struct at *at, const json_t *item, const void *arg)
{
    counters(c, at, item, "name");
}

static void consumption(struct check *c, const struct at *at, const json_t *item, const void *arg)
{
    counters(c, at, item, "counterSet");
}

/* ---- devices ---- */

static void taint(struct check *c, const struct at *at, const json_t *item, const void *arg)
{
    struct at key = at_field(at, "key"), value = at_field(at, "value"), effect = at_field(at, "effect");

    check_qualified_name(c, &key, check_str(item, "key"));
    if (check_str(item, "value").n)
        check_label_value(c, &value, check_str(item, "value"));
    if (!check_str(item, "effect").n)
        check_required(c, &effect, "");
    else
        check_device_taint_effect(c, &effect, check_str(item, "effect"));
}

/* Devices of the old slice by name, and what the new one says of all. */
struct before {
    const json_t *devices;
    bool each_has_nodes;
};

static bool same_taints(const struct before *before, const json_t *device)
{
    struct str name = check_str(device, "name");
    const json_t *old = json_object_getn(before->devices, name.p, name.n);

    return old && same_value(json_object_get(old, "taints"), json_object_get(device, "taints"), NULL);
}

static void device(struct check *c, const struct at *at, const json_t *item, const void *arg)
{
    const struct before *before = arg;
    struct at name = at_field(at, "name");
    size_t n = json_object_size(json_object_get(item, "attributes")) +
               json_object_size(json_object_get(item, "capacity"));
    size_t values = attribute_values(item);

    check_name(c, &name, check_str(item, "name"), "dns-label");
    if (n > ATTRIBUTES_MAX)
        check_invalid_int(c, at, (int64_t)n,
                          "the total number of attributes and capacities must not exceed 32");
    if (values > ATTRIBUTE_VALUES_MAX)
        check_invalid_int(c, at, (int64_t)values, "the total number of attribute values must not exceed 48");
    attributes(c, at, item, check_bool(item, "allowMultipleAllocations"));
    if (!same_taints(before, item))
        check_device_list(c, at, item, "taints", TAINTS_MAX, taint, NULL);
    check_device_set(c, at, item, "consumesCounters", CONSUMED_SETS_MAX, "counterSet", consumption, NULL);
    device_nodes(c, at, item, before->each_has_nodes);
    check_binding_conditions(c, at, item);
}

static int devices_max(const json_t *devices)
{
    json_t *v;
    size_t i;

    json_array_foreach(devices, i, v)
    {
        if (json_array_size(json_object_get(v, "taints")) ||
            json_array_size(json_object_get(v, "consumesCounters")))
            return DEVICES_WITH_MORE_MAX;
    }
    return DEVICES_MAX;
}

/* ---- the whole ---- */

static void pool(struct check *c, const json_t *pool)
{
    struct at name = at_field(NULL, "spec.pool.name"), count = at_field(NULL, "spec.pool.resourceSliceCount"),
              generation = at_field(NULL, "spec.pool.generation");

    check_pool_name(c, &name, check_str(pool, "name"));
    if (check_int(pool, "resourceSliceCount", 0) <= 0)
        check_invalid_int(c, &count, check_int(pool, "resourceSliceCount", 0), "must be greater than zero");
    if (check_int(pool, "generation", 0) < 0)
        check_invalid_int(c, &generation, check_int(pool, "generation", 0),
                          "must be greater than or equal to zero");
}

static void lasting(struct check *c, const json_t *obj, const json_t *old)
{
    static const char *const FIXED[] = {"spec.pool.name", "spec.driver", "spec.nodeName"};

    for (int i = 0; old && i < 3; i++) {
        struct at at = at_field(NULL, FIXED[i]);

        check_fixed(c, &at, obj, old, FIXED[i], "field is immutable");
    }
}

static void slice_checks(struct check *c, const json_t *obj, const json_t *old)
{
    const json_t *spec = json_object_get(obj, "spec"), *devices = json_object_get(spec, "devices");
    struct at at = at_field(NULL, "spec"), driver = at_field(&at, "driver");
    json_t *by_name = json_object(), *v;
    struct before before = {by_name, check_bool(spec, "perDeviceNodeSelection")};
    size_t i;

    check_csi_driver_name(c, &driver, check_str(spec, "driver"));
    pool(c, json_object_get(spec, "pool"));
    lasting(c, obj, old);
    slice_nodes(c, &at, spec);
    if (check_has(spec, "sharedCounters") && check_has(spec, "devices"))
        check_invalid_str(c, &at, STR(""), "only one of `sharedCounters` or `devices` is allowed");
    json_array_foreach(tree_get(old, "spec.devices"), i, v)
    {
        struct str name = check_str(v, "name");

        json_object_setn(by_name, name.p, name.n, v);
    }
    check_device_set(c, &at, spec, "devices", devices_max(devices), "name", device, &before);
    check_device_set(c, &at, spec, "sharedCounters", COUNTER_SETS_MAX, "name", counter_set, NULL);
    json_decref(by_name);
}

static void slice(struct check *c, const json_t *obj)
{
    slice_checks(c, obj, NULL);
}

static void slice_update(struct check *c, const json_t *obj, const json_t *old)
{
    check_metadata_update(c, obj, old);
    slice_checks(c, obj, old);
}

static const struct validation ROWS[] = {
    {.group = "resource.k8s.io",
     .plural = "resourceslices",
     .checks_metadata = true,
     .create = slice,
     .update = slice_update},
};

const struct validation_rows validation_rows_slices = VALIDATION_ROWS(ROWS);
