/* The rows of each group, for columns_for, and the columns that many kinds have. Private to this folder. */
#ifndef REGISTRY_COLUMNS_ROWS_H
#define REGISTRY_COLUMNS_ROWS_H

#include "registry/columns/cells.h"
#include "registry/columns/columns.h"

struct columns_rows {
    const struct columns *rows;
    int n;
};

extern const struct columns_rows columns_rows_pods;
extern const struct columns_rows columns_rows_nodes;
extern const struct columns_rows columns_rows_services;
extern const struct columns_rows columns_rows_volumes;
extern const struct columns_rows columns_rows_events;
extern const struct columns_rows columns_rows_core;
extern const struct columns_rows columns_rows_apps;
extern const struct columns_rows columns_rows_batch;
extern const struct columns_rows columns_rows_autoscaling;
extern const struct columns_rows columns_rows_networking;
extern const struct columns_rows columns_rows_storage;
extern const struct columns_rows columns_rows_rbac;
extern const struct columns_rows columns_rows_admission;
extern const struct columns_rows columns_rows_certificates;
extern const struct columns_rows columns_rows_flowcontrol;
extern const struct columns_rows columns_rows_resource;
extern const struct columns_rows columns_rows_rest;

#define COUNT_OF(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define COLUMNS_ROWS(array)                                                                                  \
    {                                                                                                        \
        (array), COUNT_OF(array)                                                                             \
    }

/* A column's first words; what follows is its description. */
#define TEXT(name) name, "string", "", 0
#define NUMBER(name) name, "integer", "", 0
#define FLAG(name) name, "boolean", "", 0
#define WIDE(name) name, "string", "", 1

#define COLUMN_NAME                                                                                          \
    {                                                                                                        \
        "Name", "string", "name", 0, "What the object is called: unique for its kind in its namespace."      \
    }
#define COLUMN_AGE                                                                                           \
    {                                                                                                        \
        TEXT("Age"), "How long ago the object was created."                                                  \
    }
#define COLUMN_CREATED                                                                                       \
    {                                                                                                        \
        "Created At", "date", "", 0, "When the object was created (RFC 3339, UTC)."                          \
    }
#define COLUMN_CONTAINERS                                                                                    \
    {                                                                                                        \
        WIDE("Containers"), "Names of the containers of the pod template."                                   \
    }
#define COLUMN_IMAGES                                                                                        \
    {                                                                                                        \
        WIDE("Images"), "Images of the containers of the pod template."                                      \
    }
#define COLUMN_SELECTOR                                                                                      \
    {                                                                                                        \
        WIDE("Selector"), "Labels of the pods that belong to the object."                                    \
    }

/* A row of kinds that show their metadata only: name and age, or name and creation time. */
void put_name_and_age(struct cells *c, const json_t *obj);
void put_name_and_created(struct cells *c, const json_t *obj);
extern const struct column columns_name_and_age[2], columns_name_and_created[2];
/* One row, and what else it has (.completed = ...). */
#define ROW_WITH(group_, plural_, columns_, put_, ...)                                                       \
    {                                                                                                        \
        .group = group_, .plural = plural_, .column = columns_, .n = COUNT_OF(columns_), .put = put_,        \
        __VA_ARGS__                                                                                          \
    }
#define ROW(group_, plural_, columns_, put_) ROW_WITH(group_, plural_, columns_, put_, .rank = NULL)
#define ROW_NAME_AND_AGE(group_, plural_)                                                                    \
    ROW_WITH(group_, plural_, columns_name_and_age, put_name_and_age, .metadata_only = true)
#define ROW_NAME_AND_CREATED(group_, plural_)                                                                \
    ROW_WITH(group_, plural_, columns_name_and_created, put_name_and_created, .metadata_only = true,         \
             .null_rows = true)

#endif
