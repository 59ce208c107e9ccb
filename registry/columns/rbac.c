/* Bindings: the role, and who gets it. */
#include "registry/columns/rows.h"

#define GROUP "rbac.authorization.k8s.io"

static void put_subjects(struct cells *c, const json_t *subjects, const char *kind)
{
    struct buf *b = cell_open(c);
    bool first = true, account = strcmp(kind, "ServiceAccount") == 0;
    for (size_t i = 0; i < json_array_size(subjects); i++) {
        const json_t *s = json_array_get(subjects, i);
        if (!str_is(tree_str(s, "kind"), kind))
            continue;
        buf_puts(b, first ? "" : ", ");
        first = false;
        if (account) {
            put_at(b, s, "namespace");
            buf_putc(b, '/');
        }
        put_at(b, s, "name");
    }
    cell_close(c, "");
}

static void put_binding(struct cells *c, const json_t *obj)
{
    const json_t *subjects = tree_get(obj, "subjects");
    cell_name(c, obj);
    struct buf *b = cell_open(c);
    put_at(b, obj, "roleRef.kind");
    buf_putc(b, '/');
    put_at(b, obj, "roleRef.name");
    cell_close(c, "");
    cell_age(c, obj);
    put_subjects(c, subjects, "User");
    put_subjects(c, subjects, "Group");
    put_subjects(c, subjects, "ServiceAccount");
}

static const struct column binding_columns[] = {
    COLUMN_NAME,
    {TEXT("Role"), "Role that the binding gives."},
    COLUMN_AGE,
    {WIDE("Users"), "Users that get it."},
    {WIDE("Groups"), "Groups whose members get it."},
    {WIDE("ServiceAccounts"), "Service accounts that get it."},
};

static const struct columns rows[] = {
    ROW(GROUP, "rolebindings", binding_columns, put_binding),
    ROW(GROUP, "clusterrolebindings", binding_columns, put_binding),
    ROW_NAME_AND_CREATED(GROUP, "roles"),
    ROW_NAME_AND_CREATED(GROUP, "clusterroles"),
};

const struct columns_rows columns_rows_rbac = COLUMNS_ROWS(rows);
