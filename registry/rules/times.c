/* A time that can't be read is answered with Go's own description of the spot, so the reader follows the
 * layout element by element, as Go's does. */
#include "registry/rules/times.h"

#include <limits.h>
#include <stdlib.h>
#include "registry/rules/text.h"
#include "shm/base/buf.h"
#include "shm/base/clock.h"

#define LAYOUT "2006-01-02T15:04:05Z07:00"
#define LAYOUT_MICRO "2006-01-02T15:04:05.000000Z07:00"
#define ZERO_TIME_US (-62135596800000000ll) /* 0001-01-01T00:00:00Z */

struct reading {
    struct arena *arena;
    struct str all, rest;
    const char *layout;
    const char *err;
};

static bool bad(struct reading *r, const char *element)
{
    r->err = arena_printf(r->arena, "parsing time %s as \"%s\": cannot parse %s as \"%s\"",
                          text_quoted(r->arena, r->all), r->layout, text_quoted(r->arena, r->rest), element);
    return false;
}

static bool out_of_range(struct reading *r, const char *what)
{
    r->err = arena_printf(r->arena, "parsing time %s: %s out of range", text_quoted(r->arena, r->all), what);
    return false;
}

static void advance(struct reading *r, size_t n)
{
    r->rest = (struct str){r->rest.p + n, r->rest.n - n};
}

static bool digits(struct reading *r, const char *element, size_t n, int *out)
{
    int v = 0;

    if (r->rest.n < n)
        return bad(r, element);
    for (size_t i = 0; i < n; i++) {
        if (r->rest.p[i] < '0' || r->rest.p[i] > '9')
            return bad(r, element);
        v = v * 10 + (r->rest.p[i] - '0');
    }
    advance(r, n);
    *out = v;
    return true;
}

static bool literal(struct reading *r, const char *c)
{
    if (r->rest.n == 0 || *r->rest.p != *c)
        return bad(r, c);
    advance(r, 1);
    return true;
}

static bool zone(struct reading *r)
{
    const char *p = r->rest.p;

    if (r->rest.n >= 1 && *p == 'Z') {
        advance(r, 1);
    } else {
        if (r->rest.n < 6 || (p[0] != '+' && p[0] != '-') || p[3] != ':')
            return bad(r, "Z07:00");
        for (int i = 1; i < 6; i++) {
            if (i != 3 && (p[i] < '0' || p[i] > '9'))
                return bad(r, "Z07:00");
        }
        if ((p[1] - '0') * 10 + p[2] - '0' > 24)
            return out_of_range(r, "time zone offset hour");
        if ((p[4] - '0') * 10 + p[5] - '0' > 60)
            return out_of_range(r, "time zone offset minute");
        advance(r, 6);
    }
    if (r->rest.n == 0)
        return true;
    r->err = arena_printf(r->arena, "parsing time %s: extra text: %s", text_quoted(r->arena, r->all),
                          text_quoted(r->arena, r->rest));
    return false;
}

static bool fraction(struct reading *r, bool micro)
{
    size_t n = 1;

    if (micro) {
        if (r->rest.n < 7 || (r->rest.p[0] != '.' && r->rest.p[0] != ','))
            return bad(r, ".000000");
        for (n = 1; n < 7; n++) {
            if (r->rest.p[n] < '0' || r->rest.p[n] > '9')
                return bad(r, ".000000");
        }
        advance(r, 7);
        return true;
    }
    if (r->rest.n < 2 || (r->rest.p[0] != '.' && r->rest.p[0] != ','))
        return true;
    while (n < r->rest.n && r->rest.p[n] >= '0' && r->rest.p[n] <= '9')
        n++;
    if (n > 1)
        advance(r, n);
    return true;
}

static bool check(struct reading *r, bool micro)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 0, month = 0, day = 0, v = 0;

    if (!digits(r, "2006", 4, &year) || !literal(r, "-") || !digits(r, "01", 2, &month))
        return false;
    if (month < 1 || month > 12)
        return out_of_range(r, "month");
    if (!literal(r, "-") || !digits(r, "02", 2, &day) || !literal(r, "T") || !digits(r, "15", 2, &v))
        return false;
    if (v > 23)
        return out_of_range(r, "hour");
    if (!literal(r, ":") || !digits(r, "04", 2, &v))
        return false;
    if (v > 59)
        return out_of_range(r, "minute");
    if (!literal(r, ":") || !digits(r, "05", 2, &v))
        return false;
    if (v > 59)
        return out_of_range(r, "second");
    if (!fraction(r, micro) || !zone(r))
        return false;
    v = month_days[month - 1];
    if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
        v = 29;
    return day >= 1 && day <= v ? true : out_of_range(r, "day");
}

const char *time_normalize(struct arena *a, struct str s, bool micro, const char **err)
{
    struct reading r = {.arena = a, .all = s, .rest = s, .layout = micro ? LAYOUT_MICRO : LAYOUT};
    char *out = arena_alloc(a, 28), *comma;
    int64_t us;

    if (!check(&r, micro)) {
        *err = r.err;
        return NULL;
    }
    s = arena_str(a, s);
    comma = memchr(s.p, ',', s.n);
    if (comma)
        *comma = '.';
    if (clock_parse_rfc3339(s.p, s.n, &us) != 0) {
        *err = arena_printf(a, "parsing time %s: out of range", text_quoted(a, s));
        return NULL;
    }
    if (us == ZERO_TIME_US)
        return "";
    if (micro)
        clock_rfc3339_micro(us, out);
    else
        clock_rfc3339(us >= 0 || us % 1000000 == 0 ? us / 1000000 : us / 1000000 - 1, out);
    return out;
}

static const struct {
    const char *text;
    int64_t ns;
} units[] = {
    {"ns", 1},       {"us", 1000},      {"\xc2\xb5s", 1000},      {"\xce\xbcs", 1000},
    {"ms", 1000000}, {"s", 1000000000}, {"m", 60 * 1000000000ll}, {"h", 3600 * 1000000000ll},
};

static bool is_digit(struct str s)
{
    return s.n && *s.p >= '0' && *s.p <= '9';
}

/* One "1.5h" off *s; its nanoseconds. NULL, or what is wrong with it. */
static const char *take_part(struct arena *a, struct str *s, struct str whole, int64_t *ns)
{
    const char *quoted = text_quoted(a, whole);
    int64_t v = 0, part = 0;
    double scale = 1;
    struct str unit;
    bool any = false;

    for (; is_digit(*s); *s = (struct str){s->p + 1, s->n - 1}, any = true) {
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *s->p - '0', &v))
            return arena_printf(a, "time: invalid duration %s", quoted);
    }
    if (s->n && *s->p == '.') {
        *s = (struct str){s->p + 1, s->n - 1};
        for (; is_digit(*s); *s = (struct str){s->p + 1, s->n - 1}, any = true) {
            if (part >= INT64_MAX / 10 - 1)
                continue; /* finer than a nanosecond of any unit */
            part = part * 10 + (*s->p - '0');
            scale *= 10;
        }
    }
    if (!any)
        return arena_printf(a, "time: invalid duration %s", quoted);
    unit = (struct str){s->p, 0};
    while (unit.n < s->n && unit.p[unit.n] != '.' && !(unit.p[unit.n] >= '0' && unit.p[unit.n] <= '9'))
        unit.n++;
    if (unit.n == 0)
        return arena_printf(a, "time: missing unit in duration %s", quoted);
    *s = (struct str){s->p + unit.n, s->n - unit.n};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (!str_is(unit, units[i].text))
            continue;
        if (__builtin_mul_overflow(v, units[i].ns, &v) ||
            __builtin_add_overflow(v, (int64_t)((double)part * ((double)units[i].ns / scale)), ns))
            return arena_printf(a, "time: invalid duration %s", quoted);
        return NULL;
    }
    return arena_printf(a, "time: unknown unit %s in duration %s", text_quoted(a, unit), quoted);
}

/* v in units of `unit`, up to nine digits of fraction without trailing zeros. */
static void put_fraction(struct buf *out, uint64_t v, uint64_t unit)
{
    uint64_t rest = v % unit;

    buf_printf(out, "%llu", (unsigned long long)(v / unit));
    if (!rest)
        return;
    buf_putc(out, '.');
    while (rest) {
        rest *= 10;
        buf_putc(out, (char)('0' + rest / unit));
        rest %= unit;
    }
}

static void put_duration(struct buf *out, int64_t ns)
{
    uint64_t v = ns < 0 ? -(uint64_t)ns : (uint64_t)ns, seconds = v / 1000000000;

    if (ns < 0)
        buf_putc(out, '-');
    if (v < 1000000000) {
        if (v == 0) {
            buf_puts(out, "0s");
            return;
        }
        put_fraction(out, v, v < 1000 ? 1 : v < 1000000 ? 1000 : 1000000);
        buf_puts(out, v < 1000 ? "ns" : v < 1000000 ? "\xc2\xb5s" : "ms");
        return;
    }
    if (seconds >= 3600)
        buf_printf(out, "%lluh", (unsigned long long)(seconds / 3600));
    if (seconds >= 60)
        buf_printf(out, "%llum", (unsigned long long)(seconds / 60 % 60));
    put_fraction(out, v % (60ull * 1000000000), 1000000000);
    buf_putc(out, 's');
}

/* Returns what is wrong, or NULL. */
static const char *read_duration(struct arena *a, struct str whole, int64_t *ns)
{
    struct str s = whole;
    const char *err;
    int64_t total = 0;
    bool negative = false;

    if (s.n && (*s.p == '-' || *s.p == '+')) {
        negative = *s.p == '-';
        s = (struct str){s.p + 1, s.n - 1};
    }
    err = s.n ? NULL : arena_printf(a, "time: invalid duration %s", text_quoted(a, whole));
    while (!err && s.n && !(total == 0 && str_is(s, "0"))) {
        int64_t part = 0;

        err = take_part(a, &s, whole, &part);
        if (!err && __builtin_add_overflow(total, part, &total))
            err = arena_printf(a, "time: invalid duration %s", text_quoted(a, whole));
    }
    *ns = negative ? -total : total;
    return err;
}

const char *duration_normalize(struct arena *a, struct str whole, const char **err)
{
    struct buf b = {0};
    const char *out;
    int64_t ns;

    *err = read_duration(a, whole, &ns);
    if (*err)
        return NULL;
    put_duration(&b, ns);
    out = arena_cstr(a, buf_view(&b));
    buf_free(&b);
    return out;
}

int64_t duration_ns(struct arena *a, struct str s)
{
    int64_t ns;

    return s.n == 0 || read_duration(a, s, &ns) ? 0 : ns;
}
