/* What schemac writes and schema.c reads: the built-in types and resources, sorted for lookup. Constant. */
#ifndef REGISTRY_COMPILER_TABLES_H
#define REGISTRY_COMPILER_TABLES_H

#include "registry/schema.h"

struct schema_tables {
    const struct schema_type *const *types; /* the named ones, by group version, then name */
    int ntypes;
    const struct schema_resource *const *resources; /* in discovery order */
    const struct schema_resource *const *by_plural; /* by group, version, plural */
    const struct schema_resource *const *by_kind;   /* by group, version, kind */
    int nresources;
    const struct schema_resource *const *by_id; /* storage resources only, by id */
    int nstored;
    const struct schema_group *groups; /* in discovery order */
    int ngroups;
};

extern const struct schema_tables schema_builtin;

#endif
