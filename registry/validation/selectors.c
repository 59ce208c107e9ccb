/* Both kinds of selectors are lists of requirements with an operator that decides how many values there are.
 */
#include "registry/validation/selectors.h"

#include "registry/rules/names.h"
#include "registry/validation/printed.h"

enum arity { SOME, NONE, ONE };

static const struct {
    const char *name;
    enum arity arity;
    bool of_nodes; /* only there */
} OPERATORS[] = {
    {"In", SOME, false},           {"NotIn", SOME, false}, {"Exists", NONE, false},
    {"DoesNotExist", NONE, false}, {"Gt", ONE, true},      {"Lt", ONE, true},
};

static void check_operator(struct check *c, const struct at *at, const json_t *req, bool of_nodes)
{
    struct at values = at_field(at, "values"), operator= at_field(at, "operator");
    struct str op = check_str(req, "operator");
    size_t n = json_array_size(json_object_get(req, "values"));

    for (size_t i = 0; i < sizeof(OPERATORS) / sizeof(OPERATORS[0]); i++) {
        if (!str_is(op, OPERATORS[i].name) || (OPERATORS[i].of_nodes && !of_nodes))
            continue;
        if (OPERATORS[i].arity == SOME && n == 0)
            check_required(c, &values, "must be specified when `operator` is 'In' or 'NotIn'");
        else if (OPERATORS[i].arity == NONE && n > 0)
            check_forbidden(c, &values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        else if (OPERATORS[i].arity == ONE && n != 1)
            check_required(c, &values, "must be specified single value when `operator` is 'Lt' or 'Gt'");
        return;
    }
    check_invalid_word(c, &operator, op, "not a valid selector operator");
}

static void check_requirement(struct check *c, const struct at *at, const json_t *req, bool of_nodes,
                              bool lax)
{
    struct at key = at_field(at, "key"), values = at_field(at, "values"), one;
    size_t i;
    json_t *v;

    check_operator(c, at, req, of_nodes);
    check_qualified_name(c, &key, check_str(req, "key"));
    if (lax)
        return;
    json_array_foreach(json_object_get(req, "values"), i, v)
    {
        if (check_full(c))
            return;
        one = at_index(&values, i);
        check_label_value(c, &one, (struct str){json_string_value(v), json_string_length(v)});
    }
}

void check_label_selector(struct check *c, const struct at *at, const json_t *selector, bool lax)
{
    struct at labels = at_field(at, "matchLabels"), list = at_field(at, "matchExpressions"), one;
    size_t i;
    json_t *req;

    check_labels(c, &labels, json_object_get(selector, "matchLabels"));
    json_array_foreach(json_object_get(selector, "matchExpressions"), i, req)
    {
        if (check_full(c))
            return;
        one = at_index(&list, i);
        check_requirement(c, &one, req, false, lax);
    }
}

bool label_selector_is_lax(const json_t *selector)
{
    size_t i, k;
    json_t *req, *v;

    json_array_foreach(json_object_get(selector, "matchExpressions"), i, req)
    {
        json_array_foreach(json_object_get(req, "values"), k, v)
        {
            if (name_label_value((struct str){json_string_value(v), json_string_length(v)}))
                return true;
        }
    }
    return false;
}

bool label_selector_is_empty(const json_t *selector)
{
    return json_object_size(json_object_get(selector, "matchLabels")) == 0 &&
           json_array_size(json_object_get(selector, "matchExpressions")) == 0;
}

bool label_selector_is_wrong(const struct check *c, const json_t *selector)
{
    struct status st = {.arena = c->arena};
    struct check trial = *c;

    trial.st = &st;
    check_label_selector(&trial, NULL, selector, false);
    return st.ncauses > 0;
}

static bool has_value(const json_t *list, const json_t *v)
{
    size_t i;
    json_t *one;

    json_array_foreach(list, i, one)
    {
        if (json_equal(one, v))
            return true;
    }
    return false;
}

static bool selects(const json_t *req, const json_t *labels)
{
    struct str op = check_str(req, "operator"), key = check_str(req, "key");
    const json_t *v = key.n ? json_object_getn(labels, key.p, key.n) : NULL;
    const json_t *values = json_object_get(req, "values");

    if (str_is(op, "In"))
        return v && has_value(values, v);
    if (str_is(op, "NotIn"))
        return !v || !has_value(values, v);
    if (str_is(op, "Exists"))
        return v != NULL;
    return str_is(op, "DoesNotExist") && !v;
}

bool label_selector_selects(const json_t *selector, const json_t *labels)
{
    const char *key;
    json_t *v, *req;
    size_t i;

    if (!selector)
        return false;
    json_object_foreach(json_object_get(selector, "matchLabels"), key, v)
    {
        const json_t *label = json_object_get(labels, key);

        if (!label || !json_equal(label, v))
            return false;
    }
    json_array_foreach(json_object_get(selector, "matchExpressions"), i, req)
    {
        if (!selects(req, labels))
            return false;
    }
    return true;
}

static void check_field_requirement(struct check *c, const struct at *at, const json_t *req)
{
    struct at values = at_field(at, "values"), operator= at_field(at, "operator"), key = at_field(at, "key"),
              one;
    struct str op = check_str(req, "operator");
    const json_t *list = json_object_get(req, "values");
    size_t i;
    json_t *v;

    if (!str_is(op, "In") && !str_is(op, "NotIn"))
        check_invalid_word(c, &operator, op, "not a valid selector operator");
    else if (json_array_size(list) != 1)
        check_required(c, &values,
                       "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
    if (!str_is(check_str(req, "key"), "metadata.name")) {
        check_invalid_str(c, &key, check_str(req, "key"), "not a valid field selector key");
        return;
    }
    json_array_foreach((json_t *)(uintptr_t)list, i, v)
    {
        if (check_full(c))
            return;
        one = at_index(&values, i);
        check_name(c, &one, (struct str){json_string_value(v), json_string_length(v)}, "dns-subdomain");
    }
}

void check_node_selector_term(struct check *c, const struct at *at, const json_t *term, bool lax)
{
    struct at labels = at_field(at, "matchExpressions"), fields = at_field(at, "matchFields"), one;
    size_t i;
    json_t *req;

    json_array_foreach(json_object_get(term, "matchExpressions"), i, req)
    {
        if (check_full(c))
            return;
        one = at_index(&labels, i);
        check_requirement(c, &one, req, true, lax);
    }
    json_array_foreach(json_object_get(term, "matchFields"), i, req)
    {
        if (check_full(c))
            return;
        one = at_index(&fields, i);
        check_field_requirement(c, &one, req);
    }
}

void check_node_selector(struct check *c, const struct at *at, const json_t *selector, bool lax)
{
    struct at terms = at_field(at, "nodeSelectorTerms"), one;
    const json_t *list = json_object_get(selector, "nodeSelectorTerms");
    size_t i;
    json_t *term;

    if (json_array_size(list) == 0) {
        check_required(c, &terms, "must have at least one node selector term");
        return;
    }
    json_array_foreach((json_t *)(uintptr_t)list, i, term)
    {
        if (check_full(c))
            return;
        one = at_index(&terms, i);
        check_node_selector_term(c, &one, term, lax);
    }
}
