/* An element's kind is the letter before the colon: f a field's name, k the keys of a list item, v a value, i
 * an index. Elements of other kinds are left out: a later version may know them. */
#include "registry/apply/fieldsettext.h"

#include <stdlib.h>
#include "registry/walk/json.h"
#include "registry/walk/tree.h"

static json_t *parse(struct arena *a, struct str text)
{
    const char *err;

    return tree_keep(a, json_read(a, text, NULL, &err));
}

static int cmp_parts(const void *a, const void *b)
{
    return str_cmp(((const struct element_part *)a)->name, ((const struct element_part *)b)->name);
}

static bool read_key(struct arena *a, struct str text, struct element *e)
{
    json_t *v = parse(a, text);
    struct element_part *parts;
    bool sorted = true;
    int n = 0;

    if (!json_is_object(v))
        return false;
    parts = arena_raw(a, json_object_size(v) * sizeof(*parts));
    for (void *it = json_object_iter(v); it; it = json_object_iter_next(v, it), n++) {
        parts[n] = (struct element_part){{json_object_iter_key(it), json_object_iter_key_len(it)},
                                         json_object_iter_value(it)};
        if (n && cmp_parts(&parts[n - 1], &parts[n]) > 0)
            sorted = false;
    }
    if (!sorted)
        qsort(parts, (size_t)n, sizeof(*parts), cmp_parts);
    *e = (struct element){.kind = ELEMENT_KEY, .nparts = n, .parts = parts};
    return true;
}

enum read { READ, SKIPPED, BAD };

static enum read read_element(struct arena *a, struct str text, struct element *e)
{
    struct str rest;

    if (text.n < 2 || text.p[1] != ':')
        return BAD;
    rest = (struct str){text.p + 2, text.n - 2};
    switch (text.p[0]) {
    case 'f':
        *e = (struct element){.kind = ELEMENT_FIELD, .name = rest};
        return READ;
    case 'k':
        return read_key(a, rest, e) ? READ : BAD;
    case 'v':
        *e = (struct element){.kind = ELEMENT_VALUE, .value = parse(a, rest)};
        return e->value ? READ : BAD;
    case 'i':
        *e = (struct element){.kind = ELEMENT_INDEX};
        return str_to_int64(rest, &e->index) == 0 ? READ : BAD;
    default:
        return SKIPPED;
    }
}

/* *self: the path to here is a member. Recursion as deep as the tree, which its reader bounds. */
static bool read_level(struct arena *a, const json_t *v, const struct fieldset **out, bool *self)
{
    json_t *o = (json_t *)(uintptr_t)v; /* jansson's iterators take no const */
    struct fieldset_builder b = {.arena = a};

    *self = false;
    if (!json_is_object(v) && !json_is_null(v))
        return false;
    for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it)) {
        struct str key = {json_object_iter_key(it), json_object_iter_key_len(it)};
        const struct fieldset *children;
        struct element e;
        enum read how;
        bool member;

        if (str_is(key, ".")) {
            *self = true;
            continue;
        }
        how = read_element(a, key, &e);
        if (how == BAD)
            return false;
        if (how == SKIPPED)
            continue;
        if (!read_level(a, json_object_iter_value(it), &children, &member))
            return false;
        fieldset_add(&b, &e, member, children);
    }
    *out = fieldset_finish(&b);
    *self |= *out == NULL;
    return true;
}

bool fieldset_read(struct arena *a, const json_t *v, const struct fieldset **out)
{
    bool self;

    *out = NULL;
    return !v || read_level(a, v, out, &self);
}

static void put_element(struct buf *out, const struct element *e, struct buf *scratch)
{
    buf_clear(scratch);
    switch (e->kind) {
    case ELEMENT_FIELD:
        buf_puts(scratch, "f:");
        buf_str(scratch, e->name);
        break;
    case ELEMENT_KEY:
        buf_puts(scratch, "k:{");
        for (int i = 0; i < e->nparts; i++) {
            if (i)
                buf_putc(scratch, ',');
            json_write_string(scratch, e->parts[i].name);
            buf_putc(scratch, ':');
            json_write(scratch, e->parts[i].value, 0);
        }
        buf_putc(scratch, '}');
        break;
    case ELEMENT_VALUE:
        buf_puts(scratch, "v:");
        json_write(scratch, e->value, 0);
        break;
    case ELEMENT_INDEX:
        buf_printf(scratch, "i:%lld", (long long)e->index);
        break;
    }
    json_write_string(out, buf_view(scratch));
}

/* Nearly all elements are fields with names that need no escapes. */
static bool put_plain_field(struct buf *out, const struct element *e)
{
    char *p;

    if (e->kind != ELEMENT_FIELD)
        return false;
    p = buf_reserve(out, e->name.n + 5);
    memcpy(p, "\"f:", 3);
    for (size_t i = 0; i < e->name.n; i++) {
        unsigned char c = (unsigned char)e->name.p[i];

        if (c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&')
            return false;
        p[3 + i] = (char)c;
    }
    p[3 + e->name.n] = '"';
    out->n += e->name.n + 4;
    return true;
}

static void put_level(struct buf *out, const struct fieldset *s, bool self, struct buf *scratch)
{
    buf_putc(out, '{');
    if (self && s)
        buf_puts(out, "\".\":{}");
    for (int i = 0; s && i < s->n; i++) {
        if (i || self)
            buf_putc(out, ',');
        if (!put_plain_field(out, &s->nodes[i].element))
            put_element(out, &s->nodes[i].element, scratch);
        buf_putc(out, ':');
        put_level(out, s->nodes[i].children, s->nodes[i].member, scratch);
    }
    buf_putc(out, '}');
}

void fieldset_write(struct buf *out, const struct fieldset *s)
{
    struct buf scratch = {0};

    put_level(out, s, false, &scratch);
    buf_free(&scratch);
}
