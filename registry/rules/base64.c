/* OpenSSL's decoder says neither where a text is wrong nor refuses all that Go refuses; the offset is part of
 * the message a client gets. */
#include "registry/rules/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static size_t skip_breaks(struct str s, size_t at)
{
    while (at < s.n && (s.p[at] == '\n' || s.p[at] == '\r'))
        at++;
    return at;
}

/* At the first '=' of a group that has n digits (2 or 3). Nothing but the padding may follow. */
static bool read_padding(struct str s, size_t at, int n, size_t *bad_at)
{
    *bad_at = at;
    if (n < 2)
        return false;
    at = skip_breaks(s, at + 1);
    if (n == 2) {
        *bad_at = at == s.n ? at : at - 1;
        if (at == s.n || s.p[at] != '=')
            return false;
        at = skip_breaks(s, at + 1);
    }
    *bad_at = at;
    return at == s.n;
}

bool base64_decode(struct arena *a, struct str s, struct str *out, size_t *bad_at)
{
    char *p = arena_raw(a, s.n / 4 * 3 + 4);
    size_t n = 0;
    uint32_t group = 0;
    int have = 0;

    for (size_t at = skip_breaks(s, 0); at < s.n; at = skip_breaks(s, at + 1)) {
        int v = value_of(s.p[at]);

        if (s.p[at] == '=') {
            if (!read_padding(s, at, have, bad_at))
                return false;
            p[n++] = (char)(group >> (have * 6 - 8));
            if (have == 3)
                p[n++] = (char)(group >> 2);
            *out = (struct str){p, n};
            return true;
        }
        if (v < 0) {
            *bad_at = at;
            return false;
        }
        group = group << 6 | (uint32_t)v;
        if (++have < 4)
            continue;
        p[n++] = (char)(group >> 16);
        p[n++] = (char)(group >> 8);
        p[n++] = (char)group;
        group = 0;
        have = 0;
    }
    *out = (struct str){p, n};
    *bad_at = s.n - (size_t)have;
    return have == 0;
}

void base64_encode(struct buf *out, struct str b)
{
    char *p = buf_reserve(out, (b.n + 2) / 3 * 4);
    size_t i = 0;

    for (; i + 3 <= b.n; i += 3) {
        uint32_t v = (uint32_t)(unsigned char)b.p[i] << 16 | (uint32_t)(unsigned char)b.p[i + 1] << 8 |
                     (unsigned char)b.p[i + 2];

        for (int shift = 18; shift >= 0; shift -= 6)
            *p++ = alphabet[v >> shift & 63];
    }
    if (i < b.n) {
        bool two = i + 2 == b.n;
        uint32_t v =
            (uint32_t)(unsigned char)b.p[i] << 16 | (two ? (uint32_t)(unsigned char)b.p[i + 1] << 8 : 0);

        *p++ = alphabet[v >> 18];
        *p++ = alphabet[v >> 12 & 63];
        *p++ = two ? alphabet[v >> 6 & 63] : '=';
        *p++ = '=';
    }
    out->n += (b.n + 2) / 3 * 4;
}
