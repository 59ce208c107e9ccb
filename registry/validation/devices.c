/* Names and lists of devices. */
#include "registry/validation/devices.h"

#include <ctype.h>
#include "registry/validation/seen.h"
#include "registry/validation/volumesources.h"
#include "registry/walk/json.h"
#include "shm/base/buf.h"

#define POOL_NAME_MAX 253
#define ID_MAX 32
#define BINDING_CONDITIONS_MAX 4

static bool fits(struct check *c, const struct at *at, const json_t *list, int max)
{
    if (max < 0 || json_array_size(list) <= (size_t)max)
        return true;
    check_too_many(c, at, (int)json_array_size(list), max);
    return false;
}

static void each(struct check *c, const struct at *at, const json_t *list, device_check *check,
                 const void *arg)
{
    json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        struct at item_at = at_index(at, i);

        if (check_full(c))
            return;
        check(c, &item_at, item, arg);
    }
}

void check_device_list(struct check *c, const struct at *up, const json_t *obj, const char *name, int max,
                       device_check *check, const void *arg)
{
    const json_t *list = json_object_get(obj, name);
    struct at at = at_field(up, name);

    if (fits(c, &at, list, max))
        each(c, &at, list, check, arg);
}

void check_device_set(struct check *c, const struct at *up, const json_t *obj, const char *name, int max,
                      const char *key, device_check *check, const void *arg)
{
    const json_t *list = json_object_get(obj, name);
    struct at at = at_field(up, name);
    struct seen *seen = seen_new(c);
    json_t *item;
    size_t i;

    if (!fits(c, &at, list, max))
        return;
    each(c, &at, list, check, arg);
    json_array_foreach(list, i, item)
    {
        struct str v = key ? check_str(item, key) : check_value_str(item);
        struct at item_at = at_index(&at, i);

        if (check_full(c))
            return;
        if (seen_add(seen, v))
            check_duplicate_str(c, &item_at, v);
    }
}

void check_pool_name(struct check *c, const struct at *at, struct str name)
{
    struct str rest = name, part;

    if (!name.n) {
        check_required(c, at, "");
        return;
    }
    if (name.n > POOL_NAME_MAX)
        check_too_long(c, at, POOL_NAME_MAX);
    while (str_next(&rest, '/', &part) && !check_full(c))
        check_name(c, at, part, "dns-subdomain");
}

static void identifier(struct check *c, const struct at *at, struct str id)
{
    bool valid = id.n > 0;

    for (size_t i = 0; i < id.n; i++)
        valid = valid &&
                (isalpha((unsigned char)id.p[i]) || id.p[i] == '_' || (i && isdigit((unsigned char)id.p[i])));
    if (id.n > ID_MAX)
        check_too_long(c, at, ID_MAX);
    if (!valid)
        check_invalid_str(c, at, id,
                          "a valid C identifier must start with alphabetic character or '_', followed by a "
                          "string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or "
                          "'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')");
}

/* More than one slash is let through, as in the reference. */
void check_attribute_name(struct check *c, const struct at *at, struct str name, bool fully)
{
    ptrdiff_t slash = str_find(name, '/');
    struct str domain, id;

    if (slash < 0) {
        identifier(c, at, name);
        if (fully)
            check_invalid_word(c, at, name,
                               "a fully qualified name must be a domain and a name separated by a slash");
        return;
    }
    domain = (struct str){name.p, (size_t)slash};
    id = (struct str){name.p + slash + 1, name.n - (size_t)slash - 1};
    if (str_find(id, '/') >= 0)
        return;
    if (!domain.n)
        check_invalid_str(c, at, STR(""), "the domain must not be empty");
    else
        check_csi_driver_name(c, at, domain);
    if (!id.n)
        check_invalid_str(c, at, STR(""), "the name must not be empty");
    else
        identifier(c, at, id);
}

void check_device_taint_effect(struct check *c, const struct at *at, struct str effect)
{
    static const char *const EFFECTS[] = {"NoExecute", "NoSchedule", "None"};

    check_enum(c, at, effect, EFFECTS, 3);
}

static void label_name(struct check *c, const struct at *at, const json_t *item, const void *arg)
{
    check_qualified_name(c, at, check_value_str(item));
}

void check_binding_conditions(struct check *c, const struct at *up, const json_t *device)
{
    const json_t *wanted = json_object_get(device, "bindingConditions");
    const json_t *failures = json_object_get(device, "bindingFailureConditions");
    struct at wanted_at = at_field(up, "bindingConditions"),
              failures_at = at_field(up, "bindingFailureConditions");
    struct seen *good = seen_new(c), *bad = seen_new(c);
    json_t *v;
    size_t i;

    check_device_list(c, up, device, "bindingConditions", BINDING_CONDITIONS_MAX, label_name, NULL);
    check_device_list(c, up, device, "bindingFailureConditions", BINDING_CONDITIONS_MAX, label_name, NULL);
    json_array_foreach(wanted, i, v)
    {
        struct at at = at_index(&wanted_at, i);

        if (seen_add(good, check_value_str(v)))
            check_duplicate_str(c, &at, check_value_str(v));
    }
    json_array_foreach(failures, i, v)
    {
        struct at at = at_index(&failures_at, i);

        if (seen_add(bad, check_value_str(v)))
            check_duplicate_str(c, &at, check_value_str(v));
        if (seen_has(good, check_value_str(v)))
            check_invalid_str(c, &at, check_value_str(v),
                              "bindingFailureConditions must not overlap with bindingConditions");
    }
    if (!json_array_size(wanted) && json_array_size(failures))
        check_invalid(c, &wanted_at, wanted,
                      "bindingConditions are required to use bindingFailureConditions");
    if (!json_array_size(failures) && json_array_size(wanted))
        check_invalid(c, &failures_at, failures,
                      "bindingFailureConditions are required to use bindingConditions");
}

void check_raw_object(struct check *c, const struct at *at, const json_t *v, size_t max)
{
    struct buf text = {0};
    size_t n = 0;

    if (v && !json_is_null(v)) {
        json_write(&text, v, 0);
        n = text.n;
        buf_free(&text);
    }
    if (!n)
        check_required(c, at, "");
    else if (n > max)
        check_too_long(c, at, (int)max);
    else if (!json_is_object(v))
        check_invalid_str(c, at, STR("<value omitted>"), "must be a valid JSON object");
}
