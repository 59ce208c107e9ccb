/* Selectors are matched on the table that lies in front of a record's JSON, so that a list or a watch that
 * skips an object never touches its JSON. Equalities on names and indexed fields also narrow what is looked
 * at. */
#include "worker/read/selector.h"

static int first_indexed(const struct schema_resource *r)
{
    for (int i = 0; i < r->nselectable; i++)
        if (r->selectable[i].indexed)
            return i;
    return -1;
}

static void narrow(struct selection *s, const struct schema_resource *r, const struct field_requirement *f)
{
    if (f->not_equal || f->value.n == 0)
        return;
    if (f->where == FIELD_NAME && s->name.n == 0)
        s->name = f->value;
    if (f->where == FIELD_NAMESPACE && s->ns.n == 0 && (r->flags & RESOURCE_NAMESPACED))
        s->ns = f->value;
    if (f->where != FIELD_SLOT || f->slot >= r->nselectable || !r->selectable[f->slot].indexed)
        return;
    s->index = f;
    if (f->slot == first_indexed(r))
        s->trigger = f;
}

void selection_make(struct selection *s, const struct schema_resource *r, struct str ns,
                    const struct label_selector *l, const struct field_selector *f)
{
    bool namespaced = r->flags & RESOURCE_NAMESPACED;
    *s = (struct selection){
        .resource = r->storage ? r->storage->id : r->id,
        .ns = namespaced ? ns : STR_NONE,
        .labels = *l,
        .fields = *f,
        .selects = l->n || f->n,
    };
    for (int i = 0; i < f->n; i++)
        narrow(s, r->storage ? r->storage : r, &s->fields.req[i]);
    s->one = s->name.n && (!namespaced || s->ns.n);
}

static bool table_label(const void *arg, struct str key, struct str *value)
{
    return record_table_label(*(const struct record_table_view *)arg, key, value);
}

static bool field_matches(const struct field_requirement *f, struct record_table_view t, struct str ns,
                          struct str name)
{
    struct str have = f->where == FIELD_NAME        ? name
                      : f->where == FIELD_NAMESPACE ? ns
                                                    : record_table_field(t, f->slot);
    return str_eq(have, f->value) != f->not_equal;
}

bool selection_matches(const struct selection *s, struct record_table_view t, struct str ns, struct str name)
{
    for (int i = 0; i < s->fields.n; i++)
        if (!field_matches(&s->fields.req[i], t, ns, name))
            return false;
    return s->labels.n == 0 || label_selector_matches(&s->labels, table_label, &t);
}

bool selection_matches_record(const struct selection *s, const struct record *r)
{
    return !s->selects || selection_matches(s, record_table_view(r), record_ns(r), record_name(r));
}
