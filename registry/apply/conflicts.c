/* One conflict fits in a line; more are listed by manager. The message ends where causes do. */
#include "registry/apply/conflicts.h"

#include "registry/rules/text.h"

struct teller {
    struct status *st;
    struct buf list;
    const char *who;
    int n;
};

static const char *who(struct arena *a, const struct manager *m)
{
    const char *text = text_quoted(a, m->name);

    if (m->subresource.n)
        text = arena_printf(a, "%s with subresource %s", text, text_quoted(a, m->subresource));
    return m->applies ? text : arena_printf(a, "%s using %.*s", text, STR_ARG(m->version));
}

static void tell(void *arg, struct str path)
{
    struct teller *t = arg;
    struct arena *a = t->st->arena;

    t->n++;
    if (status_full(t->st))
        return;
    buf_printf(&t->list, "\n- %.*s", STR_ARG(path));
    status_add_cause(t->st, "FieldManagerConflict", arena_cstr(a, path),
                     arena_printf(a, "conflict with %s", t->who));
}

void conflicts_status(struct status *st, const struct conflict *conflicts, int n)
{
    struct teller t = {.st = st};

    for (int i = 0; i < n; i++) {
        t.who = who(st->arena, conflicts[i].manager);
        buf_printf(&t.list, "%sconflicts with %s:", i ? "\n" : "", t.who);
        fieldset_each(conflicts[i].set, tell, &t);
    }
    if (t.n == 1)
        status_set(st, 409, "Conflict", "Apply failed with 1 conflict: conflict with %s: %s", t.who,
                   st->causes[st->ncauses - 1].field);
    else
        status_set(st, 409, "Conflict", "Apply failed with %d conflicts: %.*s", t.n, (int)t.list.n, t.list.p);
    st->has_details = true;
    buf_free(&t.list);
}
