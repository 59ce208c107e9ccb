/* Errors are shown with the line they are in and a mark below; wide characters get wide marks. */
#include "registry/cel/source.h"

#include <stdlib.h>
#include "shm/base/buf.h"

/* A longer line is not shown. */
#define SNIPPET_BYTES 16384

size_t cel_decode(const char *p, const char *end, uint32_t *c)
{
    static const uint8_t first_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned char lead = (unsigned char)*p;
    size_t n = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;

    *c = 0xfffd;
    if (n == 0 || (size_t)(end - p) < n)
        return 1;
    uint32_t v = lead & first_mask[n];
    for (size_t i = 1; i < n; i++) {
        if (((unsigned char)p[i] & 0xc0) != 0x80)
            return 1;
        v = v << 6 | ((unsigned char)p[i] & 0x3f);
    }
    if ((n == 3 && (v < 0x800 || (v >= 0xd800 && v < 0xe000))) || (n == 4 && (v < 0x10000 || v > 0x10ffff)))
        return 1;
    *c = v;
    return n;
}

struct cel_source *cel_source_new(struct arena *a, struct str text)
{
    struct cel_source *s = arena_alloc(a, sizeof(*s));
    const char *end = text.p + text.n;
    int32_t line = 1;

    s->arena = a;
    s->text = text;
    s->nlines = 1;
    for (size_t i = 0; i < text.n; i++)
        s->nlines += text.p[i] == '\n';
    s->lines = arena_alloc(a, (size_t)s->nlines * sizeof(*s->lines));
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '\n')
            s->lines[line++] = i + 1;
    for (const char *p = text.p; p < end; s->points++) {
        uint32_t c;
        p += cel_decode(p, end, &c);
    }
    return s;
}

void cel_source_error(struct cel_source *s, struct cel_place place, const char *fmt, ...)
{
    va_list ap;

    if (s->nerrors++ >= CEL_ERRORS_SHOWN)
        return;
    va_start(ap, fmt);
    s->errors[s->nerrors - 1] = (struct cel_error){place, arena_vprintf(s->arena, fmt, ap)};
    va_end(ap);
}

static void put_snippet(const struct cel_source *s, struct cel_place place, struct buf *b)
{
    uint32_t c;

    if (place.line < 1 || place.line > s->nlines || s->text.n == 0)
        return;
    const char *p = s->text.p + s->lines[place.line - 1];
    const char *end = s->text.p + (place.line < s->nlines ? s->lines[place.line] - 1 : s->text.n);
    if (end - p > SNIPPET_BYTES)
        return;
    buf_puts(b, "\n | ");
    for (const char *q = p; q < end; q++)
        buf_putc(b, *q == '\t' ? ' ' : *q);
    buf_puts(b, "\n | ");
    for (int32_t i = 0; i < place.column && p < end; i++) {
        size_t n = cel_decode(p, end, &c);
        buf_puts(b, n > 1 ? "\uff0e" : ".");
        p += n;
    }
    buf_puts(b, p < end && cel_decode(p, end, &c) > 1 ? "\uff3e" : "^");
}

/* Stable, as few errors are the rule: by insertion. */
static void sort_errors(struct cel_error *e, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct cel_error moving = e[i];
        size_t j = i;

        while (j > 0 &&
               (moving.place.line < e[j - 1].place.line ||
                (moving.place.line == e[j - 1].place.line && moving.place.column < e[j - 1].place.column))) {
            e[j] = e[j - 1];
            j--;
        }
        e[j] = moving;
    }
}

struct str cel_source_errors(struct cel_source *s)
{
    size_t kept = s->nerrors < CEL_ERRORS_SHOWN ? s->nerrors : CEL_ERRORS_SHOWN;
    struct buf b = {0};

    sort_errors(s->errors, kept);
    for (size_t i = 0; i < kept; i++) {
        const struct cel_error *e = &s->errors[i];

        buf_printf(&b, "%sERROR: <input>:%d:%d: ", i ? "\n" : "", e->place.line, e->place.column + 1);
        buf_puts(&b, e->message);
        put_snippet(s, e->place, &b);
    }
    if (s->nerrors > kept)
        buf_printf(&b, "\n%zu more errors were truncated", s->nerrors - kept);
    struct str all = arena_str(s->arena, buf_view(&b));
    buf_free(&b);
    return all;
}
