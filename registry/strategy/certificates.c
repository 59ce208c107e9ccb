/* Who asks for a certificate is written down, and who decides is kept apart from who issues. Rule:
 * pkg/registry/certificates/certificates/strategy.go. */
#include "registry/strategy/rows.h"
#include "registry/walk/tree.h"
#include "shm/base/clock.h"

static void csr_create(const struct strategy_call *c, json_t *obj)
{
    static const char *const REQUESTER[] = {"spec.username", "spec.uid", "spec.extra"};
    json_t *groups = json_array();

    for (int i = 0; i < 3; i++)
        tree_delete(obj, REQUESTER[i]);
    if (c->user && *c->user)
        tree_set_string(obj, "spec.username", c->user);
    if (c->uid.n)
        tree_set(obj, "spec.uid", json_stringn(c->uid.p, c->uid.n));
    for (int i = 0; i < c->ngroups; i++)
        json_array_append_new(groups, json_stringn(c->groups[i].p, c->groups[i].n));
    tree_set(obj, "spec.groups", groups);
}

/* Stamped when they come; a transition only when the status is another one. */
static void stamp_conditions(json_t *obj, const json_t *old)
{
    const json_t *before = tree_get(old, "status.conditions");
    json_t *condition, *was;
    char now[21];
    size_t i, j;

    clock_rfc3339(clock_wall_s(), now);
    json_array_foreach(tree_get(obj, "status.conditions"), i, condition)
    {
        json_array_foreach(before, j, was)
        {
            if (!tree_get(condition, "lastTransitionTime") &&
                str_eq(tree_str(was, "type"), tree_str(condition, "type")) &&
                str_eq(tree_str(was, "status"), tree_str(condition, "status")))
                tree_copy(condition, was, "lastTransitionTime");
        }
        tree_default(condition, "lastTransitionTime", json_string(now));
        tree_default(condition, "lastUpdateTime", json_string(now));
    }
}

static int count(const json_t *conditions, const char *type)
{
    const json_t *condition;
    int n = 0;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)conditions, i, condition) n +=
        str_is(tree_str(condition, "type"), type);
    return n;
}

/* The next condition of that type, from *i on. */
static json_t *next(const json_t *conditions, const char *type, size_t *i)
{
    while (*i < json_array_size(conditions)) {
        json_t *condition = json_array_get(conditions, (*i)++);

        if (str_is(tree_str(condition, "type"), type))
            return condition;
    }
    return NULL;
}

/* Who writes the status cannot change a verdict: what there was stays. That none came or went is checked
 * later. */
static void keep_verdict(json_t *obj, const json_t *old, const char *type)
{
    json_t *now = tree_get(obj, "status.conditions"), *was = tree_get(old, "status.conditions"), *condition;
    size_t i = 0, j = 0;

    if (count(now, type) != count(was, type))
        return;
    while ((condition = next(was, type, &j))) {
        next(now, type, &i);
        json_array_set_new(now, i - 1, json_deep_copy(condition));
    }
}

static void csr_update(const struct strategy_call *c, json_t *obj, const json_t *old)
{
    json_t *conditions;

    tree_copy(obj, old, "spec");
    if (strcmp(c->subresource, "approval") == 0) {
        conditions = json_incref(tree_get(obj, "status.conditions"));
        tree_copy(obj, old, "status");
        if (conditions)
            tree_set(obj, "status.conditions", conditions);
        else
            tree_delete(obj, "status.conditions");
        stamp_conditions(obj, old);
    } else if (strcmp(c->subresource, "status") == 0) {
        keep_verdict(obj, old, "Approved");
        keep_verdict(obj, old, "Denied");
        stamp_conditions(obj, old);
    }
}

static const struct strategy ROWS[] = {
    {.group = "certificates.k8s.io",
     .plural = "certificatesigningrequests",
     .prepare_create = csr_create,
     .prepare_update = csr_update},
};

const struct strategy_rows strategy_rows_certificates = STRATEGY_ROWS(ROWS);
