/* Quantities have no upper bound in the API and round up at a billionth, so they are kept as decimal digits
 * and a scale: exact, and long ones cost no more than their length. */
#include "registry/rules/quantities.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 1024 /* longer numbers are refused */
#define DIGITS_MAX (TEXT_MAX + 32)
#define NANO (-9)
#define INT64_DIGITS 18 /* that many always fit */

enum format { DECIMAL_SI, BINARY_SI, DECIMAL_EXPONENT };

static const char err_format[] = "quantities must match the regular expression "
                                 "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
static const char err_numeric[] = "unable to parse numeric part of quantity";
static const char err_suffix[] = "unable to parse quantity's suffix";

/* value = digits * 10^scale, most significant digit first, no leading zeros; n 0: zero. */
struct amount {
    unsigned char d[DIGITS_MAX];
    int n;
    int64_t scale;
    bool negative;
    enum format format;
};

struct pieces {
    bool negative;
    struct str num, denom, suffix;
};

static const struct {
    const char *text;
    int exponent;
    enum format format;
} suffixes[] = {
    {"n", -9, DECIMAL_SI}, {"u", -6, DECIMAL_SI}, {"m", -3, DECIMAL_SI}, {"", 0, DECIMAL_SI},
    {"k", 3, DECIMAL_SI},  {"M", 6, DECIMAL_SI},  {"G", 9, DECIMAL_SI},  {"T", 12, DECIMAL_SI},
    {"P", 15, DECIMAL_SI}, {"E", 18, DECIMAL_SI}, {"Ki", 10, BINARY_SI}, {"Mi", 20, BINARY_SI},
    {"Gi", 30, BINARY_SI}, {"Ti", 40, BINARY_SI}, {"Pi", 50, BINARY_SI}, {"Ei", 60, BINARY_SI},
};
#define NSUFFIXES (sizeof(suffixes) / sizeof(suffixes[0]))

static struct str take_digits(struct str s, size_t *at)
{
    size_t from = *at;

    while (*at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9')
        (*at)++;
    return (struct str){s.p + from, *at - from};
}

/* false: the shape is wrong. */
static bool split(struct str s, struct pieces *out)
{
    size_t at = 0, from;

    *out = (struct pieces){.num = STR("0")};
    if (at < s.n && (s.p[at] == '-' || s.p[at] == '+'))
        out->negative = s.p[at++] == '-';
    while (at < s.n && s.p[at] == '0')
        at++;
    if (at == s.n)
        return true;
    out->num = take_digits(s, &at);
    if (out->num.n == 0)
        out->num = STR("0");
    if (at < s.n && s.p[at] == '.') {
        at++;
        out->denom = take_digits(s, &at);
    }
    from = at;
    while (at < s.n && s.p[at] && strchr("eEinumkKMGTP", s.p[at]))
        at++;
    if (at < s.n && (s.p[at] == '-' || s.p[at] == '+'))
        at++;
    take_digits(s, &at);
    out->suffix = (struct str){s.p + from, at - from};
    return at == s.n;
}

static bool interpret(struct str suffix, int *exponent, enum format *format)
{
    struct str number;
    int64_t e;

    for (size_t i = 0; i < NSUFFIXES; i++) {
        if (str_is(suffix, suffixes[i].text)) {
            *exponent = suffixes[i].exponent;
            *format = suffixes[i].format;
            return true;
        }
    }
    if (suffix.n < 2 || (suffix.p[0] != 'e' && suffix.p[0] != 'E'))
        return false;
    number = (struct str){suffix.p + 1, suffix.n - 1};
    if (number.p[0] == '+')
        number = (struct str){number.p + 1, number.n - 1};
    if (str_to_int64(number, &e) != 0)
        return false;
    *exponent = (int)(int32_t)e;
    *format = DECIMAL_EXPONENT;
    return true;
}

static const char *suffix_text(int64_t exponent, enum format format)
{
    for (size_t i = 0; i < NSUFFIXES; i++) {
        if (suffixes[i].exponent == exponent && suffixes[i].format == format)
            return suffixes[i].text;
    }
    return "";
}

static void trim(struct amount *a)
{
    int lead = 0;

    while (lead < a->n && a->d[lead] == 0)
        lead++;
    memmove(a->d, a->d + lead, (size_t)(a->n - lead));
    a->n -= lead;
    while (a->n > 0 && a->d[a->n - 1] == 0) {
        a->n--;
        a->scale++;
    }
    if (a->n == 0)
        a->scale = 0;
}

static void increment(struct amount *a)
{
    for (int i = a->n - 1; i >= 0; i--) {
        if (++a->d[i] < 10)
            return;
        a->d[i] = 0;
    }
    memmove(a->d + 1, a->d, (size_t)a->n);
    a->d[0] = 1;
    a->n++;
}

/* Away from zero to a multiple of 10^scale. Returns whether something was lost. */
static bool round_up(struct amount *a, int64_t scale)
{
    int64_t drop = scale - a->scale;

    if (drop <= 0 || a->n == 0)
        return false;
    a->n = drop >= a->n ? 0 : a->n - (int)drop; /* trimmed: what goes is not zero */
    a->scale = scale;
    increment(a);
    trim(a);
    return true;
}

static void times_1024(struct amount *a)
{
    int carry = 0, n;
    unsigned char top[8];

    for (int i = a->n - 1; i >= 0; i--) {
        int v = a->d[i] * 1024 + carry;

        a->d[i] = (unsigned char)(v % 10);
        carry = v / 10;
    }
    for (n = 0; carry; carry /= 10)
        top[n++] = (unsigned char)(carry % 10);
    memmove(a->d + n, a->d, (size_t)a->n);
    for (int i = 0; i < n; i++)
        a->d[i] = top[n - 1 - i];
    a->n += n;
}

/* Integer digits (scale 0) divided by 1024 if that leaves no remainder. */
static bool over_1024(struct amount *a)
{
    unsigned char q[DIGITS_MAX];
    int rest = 0, n = 0;

    for (int i = 0; i < a->n; i++) {
        rest = rest * 10 + a->d[i];
        if (n || rest >= 1024)
            q[n++] = (unsigned char)(rest / 1024);
        rest %= 1024;
    }
    if (rest || n == 0)
        return false;
    memcpy(a->d, q, (size_t)n);
    a->n = n;
    return true;
}

/* Trailing zeros written out so that scale becomes `scale`; false if that needs too many digits. */
static bool expand(struct amount *a, int64_t scale)
{
    int64_t more = a->scale - scale;

    if (more < 0 || a->n + more > DIGITS_MAX - 16)
        return false;
    memset(a->d + a->n, 0, (size_t)more);
    a->n += (int)more;
    a->scale = scale;
    return true;
}

static int cmp_magnitude(const struct amount *a, const struct amount *b)
{
    int64_t ea = a->n + a->scale, eb = b->n + b->scale;

    if (a->n == 0 || b->n == 0)
        return (a->n != 0) - (b->n != 0);
    if (ea != eb)
        return ea < eb ? -1 : 1;
    for (int i = 0; i < a->n || i < b->n; i++) {
        int da = i < a->n ? a->d[i] : 0, db = i < b->n ? b->d[i] : 0;

        if (da != db)
            return da - db;
    }
    return 0;
}

static void from_text(struct amount *a, struct str digits)
{
    a->n = 0;
    a->scale = 0;
    for (size_t i = 0; i < digits.n; i++)
        a->d[a->n++] = (unsigned char)(digits.p[i] - '0');
    trim(a);
}

/* Whether the reference keeps the text as it came instead of formatting the number again. digits: those on
 * both sides of the point. */
static bool kept_as_is(const struct pieces *p, struct str digits, int exponent, enum format format)
{
    int64_t scale, value;

    if (format == BINARY_SI) {
        if (p->denom.n || (int)p->num.n > 14 - exponent * 3 / 10)
            return false;
        return str_to_int64(p->num, &value) == 0 && (value & 7) != 0;
    }
    scale = (int64_t)exponent - (int64_t)p->denom.n;
    if (digits.n > INT64_DIGITS || scale < NANO || scale % 3 != 0 || digits.p[0] == '0')
        return false;
    return !str_ends(digits, STR("000"));
}

/* Parses s into *a; *as_is: s is canonical. NULL, or the message. */
static const char *parse(struct str s, struct amount *a, bool *as_is)
{
    static const struct amount int64_max = {.d = {9, 2, 2, 3, 3, 7, 2, 0, 3, 6, 8, 5, 4, 7, 7, 5, 8, 0, 7},
                                            .n = 19};
    static const struct amount one = {.d = {1}, .n = 1};
    struct pieces p;
    char text[TEXT_MAX + 1];
    struct str digits;
    int exponent;

    *as_is = false;
    a->n = 0;
    a->scale = 0;
    if (s.n == 0)
        return err_format;
    if (s.n > TEXT_MAX)
        return err_numeric;
    if (!split(s, &p))
        return err_format;
    if (!interpret(p.suffix, &exponent, &a->format))
        return err_suffix;
    memcpy(text, p.num.p, p.num.n);
    if (p.denom.n)
        memcpy(text + p.num.n, p.denom.p, p.denom.n);
    digits = (struct str){text, p.num.n + p.denom.n};
    *as_is = kept_as_is(&p, digits, exponent, a->format);
    from_text(a, digits);
    a->negative = p.negative && a->n;
    if (a->n == 0)
        return NULL;
    a->scale -= (int64_t)p.denom.n;
    if (a->format != BINARY_SI) {
        a->scale += exponent;
        round_up(a, NANO);
        return NULL;
    }
    for (int i = 0; i < exponent; i += 10)
        times_1024(a);
    trim(a);
    round_up(a, NANO);
    if (cmp_magnitude(a, &int64_max) > 0) {
        memcpy(a->d, int64_max.d, (size_t)int64_max.n);
        a->n = int64_max.n;
        a->scale = 0;
    }
    if (cmp_magnitude(a, &one) < 0)
        a->format = DECIMAL_SI;
    return NULL;
}

static const char *print(struct arena *ar, const struct amount *a, const char *suffix)
{
    char *out = arena_raw(ar, (size_t)a->n + 2 + strlen(suffix));
    int at = 0;

    if (a->negative)
        out[at++] = '-';
    for (int i = 0; i < a->n; i++)
        out[at++] = (char)('0' + a->d[i]);
    strcpy(out + at, suffix);
    return out;
}

static const char *print_decimal(struct arena *ar, struct amount *a)
{
    int64_t scale = a->scale;

    while (scale % 3 != 0)
        scale--;
    if (!expand(a, scale))
        return "0";
    if (a->format == DECIMAL_EXPONENT)
        return print(ar, a, scale ? arena_printf(ar, "e%lld", (long long)scale) : "");
    return print(ar, a, suffix_text(scale, DECIMAL_SI));
}

static const char *print_binary(struct arena *ar, struct amount *a)
{
    int times = 0;

    if (!expand(a, 0))
        return "0";
    while (over_1024(a))
        times++;
    return print(ar, a, suffix_text(times * 10, BINARY_SI));
}

const char *quantity_canonical(struct arena *ar, struct str s, const char **err)
{
    static const struct amount kibi = {.d = {1, 0, 2, 4}, .n = 4};
    struct amount a;
    bool as_is;

    while (s.n && strchr(" \t\n\v\f\r", s.p[0]) && s.p[0])
        s = (struct str){s.p + 1, s.n - 1};
    while (s.n && strchr(" \t\n\v\f\r", s.p[s.n - 1]) && s.p[s.n - 1])
        s.n--;
    *err = parse(s, &a, &as_is);
    if (*err)
        return NULL;
    if (as_is)
        return arena_cstr(ar, s);
    if (a.n == 0)
        return "0";
    if (a.format == BINARY_SI && (cmp_magnitude(&a, &kibi) < 0 || a.scale < 0))
        a.format = DECIMAL_SI;
    return a.format == BINARY_SI ? print_binary(ar, &a) : print_decimal(ar, &a);
}

int quantity_cmp(struct str x, struct str y)
{
    struct amount a, b;
    bool as_is;

    if (parse(x, &a, &as_is))
        a.n = 0;
    if (parse(y, &b, &as_is))
        b.n = 0;
    if (a.n == 0)
        a.negative = false;
    if (b.n == 0)
        b.negative = false;
    if (a.negative != b.negative)
        return a.negative ? -1 : 1;
    return a.negative ? cmp_magnitude(&b, &a) : cmp_magnitude(&a, &b);
}

static int64_t scaled(struct str s, int64_t scale)
{
    struct amount a;
    bool as_is;
    int64_t v = 0;

    if (parse(s, &a, &as_is) || a.n == 0)
        return 0;
    round_up(&a, scale);
    if (a.n + (a.scale - scale) > 19 || !expand(&a, scale))
        return a.negative ? INT64_MIN : INT64_MAX;
    for (int i = 0; i < a.n; i++) {
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, a.d[i], &v))
            return a.negative ? INT64_MIN : INT64_MAX;
    }
    return a.negative ? -v : v;
}

int64_t quantity_value(struct str s)
{
    return scaled(s, 0);
}

int64_t quantity_milli(struct str s)
{
    return scaled(s, -3);
}
