/* Nothing is worked out twice: what is known is noted by the number of the expression. */
#include "registry/cel/costnotes.h"

const struct cel_local *cel_local_of(const struct cel_coster *k, const struct cel_expr *e)
{
    const struct cel_local *l = k->locals;

    if (e->kind != CEL_IDENT)
        return NULL;
    while (l && !str_eq(l->name, e->ident))
        l = l->up;
    return l;
}

struct cel_note *cel_note_of(struct cel_coster *k, const struct cel_expr *e)
{
    return &k->notes[e->id];
}

const struct cel_path *cel_path_of(struct cel_coster *k, const struct cel_expr *e)
{
    const struct cel_local *l = cel_local_of(k, e);

    return l ? l->note.path : cel_note_of(k, e)->path;
}

/* NULL when there is no way to it. */
const struct cel_path *cel_path_to(struct cel_coster *k, const struct cel_path *up, struct str step)
{
    struct cel_path *path = arena_alloc(k->arena, sizeof(*path));

    *path = (struct cel_path){up, step};
    return path;
}

static bool is_scalar(const struct cel_type *t)
{
    if (cel_type_is_optional(t))
        return is_scalar(t->of[0]);
    return t->kind == CEL_TY_BOOL || t->kind == CEL_TY_DOUBLE || t->kind == CEL_TY_DURATION ||
           t->kind == CEL_TY_INT || t->kind == CEL_TY_TIMESTAMP || t->kind == CEL_TY_UINT;
}

static size_t characters(struct str s)
{
    size_t n = 0;
    uint32_t c;

    for (const char *p = s.p; p < s.p + s.n; n++)
        p += cel_decode(p, s.p + s.n, &c);
    return n;
}

/* Of what is written out. */
static bool written_size(const struct cel_expr *e, uint64_t *n)
{
    *n = 1;
    if (e->kind == CEL_STRING)
        *n = characters(e->text);
    else if (e->kind == CEL_BYTES)
        *n = e->text.n;
    else if (e->kind == CEL_LIST)
        *n = e->list.n;
    else if (e->kind == CEL_MAP)
        *n = e->map.n;
    else
        return e->kind > CEL_UNSPECIFIED && e->kind < CEL_IDENT;
    return true;
}

bool cel_size_of(struct cel_coster *k, const struct cel_expr *e, struct cel_size *size)
{
    struct cel_note *note = cel_note_of(k, e);
    const struct cel_local *l = cel_local_of(k, e);
    const struct cel_path *path = cel_path_of(k, e);
    uint64_t n;

    if (note->sized) {
        *size = note->size;
        return true;
    }
    if (written_size(e, &n)) {
        *size = (struct cel_size){n, n};
        return true;
    }
    if (path && k->sizes->size(k->sizes->arg, path, size)) {
        note->sized = true;
        note->size = *size;
        return true;
    }
    if (is_scalar(e->type)) {
        *size = (struct cel_size){1, 1};
        return true;
    }
    if (l && l->note.sized)
        *size = l->note.size;
    return l && l->note.sized;
}

struct cel_size cel_size_or_unknown(struct cel_coster *k, const struct cel_expr *e)
{
    struct cel_size size;

    return cel_size_of(k, e, &size) ? size : CEL_UNKNOWN_SIZE;
}

const struct cel_entry_size *cel_entry_of(struct cel_coster *k, const struct cel_expr *e)
{
    const struct cel_local *l = cel_local_of(k, e);

    if (cel_note_of(k, e)->has_entry)
        return &cel_note_of(k, e)->entry;
    return l && l->note.has_entry ? &l->note.entry : NULL;
}

void cel_set_size(struct cel_coster *k, const struct cel_expr *e, struct cel_size size)
{
    cel_note_of(k, e)->sized = true;
    cel_note_of(k, e)->size = size;
}

void cel_set_entry(struct cel_coster *k, const struct cel_expr *e, const struct cel_entry_size *entry)
{
    if (!entry)
        return;
    cel_note_of(k, e)->entry = *entry;
    cel_note_of(k, e)->has_entry = true;
}

void cel_same_sizes(struct cel_coster *k, const struct cel_expr *to, const struct cel_expr *from)
{
    struct cel_size size;

    if (cel_size_of(k, from, &size))
        cel_set_size(k, to, size);
    cel_set_entry(k, to, cel_entry_of(k, from));
}

/* NULL unless both are known. */
const struct cel_entry_size *cel_entries_of_both(struct cel_coster *k, const struct cel_expr *a,
                                                 const struct cel_expr *b)
{
    const struct cel_entry_size *x = cel_entry_of(k, a), *y = cel_entry_of(k, b);
    struct cel_entry_size *both;

    if (!x || !y)
        return NULL;
    both = arena_alloc(k->arena, sizeof(*both));
    *both =
        (struct cel_entry_size){x->list, cel_size_union(x->key, y->key), cel_size_union(x->value, y->value)};
    return both;
}
