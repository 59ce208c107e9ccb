/* String and bytes literals. Rule: cel-go parser/unescape.go. */
#include "registry/cel/ast.h"

#include "shm/base/buf.h"

static void put_utf8(struct buf *b, uint32_t c)
{
    if (c < 0x80) {
        buf_putc(b, (char)c);
    } else if (c < 0x800) {
        buf_putc(b, (char)(0xc0 | c >> 6));
        buf_putc(b, (char)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        buf_putc(b, (char)(0xe0 | c >> 12));
        buf_putc(b, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_putc(b, (char)(0x80 | (c & 0x3f)));
    } else {
        buf_putc(b, (char)(0xf0 | c >> 18));
        buf_putc(b, (char)(0x80 | (c >> 12 & 0x3f)));
        buf_putc(b, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_putc(b, (char)(0x80 | (c & 0x3f)));
    }
}

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : 99;
}

/* n digits of a base at the start of *s go to *c; *s is behind them. */
static bool digits(struct str *s, size_t n, int base, uint32_t *c)
{
    *c = 0;
    if (s->n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (digit(s->p[i]) >= base)
            return false;
        *c = *c * (uint32_t)base + (uint32_t)digit(s->p[i]);
    }
    s->p += n;
    s->n -= n;
    return true;
}

static bool is_scalar(uint32_t c)
{
    return c < 0xd800 || (c > 0xdfff && c <= 0x10ffff);
}

/* *s begins behind a backslash. */
static const char *escape(struct str *s, bool bytes, struct buf *b)
{
    static const char from[] = "abfnrtv\\'\"`?", to[] = "\a\b\f\n\r\t\v\\'\"`?";
    const char *plain, *wrong = "unable to unescape string";
    char kind;
    uint32_t c;
    bool octal, hex;

    if (s->n == 0)
        return "unable to unescape string, found '\\' as last character";
    kind = *s->p;
    plain = kind ? strchr(from, kind) : NULL;
    octal = kind >= '0' && kind <= '3';
    if (!octal) {
        s->p++;
        s->n--;
    }
    if (plain) {
        buf_putc(b, to[plain - from]);
        return NULL;
    }
    hex = kind == 'x' || kind == 'X';
    if (octal && !digits(s, 3, 8, &c))
        return "unable to unescape octal sequence in string";
    if (!octal && !hex && kind != 'u' && kind != 'U')
        return wrong;
    if (!octal && ((bytes && !hex) || !digits(s, hex ? 2 : kind == 'u' ? 4 : 8, 16, &c)))
        return wrong;
    if (!bytes && !is_scalar(c))
        return "invalid unicode code point";
    if (bytes)
        buf_putc(b, (char)c);
    else
        put_utf8(b, c);
    return NULL;
}

/* Line ends as \n. */
static struct str with_newlines(struct arena *a, struct str s)
{
    char *p = arena_raw(a, s.n);
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n')
            continue;
        p[n++] = s.p[i] == '\r' ? '\n' : s.p[i];
    }
    return (struct str){p, n};
}

/* Between the quotes, of one sort or the other. */
static bool unquoted(struct str *s)
{
    size_t q = 1;

    if (s->n < 2 || (*s->p != '"' && *s->p != '\'') || s->p[s->n - 1] != *s->p)
        return false;
    if (s->n >= 6 && s->p[1] == *s->p && s->p[2] == *s->p) {
        if (s->p[s->n - 2] != *s->p || s->p[s->n - 3] != *s->p)
            return false;
        q = 3;
    }
    s->p += q;
    s->n -= 2 * q;
    return true;
}

bool cel_unescape(struct arena *a, struct str literal, bool bytes, struct str *out, const char **why)
{
    struct str s = with_newlines(a, literal);
    bool raw = s.n >= 2 && (*s.p == 'r' || *s.p == 'R');
    struct buf b = {0};

    s.p += raw;
    s.n -= raw;
    *why = NULL;
    *out = literal;
    if (!unquoted(&s)) {
        *why = "unable to unescape string";
        return false;
    }
    while (!*why && s.n) {
        char c = *s.p++;

        s.n--;
        if (c == '\\' && !raw)
            *why = escape(&s, bytes, &b);
        else
            buf_putc(&b, c);
    }
    if (!*why)
        *out = arena_str(a, buf_view(&b));
    buf_free(&b);
    return !*why;
}
