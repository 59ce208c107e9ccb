/* Finds the row of a resource. */
#include "registry/validation/rows.h"

#include <string.h>

static const struct validation_rows *const FAMILIES[] = {
    &validation_rows_coordination,  &validation_rows_endpoints,  &validation_rows_ingress,
    &validation_rows_events,        &validation_rows_limitrange, &validation_rows_namespaces,
    &validation_rows_scheduling,    &validation_rows_secrets,    &validation_rows_networkpolicy,
    &validation_rows_node,          &validation_rows_policy,     &validation_rows_quota,
    &validation_rows_serviceranges,
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
