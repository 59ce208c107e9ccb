/* Both lists are gone through once. */
#include "registry/validation/indexes.h"

#include "registry/rules/text.h"

/* strconv.Atoi takes a plus. */
static bool number(struct str s, int64_t *out)
{
    if (s.n > 1 && s.p[0] == '+' && s.p[1] != '-')
        s = (struct str){s.p + 1, s.n - 1};
    return str_to_int64(s, out) == 0;
}

/* a NULL: the message does not matter, any text will do. */
static const char *bound(struct arena *a, struct str s, int64_t completions, int64_t *out)
{
    if (!number(s, out))
        return a ? arena_printf(a, "cannot convert string to integer for index: %s", text_quoted(a, s)) : "";
    if (*out >= completions)
        return a ? arena_printf(a, "too large index: %s", text_quoted(a, s)) : "";
    return NULL;
}

static const char *interval(struct arena *a, struct str s, int64_t completions, int64_t *x, int64_t *y)
{
    struct str rest = s, first, second, third;
    const char *err;
    bool has_second;

    str_next(&rest, '-', &first);
    has_second = str_next(&rest, '-', &second);
    if (has_second && str_next(&rest, '-', &third))
        return a ? arena_printf(
                       a,
                       "the fragment %s violates the requirement that an index interval can have at most two "
                       "parts separated by '-'",
                       text_quoted(a, s))
                 : "";
    if ((err = bound(a, first, completions, x)))
        return err;
    *y = *x;
    if (!has_second)
        return NULL;
    if ((err = bound(a, second, completions, y)))
        return err;
    if (*x >= *y)
        return a ? arena_printf(a, "non-increasing order, previous: %lld, current: %lld", (long long)*x,
                                (long long)*y)
                 : "";
    return NULL;
}

const char *indexes_error(struct arena *a, struct str text, int64_t completions, int64_t *total)
{
    int64_t last = 0, x, y;
    bool first = true;
    struct str part;

    *total = 0;
    if (!text.n)
        return NULL;
    while (str_next(&text, ',', &part)) {
        const char *err = interval(a, part, completions, &x, &y);

        if (!err && !first && last >= x)
            err = arena_printf(a, "non-increasing order, previous: %lld, current: %lld", (long long)last,
                               (long long)x);
        if (err) {
            *total = 0;
            return err;
        }
        *total += y - x + 1;
        last = y;
        first = false;
    }
    return NULL;
}

/* The next interval; false at the end. */
static bool next(struct str *rest, int64_t completions, int64_t *x, int64_t *y)
{
    struct str part;

    while (str_next(rest, ',', &part)) {
        if (!interval(NULL, part, completions, x, y))
            return true;
    }
    return false;
}

int64_t indexes_overlap(struct str completed, struct str failed, int64_t completions)
{
    int64_t cx, cy, fx, fy;
    bool more;

    if (!completed.n || !failed.n)
        return -1;
    more = next(&completed, completions, &cx, &cy) && next(&failed, completions, &fx, &fy);
    while (more) {
        if (cx <= fy && fx <= cy)
            return cx > fx ? cx : fx;
        more = cx <= fx ? next(&completed, completions, &cx, &cy) : next(&failed, completions, &fx, &fy);
    }
    return -1;
}
