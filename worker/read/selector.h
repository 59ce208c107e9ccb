/* What a list or a watch selects: a range of keys and a matcher on records' flat tables. */
#ifndef WORKER_READ_SELECTOR_H
#define WORKER_READ_SELECTOR_H

#include "registry/rules/selectors.h"
#include "registry/schema.h"
#include "shm/cache/record.h"

struct selection {
    uint32_t resource;                       /* id on disk */
    struct str ns, name;                     /* empty: any */
    bool one;                                /* the selection is one key */
    bool selects;                            /* a label or field selector was given */
    const struct field_requirement *index;   /* an indexed field is required to equal a value; or NULL */
    const struct field_requirement *trigger; /* the same for the field that the ring carries */
    struct label_selector labels;
    struct field_selector fields;
};

/* ns: of the path ("" for all namespaces or a cluster-scoped resource). Views of l and f are kept. */
void selection_make(struct selection *s, const struct schema_resource *r, struct str ns,
                    const struct label_selector *l, const struct field_selector *f);
/* Whether an object with this table matches. No allocation. */
bool selection_matches(const struct selection *s, struct record_table_view t, struct str ns, struct str name);
/* The same for a record; everything inside the key range matches when nothing is selected. */
bool selection_matches_record(const struct selection *s, const struct record *r);

#endif
