#include "worker/read/unreadable.h"

static struct str field(const struct record *r, uint16_t slot)
{
    return record_table_field(record_table_view(r), slot);
}

bool unreadable_object(const struct record *r, struct status *st)
{
    if (!(r->flags & RECORD_UNREADABLE))
        return false;
    status_internal(st, "%.*s", STR_ARG(field(r, RECORD_SLOT_WHY)));
    return true;
}

static bool is_named(const struct selection *sel, const struct record *r)
{
    return !sel->one || str_eq(record_name(r), sel->name);
}

bool unreadable_among(struct snapshot *s, const struct selection *sel, struct status *st)
{
    struct index_scan scan;
    const struct record *r;
    if (index_scan_open(&scan, s, sel->resource, RECORD_SLOT_UNREADABLE, RECORD_UNREADABLE_MARK, sel->ns,
                        NULL, false))
        return false;
    while ((r = index_scan_next(&scan)) && !is_named(sel, r))
        ;
    if (r)
        status_internal(st, "unable to transform key \"%.*s\": %.*s", STR_ARG(field(r, RECORD_SLOT_ETCD_KEY)),
                        STR_ARG(field(r, RECORD_SLOT_WHY)));
    index_scan_close(&scan);
    return r != NULL;
}
