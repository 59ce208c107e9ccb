/* NetworkPolicies. Rule: pkg/apis/networking/validation. */
#include "registry/validation/ips.h"
#include "registry/validation/rows.h"
#include "registry/validation/selectors.h"
#include "registry/walk/tree.h"

/* What an object may have because the one before it had it. */
struct tolerance {
    const struct seen *cidrs;
    bool any_value; /* in label selectors */
};

static void end_port(struct check *c, const struct at *up, const json_t *v)
{
    const json_t *port = tree_get(v, "port");
    struct at at = at_field(up, "endPort");
    int64_t end = check_int(v, "endPort", 0);

    if (!port) {
        check_invalid_int(c, &at, end, "may not be specified when `port` is not specified");
    } else if (json_is_string(port)) {
        check_invalid_int(c, &at, end, "may not be specified when `port` is non-numeric");
    } else {
        /* the value shown is the other one, as the reference has it */
        if (end < json_integer_value(port))
            check_invalid_int(c, &at, json_integer_value(port), "must be greater than or equal to `port`");
        check_port(c, &at, end);
    }
}

static void policy_port(struct check *c, const struct at *up, const json_t *v)
{
    static const char *const PROTOCOLS[] = {"TCP", "UDP", "SCTP"};
    const json_t *port = tree_get(v, "port");
    struct at at = at_field(up, "protocol");

    if (check_has(v, "protocol"))
        check_enum(c, &at, check_str(v, "protocol"), PROTOCOLS, 3);
    at = at_field(up, "port");
    if (json_is_integer(port))
        check_port(c, &at, json_integer_value(port));
    if (check_has(v, "endPort"))
        end_port(c, up, v);
    if (json_is_string(port))
        check_name(c, &at, check_value_str(port), "port-name");
}

static void ip_block(struct check *c, const struct at *up, const json_t *v, const struct tolerance *t)
{
    struct at at = at_field(up, "cidr"), list_at = at_field(up, "except");
    const json_t *list = tree_get(v, "except");
    struct cidr whole, part;

    if (!check_str(v, "cidr").n) {
        check_required(c, &at, "");
        return;
    }
    check_legacy_cidr(c, &at, check_str(v, "cidr"), t->cidrs);
    if (!cidr_parse(check_str(v, "cidr"), &whole))
        return;
    for (size_t i = 0; i < json_array_size(list) && !check_full(c); i++) {
        struct str except = check_value_str(json_array_get(list, i));
        struct at item = at_index(&list_at, i);

        check_legacy_cidr(c, &item, except, t->cidrs);
        if (cidr_parse(except, &part) && !cidr_is_strict_part(&whole, &part))
            check_invalid_str(c, &item, except, "must be a strict subset of `cidr`");
    }
}

static void peer(struct check *c, const struct at *up, const json_t *v, const struct tolerance *t)
{
    static const char *const SELECTORS[] = {"podSelector", "namespaceSelector"};
    struct at at = at_field(up, "ipBlock");
    int n = 0;

    for (size_t i = 0; i < 2; i++) {
        struct at selector = at_field(up, SELECTORS[i]);

        if (!check_has(v, SELECTORS[i]))
            continue;
        n++;
        check_label_selector(c, &selector, json_object_get(v, SELECTORS[i]), t->any_value);
    }
    if (check_has(v, "ipBlock"))
        ip_block(c, &at, json_object_get(v, "ipBlock"), t);
    else if (n == 0)
        check_required(c, up, "must specify a peer");
    if (n && check_has(v, "ipBlock"))
        check_forbidden(c, up, "may not specify both ipBlock and another peer");
}

static const struct direction {
    const char *rules, *peers;
} DIRECTIONS[] = {{"ingress", "from"}, {"egress", "to"}};

static void rule(struct check *c, const struct at *up, const json_t *v, const char *peers,
                 const struct tolerance *t)
{
    struct at ports_at = at_field(up, "ports"), peers_at = at_field(up, peers);
    size_t i;
    json_t *item;

    json_array_foreach(json_object_get(v, "ports"), i, item)
    {
        struct at at = at_index(&ports_at, i);

        if (check_full(c))
            return;
        policy_port(c, &at, item);
    }
    json_array_foreach(json_object_get(v, peers), i, item)
    {
        struct at at = at_index(&peers_at, i);

        if (check_full(c))
            return;
        peer(c, &at, item, t);
    }
}

static void policy_types(struct check *c, const json_t *list)
{
    static const char *const TYPES[] = {"Ingress", "Egress"};
    struct at list_at = at_field(NULL, "spec.policyTypes");

    if (json_array_size(list) > 2) {
        check_invalid(c, &list_at, list, "may not specify more than two policyTypes");
        return;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct at at = at_index(&list_at, i);

        check_enum(c, &at, check_value_str(json_array_get(list, i)), TYPES, 2);
    }
}

static void policy(struct check *c, const json_t *obj, const struct tolerance *t)
{
    const json_t *spec = json_object_get(obj, "spec");
    struct at up = at_field(NULL, "spec"), at = at_field(&up, "podSelector");
    size_t i;
    json_t *v;

    check_label_selector(c, &at, json_object_get(spec, "podSelector"), t->any_value);
    for (size_t d = 0; d < 2; d++) {
        struct at list = at_field(&up, DIRECTIONS[d].rules);

        json_array_foreach(json_object_get(spec, DIRECTIONS[d].rules), i, v)
        {
            struct at item = at_index(&list, i);

            if (check_full(c))
                return;
            rule(c, &item, v, DIRECTIONS[d].peers, t);
        }
    }
    policy_types(c, tree_get(spec, "policyTypes"));
}

static void network_policy(struct check *c, const json_t *obj)
{
    const struct tolerance none = {0};

    policy(c, obj, &none);
}

/* All ranges of the old object: rules move about, so that none can be matched with the one it was. */
static struct seen *ranges_of(struct check *c, const json_t *obj)
{
    struct seen *all = seen_new(c);
    size_t i, j;
    json_t *v, *from;

    for (size_t d = 0; d < 2; d++) {
        json_array_foreach(json_object_get(json_object_get(obj, "spec"), DIRECTIONS[d].rules), i, v)
        {
            json_array_foreach(json_object_get(v, DIRECTIONS[d].peers), j, from)
            {
                const json_t *block = tree_get(from, "ipBlock");

                if (!block)
                    continue;
                seen_add(all, check_str(block, "cidr"));
                seen_add_list(all, json_object_get(block, "except"), NULL);
            }
        }
    }
    return all;
}

static void network_policy_update(struct check *c, const json_t *obj, const json_t *old)
{
    struct tolerance t = {.cidrs = ranges_of(c, old),
                          .any_value = label_selector_is_lax(tree_get(old, "spec.podSelector"))};

    policy(c, obj, &t);
}

static const struct validation ROWS[] = {
    {.group = "networking.k8s.io",
     .plural = "networkpolicies",
     .create = network_policy,
     .update = network_policy_update},
};

const struct validation_rows validation_rows_networkpolicy = VALIDATION_ROWS(ROWS);
