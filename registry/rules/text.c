/* Clients compare messages and numbers byte for byte, so quoting and float formatting follow Go's rules here,
 * once, instead of printf's. */
#include "registry/rules/text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

size_t text_rune(const char *p, size_t n, uint32_t *rune)
{
    const unsigned char *s = (const unsigned char *)p;
    uint32_t c = s[0], r, min;
    size_t len;

    *rune = RUNE_ERROR;
    if (c < 0x80) {
        *rune = c;
        return 1;
    }
    if (c < 0xc2 || c > 0xf4)
        return 1;
    len = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (n < len)
        return 1;
    r = c & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 1;
        r = r << 6 | (s[i] & 0x3fu);
    }
    min = len == 2 ? 0x80 : len == 3 ? 0x800 : 0x10000;
    if (r < min || r > 0x10ffff || (r >= 0xd800 && r <= 0xdfff))
        return 1;
    *rune = r;
    return len;
}

size_t text_put_rune(char out[4], uint32_t r)
{
    if (r > 0x10ffff || (r >= 0xd800 && r <= 0xdfff))
        r = RUNE_ERROR;
    if (r < 0x80) {
        out[0] = (char)r;
        return 1;
    }
    if (r < 0x800) {
        out[0] = (char)(0xc0 | r >> 6);
        out[1] = (char)(0x80 | (r & 0x3f));
        return 2;
    }
    if (r < 0x10000) {
        out[0] = (char)(0xe0 | r >> 12);
        out[1] = (char)(0x80 | (r >> 6 & 0x3f));
        out[2] = (char)(0x80 | (r & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | r >> 18);
    out[1] = (char)(0x80 | (r >> 12 & 0x3f));
    out[2] = (char)(0x80 | (r >> 6 & 0x3f));
    out[3] = (char)(0x80 | (r & 0x3f));
    return 4;
}

void text_clean(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n;) {
        char encoded[4];
        uint32_t rune;

        i += text_rune(s.p + i, s.n - i, &rune);
        buf_put(out, encoded, text_put_rune(encoded, rune));
    }
}

/* Ranges that Go's strconv.IsPrint refuses; unassigned code points inside scripts are taken as printable. */
static const uint32_t unprintable[][2] = {
    {0, 0x1f},          {0x7f, 0xa0},       {0xad, 0xad},        {0x600, 0x605},     {0x61c, 0x61c},
    {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x1680, 0x1680},    {0x180e, 0x180e},   {0x2000, 0x200f},
    {0x2028, 0x202f},   {0x205f, 0x206f},   {0x3000, 0x3000},    {0xd800, 0xf8ff},   {0xfeff, 0xfeff},
    {0xfff0, 0xfffb},   {0xfffe, 0xffff},   {0x110bd, 0x110bd},  {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
    {0x1fffe, 0x1ffff}, {0xe0000, 0xe00ff}, {0xe01f0, 0x10ffff},
};

bool text_printable(uint32_t r)
{
    for (size_t i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]); i++) {
        if (r >= unprintable[i][0] && r <= unprintable[i][1])
            return false;
    }
    return true;
}

static void quote_rune(struct buf *out, const char *p, size_t len, uint32_t r)
{
    static const char named[] = "abtnvfr"; /* 0x07 .. 0x0d */

    if (r == RUNE_ERROR && len == 1) {
        buf_printf(out, "\\x%02x", (unsigned char)*p);
        return;
    }
    if (r == '"' || r == '\\') {
        buf_putc(out, '\\');
        buf_putc(out, (char)r);
        return;
    }
    if (r >= 0x07 && r <= 0x0d) {
        buf_putc(out, '\\');
        buf_putc(out, named[r - 0x07]);
        return;
    }
    if (text_printable(r))
        buf_put(out, p, len);
    else if (r < ' ' || r == 0x7f)
        buf_printf(out, "\\x%02x", r);
    else if (r < 0x10000)
        buf_printf(out, "\\u%04x", r);
    else
        buf_printf(out, "\\U%08x", r);
}

void text_quote(struct buf *out, struct str s)
{
    buf_putc(out, '"');
    for (size_t i = 0; i < s.n;) {
        uint32_t r;
        size_t len = text_rune(s.p + i, s.n - i, &r);

        quote_rune(out, s.p + i, len, r);
        i += len;
    }
    buf_putc(out, '"');
}

const char *text_quoted(struct arena *a, struct str s)
{
    struct buf b = {0};
    char *c;

    text_quote(&b, s);
    c = arena_cstr(a, buf_view(&b));
    buf_free(&b);
    return c;
}

/* Shortest decimal digits that read back as v (finite, not zero): digits without trailing zeros and the
 * exponent of the first one. */
struct digits {
    char d[24];
    int n;
    int exp;
    bool negative;
};

static void shortest(double v, int bits, struct digits *out)
{
    char text[40];
    int first = fabs(v) < DBL_MIN || (bits == 32 && fabs(v) < FLT_MIN) ? 1
                : bits == 32                                           ? 6
                                                                       : 15,
        last = bits == 32 ? 9 : 17;
    const char *p;

    for (int prec = first; prec <= last; prec++) {
        snprintf(text, sizeof(text), "%.*e", prec - 1, v);
        if (bits == 32 ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v)
            break;
    }
    p = text;
    out->negative = *p == '-';
    p += out->negative;
    out->n = 0;
    for (; *p && *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9')
            out->d[out->n++] = *p;
    }
    out->exp = atoi(p + 1);
    while (out->n > 1 && out->d[out->n - 1] == '0')
        out->n--;
}

static void put_plain(struct buf *out, const struct digits *d)
{
    if (d->exp < 0) {
        buf_puts(out, "0.");
        for (int i = -1; i > d->exp; i--)
            buf_putc(out, '0');
        buf_put(out, d->d, (size_t)d->n);
        return;
    }
    for (int i = 0; i <= d->exp; i++)
        buf_putc(out, i < d->n ? d->d[i] : '0');
    if (d->n > d->exp + 1) {
        buf_putc(out, '.');
        buf_put(out, d->d + d->exp + 1, (size_t)(d->n - d->exp - 1));
    }
}

static void put_exponent(struct buf *out, const struct digits *d, int min_exp_digits)
{
    buf_putc(out, d->d[0]);
    if (d->n > 1) {
        buf_putc(out, '.');
        buf_put(out, d->d + 1, (size_t)d->n - 1);
    }
    buf_printf(out, "e%c%0*d", d->exp < 0 ? '-' : '+', min_exp_digits, abs(d->exp));
}

void text_put_double(struct buf *out, double v)
{
    struct digits d;

    if (v == 0 || !isfinite(v)) {
        buf_puts(out, v == 0 && signbit(v) ? "-0" : "0");
        return;
    }
    shortest(v, 64, &d);
    if (d.negative)
        buf_putc(out, '-');
    if (fabs(v) < 1e-6 || fabs(v) >= 1e21)
        put_exponent(out, &d, d.exp < 0 ? 1 : 2);
    else
        put_plain(out, &d);
}

static void put_general(struct buf *out, double v, int bits, int plain_below)
{
    struct digits d;

    if (isnan(v) || isinf(v)) {
        buf_puts(out, isnan(v) ? "NaN" : v > 0 ? "+Inf" : "-Inf");
        return;
    }
    if (v == 0) {
        buf_puts(out, signbit(v) ? "-0" : "0");
        return;
    }
    shortest(v, bits, &d);
    if (d.negative)
        buf_putc(out, '-');
    if (d.exp < -4 || d.exp >= plain_below)
        put_exponent(out, &d, 2);
    else
        put_plain(out, &d);
}

void text_put_double_g(struct buf *out, double v, int bits)
{
    put_general(out, v, bits, 6);
}

void text_put_double_v(struct buf *out, double v)
{
    put_general(out, v, 64, 21);
}
