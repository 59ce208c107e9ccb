/* Read by hand: what the C library takes and how it writes is not what the API does. */
#include "registry/rules/addresses.h"

#include "shm/base/buf.h"

#define NUMBER_MAX 0xffffff

/* Digits in front of *s, which moves on; the number of them, 0 for none or too big a number. */
static size_t number(struct str *s, unsigned base, unsigned *value)
{
    size_t n = 0;

    for (*value = 0; n < s->n; n++) {
        char c = s->p[n];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 99;

        if (digit >= base)
            break;
        *value = *value * base + digit;
        if (*value >= NUMBER_MAX)
            return 0;
    }
    s->p += n;
    s->n -= n;
    return n;
}

static bool take(struct str *s, char c)
{
    if (!s->n || *s->p != c)
        return false;
    s->p++;
    s->n--;
    return true;
}

static bool parse_four(struct str s, unsigned char out[4], bool *loose)
{
    for (int i = 0; i < 4; i++) {
        bool zero;
        unsigned value;
        size_t n;

        if (i && !take(&s, '.'))
            return false;
        zero = s.n && *s.p == '0';
        n = number(&s, 10, &value);
        if (n == 0 || value > 255)
            return false;
        *loose |= zero && n > 1;
        out[i] = (unsigned char)value;
    }
    return s.n == 0;
}

/* Where "::" stood gets the zeros that are missing. */
static bool expand(unsigned char b[16], int have, int gap)
{
    if (have == 16)
        return gap < 0;
    if (gap < 0)
        return false;
    memmove(b + gap + (16 - have), b + gap, (size_t)(have - gap));
    memset(b + gap, 0, (size_t)(16 - have));
    return true;
}

static bool parse_six(struct str s, struct address *out)
{
    int have = 0, gap = -1;

    if (s.n >= 2 && s.p[0] == ':' && s.p[1] == ':') {
        gap = 0;
        s.p += 2;
        s.n -= 2;
    }
    while (have < 16 && !(gap == 0 && have == 0 && s.n == 0)) {
        struct str from = s;
        unsigned value;
        size_t n = number(&s, 16, &value);

        if (n == 0 || value > 0xffff)
            return false;
        if (s.n && *s.p == '.') {
            if ((gap < 0 && have != 12) || have + 4 > 16 || !parse_four(from, out->bytes + have, &out->loose))
                return false;
            have += 4;
            s.n = 0;
            break;
        }
        out->loose |= n > 4;
        out->bytes[have++] = (unsigned char)(value >> 8);
        out->bytes[have++] = (unsigned char)value;
        if (s.n == 0)
            break;
        if (!take(&s, ':') || s.n == 0)
            return false;
        if (take(&s, ':')) {
            if (gap >= 0)
                return false;
            gap = have;
            if (s.n == 0)
                break;
        }
    }
    return s.n == 0 && expand(out->bytes, have, gap);
}

static const unsigned char FOUR_IN_SIX[12] = {[10] = 0xff, [11] = 0xff};

bool address_parse(struct str text, struct address *out)
{
    ptrdiff_t dot = str_find(text, '.'), colon = str_find(text, ':');

    *out = (struct address){0};
    if (dot >= 0 && (colon < 0 || dot < colon)) {
        memcpy(out->bytes, FOUR_IN_SIX, sizeof(FOUR_IN_SIX));
        out->four = true;
        return parse_four(text, out->bytes + 12, &out->loose);
    }
    if (colon < 0 || !parse_six(text, out))
        return false;
    out->four = out->mapped = memcmp(out->bytes, FOUR_IN_SIX, sizeof(FOUR_IN_SIX)) == 0;
    return true;
}

static unsigned group(const struct address *ip, int i)
{
    return (unsigned)ip->bytes[2 * i] << 8 | ip->bytes[2 * i + 1];
}

/* The longest run of zero groups, the first of equals; at least two. */
static int longest_gap(const struct address *ip, int *length)
{
    int best = -1;

    *length = 1;
    for (int i = 0; i < 8; i++) {
        int n = 0;

        while (i + n < 8 && group(ip, i + n) == 0)
            n++;
        if (n > *length) {
            best = i;
            *length = n;
        }
        i += n;
    }
    return best;
}

const char *address_text(struct arena *a, const struct address *ip)
{
    struct buf out = {0};
    const char *text;
    int length, gap;

    if (ip->four)
        return arena_printf(a, "%u.%u.%u.%u", ip->bytes[12], ip->bytes[13], ip->bytes[14], ip->bytes[15]);
    gap = longest_gap(ip, &length);
    for (int i = 0; i < 8; i++) {
        if (i == gap) {
            buf_puts(&out, "::");
            i += length - 1;
            continue;
        }
        buf_printf(&out, "%s%x", i && i != gap + length ? ":" : "", group(ip, i));
    }
    text = arena_cstr(a, buf_view(&out));
    buf_free(&out);
    return text;
}

static int ranges_of_four(const unsigned char b[4])
{
    return (!b[0] && !b[1] && !b[2] && !b[3] ? ADDRESS_UNSPECIFIED : 0) |
           (b[0] == 127 ? ADDRESS_LOOPBACK : 0) | (b[0] == 169 && b[1] == 254 ? ADDRESS_LINK_LOCAL : 0) |
           (b[0] == 224 && !b[1] && !b[2] ? ADDRESS_LINK_LOCAL_MULTICAST : 0);
}

int address_ranges(const struct address *ip)
{
    static const unsigned char ZERO[16];
    const unsigned char *b = ip->bytes;

    if (ip->four)
        return ranges_of_four(b + 12);
    if (memcmp(b, ZERO, 15) == 0 && b[15] <= 1)
        return b[15] ? ADDRESS_LOOPBACK : ADDRESS_UNSPECIFIED;
    return (b[0] == 0xfe && (b[1] & 0xc0) == 0x80 ? ADDRESS_LINK_LOCAL : 0) |
           (b[0] == 0xff && (b[1] & 0x0f) == 0x02 ? ADDRESS_LINK_LOCAL_MULTICAST : 0);
}

/* Bytes of the address with the bits behind the prefix cleared. */
static void network(const struct cidr *range, int bits, unsigned char out[16])
{
    int from = bits + 128 - range->max_bits;

    memcpy(out, range->ip.bytes, 16);
    for (int i = 0; i < 16; i++) {
        int keep = from - 8 * i;

        if (keep <= 0)
            out[i] = 0;
        else if (keep < 8)
            out[i] = (unsigned char)(out[i] & 0xff << (8 - keep));
    }
}

bool cidr_parse(struct str text, struct cidr *out)
{
    ptrdiff_t slash = str_find(text, '/');
    struct str length;
    unsigned char net[16];
    unsigned bits;
    size_t n;

    *out = (struct cidr){0};
    if (slash < 0 || !address_parse((struct str){text.p, (size_t)slash}, &out->ip))
        return false;
    length = (struct str){text.p + slash + 1, text.n - (size_t)slash - 1};
    out->loose = out->ip.loose || (length.n > 1 && *length.p == '0');
    out->max_bits = out->ip.four && !out->ip.mapped ? 32 : 128;
    n = number(&length, 10, &bits);
    if (n == 0 || length.n || (int)bits > out->max_bits)
        return false;
    out->bits = (int)bits;
    network(out, out->bits, net);
    out->host_bits = memcmp(net, out->ip.bytes, 16) != 0;
    return true;
}

const char *cidr_text(struct arena *a, const struct cidr *range)
{
    struct address ip = range->ip;

    network(range, range->bits, ip.bytes);
    return arena_printf(a, "%s/%d", address_text(a, &ip),
                        ip.mapped && range->bits >= 96 ? range->bits - 96 : range->bits);
}

bool cidr_is_strict_part(const struct cidr *whole, const struct cidr *part)
{
    unsigned char a[16], b[16];

    if (whole->ip.four != part->ip.four || whole->bits >= part->bits)
        return false;
    network(whole, whole->bits, a);
    network(part, whole->bits + part->max_bits - whole->max_bits, b);
    return memcmp(a, b, 16) == 0;
}
