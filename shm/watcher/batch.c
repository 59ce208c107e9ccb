/* Drafts are kept as offsets, because memory that grows moves; pointers are made when the batch is looked at.
 */
#include "shm/watcher/batch.h"

#include <stdlib.h>
#include <string.h>
#include "shm/base/must.h"

static void grow(struct batch *b)
{
    if (b->n < b->room)
        return;
    b->room = b->room ? b->room * 2 : 64;
    b->changes = realloc(b->changes, (size_t)b->room * sizeof(*b->changes));
    b->draft_at = realloc(b->draft_at, (size_t)b->room * sizeof(*b->draft_at));
    must(b->changes != NULL && b->draft_at != NULL);
}

void batch_add(struct batch *b, const struct load_change *ch, size_t draft_at, bool numbered)
{
    grow(b);
    struct load_change *to = &b->changes[b->n];
    *to = *ch;
    b->draft_at[b->n++] = draft_at;
    if (!numbered)
        return;
    b->last_sub = ch->revision == b->last ? b->last_sub + 1 : 0;
    b->last = ch->revision;
    to->sub = b->last_sub;
}

int batch_before(const struct batch *b, int64_t revision)
{
    int n = b->n;
    while (n > 0 && b->changes[n - 1].revision == revision)
        n--;
    return n;
}

int64_t batch_last(const struct batch *b)
{
    return b->n ? b->changes[b->n - 1].revision : 0;
}

void batch_view(struct batch *b, int n, struct load_batch *out)
{
    must(n >= 0 && n <= b->n);
    for (int i = 0; i < n; i++)
        b->changes[i].draft = b->draft_at[i] == BATCH_NO_DRAFT
                                  ? NULL
                                  : (const struct record *)(const void *)(b->drafts.p + b->draft_at[i]);
    out->changes = b->changes;
    out->n = n;
}

/* Where the drafts of the changes from i on begin. */
static size_t drafts_from(const struct batch *b, int i)
{
    for (; i < b->n; i++)
        if (b->draft_at[i] != BATCH_NO_DRAFT)
            return b->draft_at[i];
    return b->drafts.n;
}

void batch_drop_first(struct batch *b, int n)
{
    if (n >= b->n) {
        batch_clear(b);
        return;
    }
    size_t at = drafts_from(b, n);
    memmove(b->drafts.p, b->drafts.p + at, b->drafts.n - at);
    b->drafts.n -= at;
    b->n -= n;
    memmove(b->changes, b->changes + n, (size_t)b->n * sizeof(*b->changes));
    memmove(b->draft_at, b->draft_at + n, (size_t)b->n * sizeof(*b->draft_at));
    for (int i = 0; i < b->n; i++)
        if (b->draft_at[i] != BATCH_NO_DRAFT)
            b->draft_at[i] -= at;
}

void batch_clear(struct batch *b)
{
    b->n = 0;
    buf_clear(&b->drafts);
}

void batch_restart(struct batch *b)
{
    b->last = 0;
    b->last_sub = 0;
}

void batch_free(struct batch *b)
{
    buf_free(&b->drafts);
    free(b->changes);
    free(b->draft_at);
    *b = (struct batch){0};
}
