/* time.ParseDuration: a sign, then number-unit pairs; a bare 0 needs no unit. */
#include "worker/pipeline/duration.h"

static const struct {
    const char *unit;
    double ms;
} units[] = {
    {"ns", 1e-6}, {"us", 1e-3}, {"\xc2\xb5s", 1e-3}, {"\xce\xbcs", 1e-3},
    {"ms", 1},    {"s", 1e3},   {"m", 6e4},          {"h", 3.6e6},
};

static bool digit(struct str s)
{
    return s.n && s.p[0] >= '0' && s.p[0] <= '9';
}

static void skip(struct str *s, size_t n)
{
    s->p += n;
    s->n -= n;
}

/* "12.5" off the front; false: no digit at all. */
static bool number(struct str *s, double *v)
{
    bool any = false;
    *v = 0;
    for (; digit(*s); skip(s, 1), any = true)
        *v = *v * 10 + (s->p[0] - '0');
    if (s->n == 0 || s->p[0] != '.')
        return any;
    skip(s, 1);
    for (double at = 0.1; digit(*s); skip(s, 1), at /= 10, any = true)
        *v += at * (s->p[0] - '0');
    return any;
}

static const char *invalid(struct arena *a, struct str all)
{
    return arena_printf(a, "time: invalid duration \"%.*s\"", STR_ARG(all));
}

const char *duration_parse(struct arena *a, struct str s, int64_t *ms)
{
    struct str all = s;
    double sum = 0, sign = 1;
    if (s.n && (s.p[0] == '-' || s.p[0] == '+')) {
        sign = s.p[0] == '-' ? -1 : 1;
        skip(&s, 1);
    }
    *ms = 0;
    if (str_is(s, "0"))
        return NULL;
    if (s.n == 0)
        return invalid(a, all);
    while (s.n) {
        double v;
        if (!number(&s, &v))
            return invalid(a, all);
        size_t n = 0, i = 0;
        while (n < s.n && s.p[n] != '.' && !(s.p[n] >= '0' && s.p[n] <= '9'))
            n++;
        struct str unit = {s.p, n};
        if (n == 0)
            return arena_printf(a, "time: missing unit in duration \"%.*s\"", STR_ARG(all));
        while (i < sizeof(units) / sizeof(units[0]) && !str_is(unit, units[i].unit))
            i++;
        if (i == sizeof(units) / sizeof(units[0]))
            return arena_printf(a, "time: unknown unit \"%.*s\" in duration \"%.*s\"", STR_ARG(unit),
                                STR_ARG(all));
        sum += v * units[i].ms;
        skip(&s, n);
    }
    if (sum > 9.2e12)
        return invalid(a, all);
    *ms = (int64_t)(sign * (sum + 0.999999));
    return NULL;
}
