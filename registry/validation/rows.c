/* Finds the row of a resource. */
#include "registry/validation/rows.h"

#include <string.h>

static const struct validation_rows *const FAMILIES[] = {
#define ROWS(family) &validation_rows_##family,
#include "registry/validation/rows.def"
#undef ROWS
};

const struct validation *validation_for(const struct schema_resource *r)
{
    for (size_t f = 0; f < sizeof(FAMILIES) / sizeof(FAMILIES[0]); f++) {
        for (int i = 0; i < FAMILIES[f]->n; i++) {
            const struct validation *v = &FAMILIES[f]->rows[i];

            if (strcmp(v->plural, r->plural) == 0 && strcmp(v->group, r->group) == 0)
                return v;
        }
    }
    return NULL;
}
