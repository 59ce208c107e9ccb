/* Objects and what is said of them: a row each. */
#ifndef TESTS_UNIT_REGISTRY_VALIDATION_CASES_H
#define TESTS_UNIT_REGISTRY_VALIDATION_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "registry/strategy/strategy.h"
#include "registry/validation/check.h"
#include "registry/walk/json.h"

struct validation_case {
    const char *group, *version, *plural;
    const char *subresource; /* NULL: none */
    const char *old;         /* JSON with ' for "; NULL: a create */
    const char *obj;         /* the same */
    const char *message;     /* all causes as the message of the Status has them; NULL: accepted */
};

static inline json_t *case_tree(struct arena *a, const char *text)
{
    char *copy = arena_cstr(a, str_of(text));
    const char *err = "";
    json_t *v;

    for (char *p = copy; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    v = json_read(a, str_of(copy), NULL, &err);
    if (!v)
        fail_msg("%s: %s", err, text);
    return v;
}

/* As a write comes: decoded, defaulted, then checked; old as it is stored. */
static inline void check_case(const struct validation_case *row)
{
    struct arena *a = arena_new(0);
    struct status st = {.arena = a};
    const struct schema_resource *r =
        schema_resource(str_of(row->group), str_of(row->version), str_of(row->plural));
    struct strategy_call call = {.arena = a, .resource = r, .subresource = ""};
    struct check c = {.st = &st, .arena = a, .resource = r, .served = r, .subresource = ""};
    json_t *obj = case_tree(a, row->obj), *old = row->old ? case_tree(a, row->old) : NULL;
    const struct validation *v;

    assert_non_null(r);
    v = validation_for(r);
    assert_non_null(v);
    strategy_defaults(&call, obj);
    if (old)
        strategy_defaults(&call, old);
    if (row->subresource)
        c.subresource = row->subresource;
    if (!old)
        v->create(&c, obj);
    else if (!row->subresource)
        v->update(&c, obj, old);
    else if (strcmp(row->subresource, "status") == 0)
        v->update_status(&c, obj, old);
    else
        v->update_part(&c, obj, old);
    if (!row->message && st.ncauses)
        fail_msg("%s\nrefused: %s", row->obj, status_aggregate(&st));
    if (row->message) {
        if (!st.ncauses)
            fail_msg("%s\naccepted, expected: %s", row->obj, row->message);
        assert_string_equal(status_aggregate(&st), row->message);
    }
    json_decref(obj);
    json_decref(old);
    arena_free(a);
}

static inline void check_cases(const struct validation_case *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check_case(&rows[i]);
}

#define CHECK_CASES(rows) check_cases(rows, sizeof(rows) / sizeof((rows)[0]))

#endif
