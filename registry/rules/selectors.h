/* Label and field selectors: parsed once per request, matched on records' flat tables without allocation. */
#ifndef REGISTRY_RULES_SELECTORS_H
#define REGISTRY_RULES_SELECTORS_H

#include <jansson.h>
#include <stdbool.h>
#include "registry/schema.h"
#include "registry/status.h"
#include "shm/base/arena.h"

enum selector_op { SEL_EQUALS, SEL_NOT_EQUALS, SEL_IN, SEL_NOT_IN, SEL_EXISTS, SEL_NOT_EXISTS, SEL_GT, SEL_LT };

struct label_requirement {
    enum selector_op op;
    struct str key;
    struct str *values;
    int nvalues;
    int64_t number; /* SEL_GT, SEL_LT */
};
struct label_selector {
    struct label_requirement *req;
    int n; /* 0: everything */
};

enum field_where { FIELD_NAME, FIELD_NAMESPACE, FIELD_SLOT };
struct field_requirement {
    enum field_where where;
    uint16_t slot; /* of the resource's selectable list */
    bool not_equal;
    struct str value;
};
struct field_selector {
    struct field_requirement *req;
    int n;
};

/* Text as in labelSelector= / fieldSelector=. false: st holds the reference's 400 (for a field label that the
 * resource does not have too). Views into the arena. */
bool label_selector_parse(struct arena *a, struct str text, struct label_selector *out, struct status *st);
bool field_selector_parse(struct arena *a, struct str text, const struct schema_resource *r,
                          struct field_selector *out, struct status *st);
/* get(arg, key, *value) false: no such label. */
typedef bool (*selector_get)(const void *arg, struct str key, struct str *value);
bool label_selector_matches(const struct label_selector *s, selector_get get, const void *arg);

/* Values of the resource's selectable fields of a tree, by slot (path walk; absent: ""; lists of statuses as the
 * reference prints them). The text lives in the tree or the arena. */
struct str selectable_value(struct arena *a, const json_t *obj, const struct schema_selectable *f);

#endif
