/* The longest run of lines that both have divides the texts; the same is done with what lies before it and
 * behind it. A line that a long text has very often is no anchor: a run is only prolonged by it. */
#include "registry/validation/linediff.h"

#include <stdlib.h>
#include "shm/base/hash.h"
#include "shm/base/must.h"

#define CONTEXT 3
#define LONG_TEXT 200
#define NONE UINT32_MAX

struct line {
    struct str s;
    uint32_t id;   /* equal lines have the same */
    uint32_t next; /* of b: the next one with this id */
};

struct match {
    uint32_t a, b, n;
};

struct differ {
    struct line *a, *b;
    uint32_t na, nb;
    uint32_t *first;            /* by id: in b, or NONE */
    uint32_t *runs, *runs_next; /* by line of b: how long the run is that ends there */
    struct match *matches;
    uint32_t nmatches, cap;
    uint32_t work;
};

enum op_kind { EQUAL, REPLACE, DELETE, INSERT };
struct op {
    enum op_kind kind;
    uint32_t a1, a2, b1, b2;
};

static void *allocate(size_t n, size_t size)
{
    void *p = calloc(n + 1, size);

    must(p != NULL);
    return p;
}

static struct line *split(struct str s, uint32_t *n)
{
    struct line *lines;
    uint32_t count = 1;

    if (s.n > LINEDIFF_TEXT_MAX)
        s.n = LINEDIFF_TEXT_MAX;
    for (size_t i = 0; i < s.n; i++)
        count += s.p[i] == '\n';
    lines = allocate(count, sizeof(*lines));
    for (*n = 0; *n < count; (*n)++) {
        if (!str_next(&s, '\n', &lines[*n].s))
            break;
    }
    return lines;
}

/* Numbers equal lines alike and chains those of b in order. */
static void number_lines(struct differ *d)
{
    uint32_t size = 1, ids = 0, total = d->na + d->nb;
    struct line **table;

    while (size < total * 2)
        size *= 2;
    table = allocate(size, sizeof(struct line *));
    for (uint32_t i = 0; i < total; i++) {
        struct line *l = i < d->na ? &d->a[i] : &d->b[i - d->na];
        uint32_t at = (uint32_t)hash_str(l->s) & (size - 1);

        while (table[at] && !str_eq(table[at]->s, l->s))
            at = (at + 1) & (size - 1);
        if (!table[at]) {
            table[at] = l;
            l->id = ids++;
        } else {
            l->id = table[at]->id;
        }
    }
    free(table);
    d->first = allocate(ids, sizeof(*d->first));
    for (uint32_t i = 0; i < ids; i++)
        d->first[i] = NONE;
    for (uint32_t i = d->nb; i--;) {
        d->b[i].next = d->first[d->b[i].id];
        d->first[d->b[i].id] = i;
    }
}

static void forget_popular(struct differ *d)
{
    uint32_t limit = d->nb / 100 + 1;

    if (d->nb < LONG_TEXT)
        return;
    for (uint32_t i = 0; i < d->nb; i++) {
        uint32_t count = 0;

        if (d->first[d->b[i].id] != i)
            continue;
        for (uint32_t j = i; j != NONE && count <= limit; j = d->b[j].next)
            count++;
        if (count > limit)
            d->first[d->b[i].id] = NONE;
    }
}

static void forget_runs(const struct differ *d, uint32_t *runs, uint32_t a, uint32_t blo, uint32_t bhi)
{
    for (uint32_t j = d->first[d->a[a].id]; j != NONE && j < bhi; j = d->b[j].next) {
        if (j >= blo)
            runs[j + 1] = 0;
    }
}

static void swap(uint32_t **x, uint32_t **y)
{
    uint32_t *t = *x;

    *x = *y;
    *y = t;
}

static struct match longest(struct differ *d, uint32_t alo, uint32_t ahi, uint32_t blo, uint32_t bhi)
{
    struct match best = {alo, blo, 0};
    uint32_t i;

    for (i = alo; i < ahi && d->work < LINEDIFF_WORK_MAX; i++) {
        for (uint32_t j = d->first[d->a[i].id]; j != NONE && j < bhi; j = d->b[j].next) {
            uint32_t k;

            d->work++;
            if (j < blo)
                continue;
            k = (j > blo ? d->runs[j] : 0) + 1;
            d->runs_next[j + 1] = k;
            if (k > best.n)
                best = (struct match){i - k + 1, j - k + 1, k};
        }
        d->work++;
        if (i > alo)
            forget_runs(d, d->runs, i - 1, blo, bhi);
        swap(&d->runs, &d->runs_next);
    }
    if (i > alo)
        forget_runs(d, d->runs, i - 1, blo, bhi);
    while (best.a > alo && best.b > blo && d->a[best.a - 1].id == d->b[best.b - 1].id) {
        best.a--;
        best.b--;
        best.n++;
    }
    while (best.a + best.n < ahi && best.b + best.n < bhi &&
           d->a[best.a + best.n].id == d->b[best.b + best.n].id)
        best.n++;
    return best;
}

static void add_match(struct differ *d, struct match m)
{
    struct match *last = d->nmatches ? &d->matches[d->nmatches - 1] : NULL;

    if (last && last->a + last->n == m.a && last->b + last->n == m.b) {
        last->n += m.n;
        return;
    }
    if (d->nmatches == d->cap) {
        d->cap = d->cap ? d->cap * 2 : 64;
        d->matches = realloc(d->matches, d->cap * sizeof(*d->matches));
        must(d->matches != NULL);
    }
    d->matches[d->nmatches++] = m;
}

struct range {
    uint32_t alo, ahi, blo, bhi;
    struct match found; /* n > 0: this one is next, its left side is done */
};

/* A stack of its own: how deep it goes is the client's choice. */
static void find_matches(struct differ *d)
{
    uint32_t cap = 64, n = 0;
    struct range *stack = allocate(cap, sizeof(*stack));

    stack[n++] = (struct range){0, d->na, 0, d->nb, {0, 0, 0}};
    while (n) {
        struct range r = stack[--n];
        struct match m = r.found;

        if (m.n) {
            add_match(d, m);
            continue;
        }
        m = longest(d, r.alo, r.ahi, r.blo, r.bhi);
        if (!m.n)
            continue;
        if (n + 3 > cap) {
            cap *= 2;
            stack = realloc(stack, (cap + 1) * sizeof(*stack));
            must(stack != NULL);
        }
        if (m.a + m.n < r.ahi && m.b + m.n < r.bhi)
            stack[n++] = (struct range){m.a + m.n, r.ahi, m.b + m.n, r.bhi, {0, 0, 0}};
        stack[n++] = (struct range){0, 0, 0, 0, m};
        if (r.alo < m.a && r.blo < m.b)
            stack[n++] = (struct range){r.alo, m.a, r.blo, m.b, {0, 0, 0}};
    }
    free(stack);
}

static struct op *operations(const struct differ *d, uint32_t *n)
{
    struct op *ops = allocate((size_t)d->nmatches * 2 + 2, sizeof(*ops));
    uint32_t i = 0, j = 0;

    *n = 0;
    for (uint32_t k = 0; k <= d->nmatches; k++) {
        struct match m = k < d->nmatches ? d->matches[k] : (struct match){d->na, d->nb, 0};

        if (i < m.a || j < m.b)
            ops[(*n)++] = (struct op){i < m.a && j < m.b ? REPLACE
                                      : i < m.a          ? DELETE
                                                         : INSERT,
                                      i, m.a, j, m.b};
        i = m.a + m.n;
        j = m.b + m.n;
        if (m.n)
            ops[(*n)++] = (struct op){EQUAL, m.a, i, m.b, j};
    }
    return ops;
}

static void put_range(struct buf *out, char sign, uint32_t from, uint32_t to)
{
    uint32_t n = to - from;

    if (n == 1)
        buf_printf(out, "%c%u", sign, from + 1);
    else
        buf_printf(out, "%c%u,%u", sign, n ? from + 1 : from, n);
}

static void put_lines(struct buf *out, char sign, const struct line *lines, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        buf_putc(out, sign);
        buf_str(out, lines[i].s);
        buf_putc(out, '\n');
    }
}

static void put_hunk(struct buf *out, const struct differ *d, const struct op *ops, uint32_t n)
{
    buf_puts(out, "@@ ");
    put_range(out, '-', ops[0].a1, ops[n - 1].a2);
    buf_putc(out, ' ');
    put_range(out, '+', ops[0].b1, ops[n - 1].b2);
    buf_puts(out, " @@\n");
    for (uint32_t i = 0; i < n; i++) {
        if (ops[i].kind == EQUAL)
            put_lines(out, ' ', d->a, ops[i].a1, ops[i].a2);
        if (ops[i].kind == REPLACE || ops[i].kind == DELETE)
            put_lines(out, '-', d->a, ops[i].a1, ops[i].a2);
        if (ops[i].kind == REPLACE || ops[i].kind == INSERT)
            put_lines(out, '+', d->b, ops[i].b1, ops[i].b2);
    }
}

static void cut_front(struct op *o)
{
    uint32_t n = o->a2 - o->a1;

    if (n > CONTEXT) {
        o->a1 = o->a2 - CONTEXT;
        o->b1 = o->b2 - CONTEXT;
    }
}

static void cut_back(struct op *o)
{
    if (o->a2 - o->a1 > CONTEXT) {
        o->a2 = o->a1 + CONTEXT;
        o->b2 = o->b1 + CONTEXT;
    }
}

/* Long stretches without a change separate hunks. */
static void put_hunks(struct buf *out, const struct differ *d, struct op *ops, uint32_t n)
{
    uint32_t from = 0;

    if (n == 0 || (n == 1 && ops[0].kind == EQUAL))
        return;
    if (ops[0].kind == EQUAL)
        cut_front(&ops[0]);
    if (ops[n - 1].kind == EQUAL)
        cut_back(&ops[n - 1]);
    for (uint32_t i = 1; i < n; i++) {
        struct op whole = ops[i];

        if (whole.kind != EQUAL || whole.a2 - whole.a1 <= 2 * CONTEXT || i == n - 1)
            continue;
        cut_back(&ops[i]);
        put_hunk(out, d, ops + from, i - from + 1);
        ops[i] = whole;
        cut_front(&ops[i]);
        from = i;
    }
    put_hunk(out, d, ops + from, n - from);
}

void linediff(struct buf *out, struct str a, struct str b)
{
    struct differ d = {0};
    struct op *ops;
    uint32_t n;

    d.a = split(a, &d.na);
    d.b = split(b, &d.nb);
    d.runs = allocate((size_t)d.nb + 1, sizeof(*d.runs));
    d.runs_next = allocate((size_t)d.nb + 1, sizeof(*d.runs_next));
    number_lines(&d);
    forget_popular(&d);
    find_matches(&d);
    ops = operations(&d, &n);
    put_hunks(out, &d, ops, n);
    free(ops);
    free(d.matches);
    free(d.first);
    free(d.runs);
    free(d.runs_next);
    free(d.a);
    free(d.b);
}
