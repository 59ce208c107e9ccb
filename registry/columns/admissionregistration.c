/* Webhooks, admission policies and their bindings. */
#include "registry/columns/rows.h"

#include <stdlib.h>

#define GROUP "admissionregistration.k8s.io"

static void put_webhooks(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_size_at(c, obj, "webhooks");
    cell_age(c, obj);
}

static const struct column webhook_columns[] = {
    COLUMN_NAME,
    {NUMBER("Webhooks"), "How many webhooks there are."},
    COLUMN_AGE,
};

static void put_policy(struct cells *c, const json_t *obj, const char *rules)
{
    const json_t *kind = tree_get(obj, "spec.paramKind");
    cell_name(c, obj);
    cell_size_at(c, obj, rules);
    struct buf *b = cell_open(c);
    if (kind) {
        put_at(b, kind, "apiVersion");
        buf_putc(b, '/');
        put_at(b, kind, "kind");
    }
    cell_close(c, "<unset>");
    cell_age(c, obj);
}

static void put_validating(struct cells *c, const json_t *obj)
{
    put_policy(c, obj, "spec.validations");
}

static void put_mutating(struct cells *c, const json_t *obj)
{
    put_policy(c, obj, "spec.mutations");
}

static const struct column validating_columns[] = {
    COLUMN_NAME,
    {NUMBER("Validations"), "How many checks the policy makes."},
    {TEXT("ParamKind"), "Kind of the objects that hold parameters."},
    COLUMN_AGE,
};

static const struct column mutating_columns[] = {
    COLUMN_NAME,
    {NUMBER("Mutations"), "How many changes the policy makes."},
    {TEXT("ParamKind"), "Kind of the objects that hold parameters."},
    COLUMN_AGE,
};

/* ---- bindings ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void put_map(struct buf *b, const json_t *map)
{
    const char **names = calloc(json_object_size(map) + 1, sizeof(*names)), *key;
    size_t n = 0;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)map, key, v) names[n++] = key;
    qsort(names, n, sizeof(*names), by_name);
    for (size_t i = 0; i < n; i++) {
        buf_puts(b, names[i]);
        buf_puts(b, ": ");
        put_at(b, json_object_get(map, names[i]), "");
        buf_putc(b, ',');
    }
    free(names);
}

/* The struct as Go's generated code prints it: that is what kube-apiserver shows here. */
static void put_go_selector(struct buf *b, const json_t *selector)
{
    const json_t *expressions = tree_get(selector, "matchExpressions");
    buf_puts(b, "&LabelSelector{MatchLabels:map[string]string{");
    put_map(b, tree_get(selector, "matchLabels"));
    buf_puts(b, "},MatchExpressions:[]LabelSelectorRequirement{");
    for (size_t i = 0; i < json_array_size(expressions); i++) {
        const json_t *e = json_array_get(expressions, i);
        buf_puts(b, "LabelSelectorRequirement{Key:");
        put_at(b, e, "key");
        buf_puts(b, ",Operator:");
        put_at(b, e, "operator");
        buf_puts(b, ",Values:[");
        put_joined(b, tree_get(e, "values"), " ");
        buf_puts(b, "],},");
    }
    buf_puts(b, "},}");
}

static void put_parameters(struct cells *c, const json_t *ref)
{
    struct str name = tree_str(ref, "name"), ns = tree_str(ref, "namespace");
    const json_t *selector = tree_get(ref, "selector");
    struct buf *b = cell_open(c);
    if (name.n) {
        buf_str(b, ns.n ? ns : STR("*"));
        buf_putc(b, '/');
        buf_str(b, name);
    } else if (selector) {
        put_go_selector(b, selector);
    }
    cell_close(c, "<unset>");
}

static void put_binding(struct cells *c, const json_t *obj)
{
    cell_name(c, obj);
    cell_at(c, obj, "spec.policyName", "");
    put_parameters(c, tree_get(obj, "spec.paramRef"));
    cell_age(c, obj);
}

static const struct column binding_columns[] = {
    COLUMN_NAME,
    {TEXT("PolicyName"), "Policy that is put in force."},
    {TEXT("ParamRef"), "Objects that hold the parameters."},
    COLUMN_AGE,
};

static const struct columns rows[] = {
    ROW(GROUP, "validatingwebhookconfigurations", webhook_columns, put_webhooks),
    ROW(GROUP, "mutatingwebhookconfigurations", webhook_columns, put_webhooks),
    ROW(GROUP, "validatingadmissionpolicies", validating_columns, put_validating),
    ROW(GROUP, "mutatingadmissionpolicies", mutating_columns, put_mutating),
    ROW(GROUP, "validatingadmissionpolicybindings", binding_columns, put_binding),
    ROW(GROUP, "mutatingadmissionpolicybindings", binding_columns, put_binding),
};

const struct columns_rows columns_rows_admission = COLUMNS_ROWS(rows);
