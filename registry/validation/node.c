/* Nodes. Rule: ValidateNode, ValidateNodeUpdate of pkg/apis/core/validation. */
#include "registry/rules/names.h"
#include "registry/rules/text.h"
#include "registry/validation/ips.h"
#include "registry/validation/numbers.h"
#include "registry/validation/printed.h"
#include "registry/validation/rows.h"
#include "registry/walk/json.h"
#include "registry/walk/tree.h"

#define FEATURE_MAX_BYTES 253
#define TAINTS_NOTE "scheduler.alpha.kubernetes.io/taints"
#define AVOID_NOTE "scheduler.alpha.kubernetes.io/preferAvoidPods"

/* ---- taints ---- */

static void taint_value(struct check *c, const struct at *at, struct str v)
{
    struct name_errors e;
    const char *text;

    name_label_value_errors(v, &e);
    if (!e.n)
        return;
    text = e.text[0];
    for (int i = 1; i < e.n; i++)
        text = arena_printf(c->arena, "%s;%s", text, e.text[i]);
    check_invalid_str(c, at, v, text);
}

static void taint(struct check *c, const struct at *up, const json_t *v, struct seen *pairs)
{
    static const char *const EFFECTS[] = {"NoSchedule", "PreferNoSchedule", "NoExecute"};
    struct str key = check_str(v, "key"), effect = check_str(v, "effect");
    struct at at = at_field(up, "key");

    check_qualified_name(c, &at, key);
    at = at_field(up, "value");
    taint_value(c, &at, check_str(v, "value"));
    at = at_field(up, "effect");
    if (!effect.n)
        check_required(c, &at, "");
    else
        check_enum(c, &at, effect, EFFECTS, 3);
    if (seen_add(pairs, str_of(arena_printf(c->arena, "%.*s %.*s", STR_ARG(effect), STR_ARG(key)))))
        check_duplicate_text(c, up,
                             arena_printf(c->arena, "%s: taints must be unique by key and effect pair",
                                          printed(c, v, schema_type(STR("core/v1"), STR("Taint")))));
}

static void taint_list(struct check *c, const struct at *list_at, const json_t *list)
{
    struct seen *pairs = seen_new(c);

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct at at = at_index(list_at, i);

        taint(c, &at, json_array_get(list, i), pairs);
    }
}

static void taints(struct check *c, const json_t *obj)
{
    struct at at = at_field(NULL, "metadata.taints"); /* where the reference says they are */

    taint_list(c, &at, tree_get(obj, "spec.taints"));
}

/* ---- what annotations said before there were fields ---- */

/* The JSON in an annotation; NULL with *why what the reference's decoder says, or because there is none. */
static json_t *note(struct check *c, const json_t *obj, const char *name, bool list, const char **why)
{
    struct str text = check_str(tree_get(obj, "metadata.annotations"), name);
    json_t *v;

    *why = NULL;
    if (!text.n)
        return NULL;
    v = json_read(c->arena, text, NULL, why);
    if (!v || json_is_null(v) || (list ? json_is_array(v) : json_is_object(v)))
        return v;
    *why = arena_printf(c->arena, "json: cannot unmarshal %s into Go value of type %s", json_word(v),
                        list ? "[]core.Taint" : "v1.AvoidPods");
    json_decref(v);
    return NULL;
}

static void avoided_pods(struct check *c, const json_t *list)
{
    struct at up = at_field(NULL, "metadata.annotations"), list_at = at_field(&up, AVOID_NOTE);

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        const json_t *controller = tree_get(json_array_get(list, i), "podSignature.podController");
        struct at item = at_index(&list_at, i), at = at_field(&item, "PodSignature");

        if (!controller) {
            check_required(c, &at, "");
            continue;
        }
        at = at_field(&item, "PodSignature.PodController.Controller");
        if (!check_bool(controller, "controller"))
            check_invalid_text(c, &at, "false", "must point to a controller");
    }
}

static void notes(struct check *c, const json_t *obj)
{
    struct at map = at_field(NULL, "metadata.annotations"), at = at_field(&map, TAINTS_NOTE);
    struct at avoid = at_field(&map, "AvoidPods");
    const char *why;
    json_t *v = note(c, obj, TAINTS_NOTE, true, &why);

    if (why)
        check_invalid_str(c, &map, STR(TAINTS_NOTE), why);
    taint_list(c, &at, v);
    json_decref(v);
    v = note(c, obj, AVOID_NOTE, false, &why);
    if (why)
        check_invalid_str(c, &avoid, STR(AVOID_NOTE), why);
    avoided_pods(c, tree_get(v, "preferAvoidPods"));
    json_decref(v);
}

/* ---- what it has ---- */

static void amounts(struct check *c, const json_t *obj)
{
    static const char *const LISTS[] = {"status.capacity", "status.allocatable"};
    const char *key;
    json_t *v;
    size_t n;

    for (size_t l = 0; l < 2; l++) {
        struct at up = at_field(NULL, LISTS[l]);

        json_object_keylen_foreach(tree_get(obj, LISTS[l]), key, n, v)
        {
            struct str name = {key, n};
            struct at at = at_field(&up, key);

            if (check_full(c))
                return;
            check_resource_value(c, &at, name, quantity_of(v));
        }
    }
}

static void swap(struct check *c, const json_t *obj)
{
    struct at at = at_field(NULL, "metadata.nodeSwapStatus.capacity");

    if (tree_get(obj, "status.nodeInfo.swap.capacity"))
        check_positive(c, &at, tree_int(obj, "status.nodeInfo.swap.capacity", 0));
}

static bool is_letter(char ch)
{
    return (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z');
}

/* "Feature" or "Feature/part/Part". */
static bool is_feature(struct str s)
{
    struct str part;
    bool first = true;

    while (str_next(&s, '/', &part)) {
        if (!part.n || !is_letter(*part.p) || (first && *part.p >= 'a'))
            return false;
        for (size_t i = 0; i < part.n; i++) {
            if (!is_letter(part.p[i]) && (part.p[i] < '0' || part.p[i] > '9'))
                return false;
        }
        first = false;
    }
    return !first;
}

static void feature(struct check *c, const struct at *at, struct str v)
{
    static const char SHAPE[] =
        "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., "
        "MyFeature "
        "or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes";
    const char *why = v.n > FEATURE_MAX_BYTES ? "must be no more than 253 characters"
                      : is_feature(v)         ? NULL
                                              : SHAPE;

    if (why)
        check_invalid_str(
            c, at, v, arena_printf(c->arena, "invalid feature name %s: %s", text_quoted(c->arena, v), why));
}

static void features(struct check *c, const json_t *obj)
{
    const json_t *list = tree_get(obj, "status.declaredFeatures");
    struct at list_at = at_field(NULL, "status.declaredFeatures");

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct at at = at_index(&list_at, i), next = at_index(&list_at, i + 1);
        struct str v = check_item(list, i);

        feature(c, &at, v);
        if (i + 1 == json_array_size(list))
            return;
        if (str_cmp(v, check_item(list, i + 1)) == 0)
            check_duplicate_str(c, &next, v);
        else if (str_cmp(v, check_item(list, i + 1)) > 0)
            check_invalid_str(c, &next, check_item(list, i + 1), "list must be sorted alphabetically");
    }
}

/* ---- ranges ---- */

static bool is_dual(const json_t *list)
{
    bool four = false, six = false;

    for (size_t i = 0; i < json_array_size(list); i++) {
        struct cidr range;

        if (!cidr_parse(check_item(list, i), &range))
            return false;
        four |= range.ip.four;
        six |= !range.ip.four;
    }
    return four && six;
}

static void pod_ranges(struct check *c, const json_t *obj)
{
    const json_t *list = tree_get(obj, "spec.podCIDRs");
    struct at list_at = at_field(NULL, "spec.podCIDRs");

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct at at = at_index(&list_at, i);

        check_legacy_cidr(c, &at, check_item(list, i), NULL);
    }
    if (json_array_size(list) > 1 && (!is_dual(list) || json_array_size(list) > 2))
        check_invalid(c, &list_at, list, "may specify no more than one CIDR for each IP family");
}

static void node(struct check *c, const json_t *obj)
{
    notes(c, obj);
    taints(c, obj);
    amounts(c, obj);
    swap(c, obj);
    features(c, obj);
    pod_ranges(c, obj);
}

/* ---- changes ---- */

static void addresses(struct check *c, const json_t *obj)
{
    const struct schema_type *type = schema_type(STR("core/v1"), STR("NodeAddress"));
    const json_t *list = tree_get(obj, "status.addresses");
    struct at list_at = at_field(NULL, "status.addresses");
    struct seen *met = seen_new(c);

    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        const json_t *v = json_array_get(list, i);
        struct at at = at_index(&list_at, i);

        if (seen_add(met, str_of(arena_printf(c->arena, "%.*s %.*s", STR_ARG(check_str(v, "type")),
                                              STR_ARG(check_str(v, "address"))))))
            check_duplicate_text(c, &at, printed(c, v, type));
    }
}

/* Given once, kept for ever. */
static void given(struct check *c, const json_t *obj, const json_t *old)
{
    const json_t *now = tree_get(obj, "spec.podCIDRs"), *was = tree_get(old, "spec.podCIDRs");
    struct at at = at_field(NULL, "spec.podCIDRs"), id = at_field(NULL, "spec.providerID");
    struct str provider = tree_str(old, "spec.providerID");
    size_t wrong = 0;

    for (size_t i = 0; i < json_array_size(was); i++)
        wrong += !str_eq(check_item(now, i), check_item(was, i));
    if (json_array_size(was) && json_array_size(now) != json_array_size(was))
        wrong = 1;
    while (wrong--)
        check_forbidden(c, &at, "node updates may not change podCIDR except from \"\" to valid");
    if (provider.n && !str_eq(provider, tree_str(obj, "spec.providerID")))
        check_forbidden(c, &id, "node updates may not change providerID except from \"\" to valid");
}

static void changed(struct check *c, const json_t *obj, const json_t *old)
{
    struct at at = at_field(NULL, "spec.externalID");

    check_metadata_update(c, obj, old);
    notes(c, obj);
    amounts(c, obj);
    features(c, obj);
    addresses(c, obj);
    given(c, obj, old);
    taints(c, obj);
    if (!str_eq(tree_str(obj, "spec.externalID"), tree_str(old, "spec.externalID")))
        check_forbidden(c, &at, "may not be updated");
}

static void node_update(struct check *c, const json_t *obj, const json_t *old)
{
    check_metadata(c, obj);
    node(c, obj);
    changed(c, obj, old);
}

static const struct validation ROWS[] = {
    {.group = "",
     .plural = "nodes",
     .checks_metadata = true,
     .create = node,
     .update = node_update,
     .update_status = changed},
};

const struct validation_rows validation_rows_node = VALIDATION_ROWS(ROWS);
