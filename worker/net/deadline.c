/* Appending keeps a list in order because every entry of it lasts as long as the others. */
#include "worker/net/deadline.h"

#include <stddef.h>

void deadline_clear(struct deadlines *l, struct deadline *d)
{
    if (d->kind == DEADLINE_NONE)
        return;
    if (d->prev)
        d->prev->next = d->next;
    else
        l->first[d->kind] = d->next;
    if (d->next)
        d->next->prev = d->prev;
    else
        l->last[d->kind] = d->prev;
    d->next = d->prev = NULL;
    d->kind = DEADLINE_NONE;
}

void deadline_set(struct deadlines *l, struct deadline *d, enum deadline_kind kind, int64_t now_ms)
{
    deadline_clear(l, d);
    if (kind == DEADLINE_NONE)
        return;
    d->kind = kind;
    d->at_ms = now_ms + l->ms[kind];
    d->prev = l->last[kind];
    if (d->prev)
        d->prev->next = d;
    else
        l->first[kind] = d;
    l->last[kind] = d;
}

void deadline_keep(struct deadlines *l, struct deadline *d, enum deadline_kind kind, int64_t now_ms)
{
    if (d->kind != kind)
        deadline_set(l, d, kind, now_ms);
}

void deadlines_run(struct deadlines *l, int64_t now_ms)
{
    for (int k = DEADLINE_NONE + 1; k < DEADLINE_KINDS; k++) {
        struct deadline *d;
        while ((d = l->first[k]) && d->at_ms <= now_ms) {
            deadline_clear(l, d);
            d->expired(d);
        }
    }
}
