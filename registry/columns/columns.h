/* What a Table tells of each kind: its columns and the cells of a row. Rule: what kube-apiserver prints for
 * the kind (pkg/printers/internalversion); a column that only wide output shows has priority 1. */
#ifndef REGISTRY_COLUMNS_COLUMNS_H
#define REGISTRY_COLUMNS_COLUMNS_H

#include <jansson.h>
#include <stdbool.h>
#include "registry/schema.h"
#include "shm/base/buf.h"

struct cells; /* a row in the making; see cells.h */

struct column {
    const char *name, *type, *format; /* format is "" or "name" */
    int priority;
    const char *description;
};

struct columns {
    const char *group, *plural;
    const struct column *column;
    int n;
    /* Writes the cells of one row; obj is in the form the kind is stored in. */
    void (*put)(struct cells *c, const json_t *obj);
    bool metadata_only; /* the cells are told by metadata alone: obj may hold nothing else */
    bool null_rows;     /* a list without rows has null in their place */
    /* Where the row's condition Completed comes from: fills reason and message, false: none. NULL: never. */
    bool (*completed)(const json_t *obj, const char **reason, const char **message);
    /* Rows of a list stand in order of this number, then as listed. NULL: as listed. */
    int64_t (*rank)(const json_t *obj);
};

/* The columns of a served resource: for one that has none of its own (a custom resource) name and age. Never
 * NULL. */
const struct columns *columns_for(const struct schema_resource *r);
/* Those of the Scale of any kind. */
const struct columns *columns_of_scale(void);
/* One row's cells as a JSON array ("[\"a\",1]"). now_us: wall clock, microseconds since 1970. */
void columns_row(const struct columns *c, struct buf *out, const json_t *obj, int64_t now_us);

#endif
