/* One walk from left to right. Of what was read so far only this is kept for each open group: whether there
 * is something to repeat, and how many times what is in it is repeated at the most. */
#include "registry/rules/regexp.h"

#include <ctype.h>
#include "registry/rules/text.h"

#define DEPTH_MAX 1000
#define REPEAT_MAX 1000

struct group {
    bool has_arg; /* what a repetition would repeat */
    int times;    /* that argument is repeated */
    int most;     /* of all arguments in this group */
};

struct walk {
    struct arena *a;
    struct str whole, rest;
    struct group *groups;
    int depth;
    const char *repeat; /* where the repetition begins that was just read; NULL: none was */
    const char *err;
};

/* text: from where to what is read. */
static bool fail(struct walk *w, const char *what, const char *from, const char *to)
{
    if (!w->err)
        w->err = arena_printf(w->a, "error parsing regexp: %s: `%.*s`", what, (int)(to - from), from);
    return false;
}

static const char *end_of(const struct walk *w)
{
    return w->whole.p + w->whole.n;
}

static bool starts(const struct walk *w, const char *text)
{
    return str_starts(w->rest, str_of(text));
}

static void skip(struct walk *w, size_t n)
{
    w->rest.p += n;
    w->rest.n -= n;
}

static struct group *here(struct walk *w)
{
    return &w->groups[w->depth];
}

static void set_arg(struct walk *w, int times)
{
    struct group *g = here(w);

    g->has_arg = true;
    g->times = times;
    g->most = times > g->most ? times : g->most;
}

static bool rune(struct walk *w, uint32_t *out)
{
    size_t n = text_rune(w->rest.p, w->rest.n, out);

    if (*out == RUNE_ERROR && n == 1)
        return fail(w, "invalid UTF-8", w->rest.p, end_of(w));
    skip(w, n);
    return true;
}

/* ---- escapes ---- */

static int hex_of(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
                                        : -1;
}

static bool next_hex(struct walk *w, uint32_t *v)
{
    int digit = w->rest.n ? hex_of(*w->rest.p) : -1;

    if (w->rest.n)
        skip(w, 1);
    if (digit < 0)
        return false;
    *v = *v * 16 + (uint32_t)digit;
    return *v <= 0x10ffff;
}

/* After \x. */
static bool hex(struct walk *w, uint32_t *out)
{
    *out = 0;
    if (!starts(w, "{"))
        return next_hex(w, out) && next_hex(w, out);
    skip(w, 1);
    if (starts(w, "}"))
        return skip(w, 1), false;
    while (w->rest.n && *w->rest.p != '}') {
        if (!next_hex(w, out))
            return false;
    }
    if (!w->rest.n)
        return false;
    skip(w, 1);
    return true;
}

static bool octal(struct walk *w, char first, uint32_t *out)
{
    *out = (uint32_t)(first - '0');
    /* one digit alone would refer back to a group, which RE2 does not know */
    if (first != '0' && !(w->rest.n && *w->rest.p >= '0' && *w->rest.p <= '7'))
        return false;
    for (int i = 0; i < 2 && w->rest.n && *w->rest.p >= '0' && *w->rest.p <= '7'; i++) {
        *out = *out * 8 + (uint32_t)(*w->rest.p - '0');
        skip(w, 1);
    }
    return true;
}

static bool plain_escape(struct walk *w, uint32_t c, uint32_t *out)
{
    static const char LETTERS[] = "afnrtv", VALUES[] = "\a\f\n\r\t\v";
    const char *letter = c && c < 128 ? strchr(LETTERS, (int)c) : NULL;

    *out = letter ? (uint32_t)VALUES[letter - LETTERS] : c;
    return letter || (c < 128 && !isalnum((int)c));
}

/* One character, after a backslash. */
static bool escape(struct walk *w, uint32_t *out)
{
    const char *from = w->rest.p;
    uint32_t c;
    bool ok;

    skip(w, 1);
    if (!w->rest.n)
        return fail(w, "trailing backslash at end of expression", from, from);
    if (!rune(w, &c))
        return false;
    ok = c >= '0' && c <= '7' ? octal(w, (char)c, out) : c == 'x' ? hex(w, out) : plain_escape(w, c, out);
    return ok || fail(w, "invalid escape sequence", from, w->rest.p);
}

/* \d \pL \p{Greek}: a set. 1: it was one; 0: it is none; -1: it is wrong. */
static int set_escape(struct walk *w)
{
    const char *from = w->rest.p;
    uint32_t c;
    ptrdiff_t end;

    if (w->rest.n < 2 || *from != '\\')
        return 0;
    if (strchr("dswDSW", from[1])) {
        skip(w, 2);
        return 1;
    }
    if (from[1] != 'p' && from[1] != 'P')
        return 0;
    skip(w, 2);
    if (!w->rest.n)
        return fail(w, "invalid character class range", from, w->rest.p) - 1;
    if (*w->rest.p != '{') {
        if (!rune(w, &c))
            return -1;
        return c < 128 && strchr("CLMNPSZ", (int)c)
                   ? 1
                   : fail(w, "invalid character class range", from, w->rest.p) - 1;
    }
    end = str_find(w->rest, '}');
    if (end < 0)
        return fail(w, "invalid character class range", from, end_of(w)) - 1;
    skip(w, (size_t)end + 1);
    return 1;
}

/* ---- sets ---- */

/* [:alpha:], as above. */
static int named_set(struct walk *w)
{
    static const char *const NAMES[] = {"alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph",
                                        "lower", "print", "punct", "space", "upper", "word",  "xdigit"};
    const char *from = w->rest.p, *end;
    struct str name;

    if (w->rest.n < 3 || !starts(w, "[:"))
        return 0;
    end = memmem(from + 2, w->rest.n - 2, ":]", 2);
    if (!end)
        return 0;
    name = (struct str){from + 2, (size_t)(end - from) - 2};
    if (name.n && *name.p == '^')
        name = (struct str){name.p + 1, name.n - 1};
    skip(w, (size_t)(end + 2 - from));
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (str_is(name, NAMES[i]))
            return 1;
    }
    return fail(w, "invalid character class range", from, w->rest.p) - 1;
}

static bool set_char(struct walk *w, const char *whole_set, uint32_t *out)
{
    if (!w->rest.n)
        return fail(w, "missing closing ]", whole_set, end_of(w));
    return *w->rest.p == '\\' ? escape(w, out) : rune(w, out);
}

static bool set_range(struct walk *w, const char *whole_set)
{
    const char *from = w->rest.p;
    uint32_t low, high;

    if (!set_char(w, whole_set, &low))
        return false;
    if (w->rest.n < 2 || *w->rest.p != '-' || w->rest.p[1] == ']')
        return true;
    skip(w, 1);
    if (!set_char(w, whole_set, &high))
        return false;
    return high >= low || fail(w, "invalid character class range", from, w->rest.p);
}

static bool set(struct walk *w)
{
    const char *whole_set = w->rest.p;
    int special;

    skip(w, 1);
    if (starts(w, "^"))
        skip(w, 1);
    for (bool first = true; first || !starts(w, "]"); first = false) {
        special = named_set(w);
        if (!special)
            special = set_escape(w);
        if (special < 0 || (!special && !set_range(w, whole_set)))
            return false;
    }
    skip(w, 1);
    set_arg(w, 1);
    return true;
}

/* ---- repetitions ---- */

static bool number(struct walk *w, int *out)
{
    size_t n = 0;

    while (n < w->rest.n && isdigit((unsigned char)w->rest.p[n]))
        n++;
    if (!n || (n > 1 && *w->rest.p == '0'))
        return false;
    *out = 0;
    for (size_t i = 0; i < n; i++)
        *out = *out > REPEAT_MAX ? *out : *out * 10 + (w->rest.p[i] - '0');
    skip(w, n);
    return true;
}

/* {2} {2,} {2,3}; else it is a brace like any other, and rest is as before. max -1: without end. */
static bool counted(struct walk *w, int *min, int *max)
{
    struct str before = w->rest;
    bool ok;

    skip(w, 1);
    ok = number(w, min);
    *max = *min;
    if (ok && starts(w, ",")) {
        skip(w, 1);
        *max = -1;
        ok = starts(w, "}") || number(w, max);
    }
    ok = ok && starts(w, "}");
    if (ok)
        skip(w, 1);
    else
        w->rest = before;
    return ok;
}

/* What stands before is repeated so often at the most; from: where the operator begins, of which the count is
 * read. */
static bool repeat(struct walk *w, const char *from, const char *last, int times)
{
    struct group *g = here(w);

    if (starts(w, "?"))
        skip(w, 1);
    if (last)
        return fail(w, "invalid nested repetition operator", last, w->rest.p);
    if (!g->has_arg)
        return fail(w, "missing argument to repetition operator", from, w->rest.p);
    if (times > 1 && times * g->times > REPEAT_MAX)
        return fail(w, "invalid repeat count", from, w->rest.p);
    set_arg(w, times > 1 ? times * g->times : g->times);
    w->repeat = from;
    return true;
}

static bool count(struct walk *w, const char *last)
{
    const char *from = w->rest.p;
    int min = 0, max = 0;

    if (!counted(w, &min, &max)) {
        skip(w, 1);
        set_arg(w, 1);
        return true;
    }
    if (min > REPEAT_MAX || max > REPEAT_MAX || (max >= 0 && min > max))
        return fail(w, "invalid repeat count", from, w->rest.p);
    return repeat(w, from, last, max < 0 ? min : max);
}

/* ---- groups ---- */

static bool open_group(struct walk *w)
{
    if (w->depth == DEPTH_MAX)
        return fail(w, "expression nests too deeply", w->whole.p, end_of(w));
    w->groups[++w->depth] = (struct group){.most = 1};
    return true;
}

static bool close_group(struct walk *w)
{
    int most = here(w)->most;

    if (w->depth == 0)
        return fail(w, "unexpected )", w->whole.p, end_of(w));
    w->depth--;
    skip(w, 1);
    set_arg(w, most);
    return true;
}

static bool named_group(struct walk *w, size_t name_at)
{
    const char *from = w->rest.p;
    ptrdiff_t end = str_find(w->rest, '>');

    if (end < 0)
        return fail(w, "invalid named capture", from, end_of(w));
    for (size_t i = name_at; i < (size_t)end; i++) {
        if (!isalnum((unsigned char)from[i]) && from[i] != '_')
            return fail(w, "invalid named capture", from, from + end + 1);
    }
    if ((size_t)end == name_at)
        return fail(w, "invalid named capture", from, from + end + 1);
    skip(w, (size_t)end + 1);
    return open_group(w);
}

/* (?i) (?i-s:...) */
static bool flags(struct walk *w)
{
    const char *from = w->rest.p;
    bool minus = false, some = false;

    skip(w, 2);
    while (w->rest.n) {
        char c = *w->rest.p;

        skip(w, 1);
        if (strchr("imsU", c)) {
            some = true;
        } else if (c == '-' && !minus) {
            minus = true;
            some = false;
        } else if ((c == ':' || c == ')') && (!minus || some)) {
            return c == ')' || open_group(w);
        } else {
            break;
        }
    }
    return fail(w, "invalid or unsupported Perl syntax", from, w->rest.p);
}

static bool group(struct walk *w)
{
    if (w->rest.n > 4 && starts(w, "(?P<"))
        return named_group(w, 4);
    if (w->rest.n > 3 && starts(w, "(?<"))
        return named_group(w, 3);
    if (starts(w, "(?"))
        return flags(w);
    skip(w, 1);
    return open_group(w);
}

/* ---- all of it ---- */

/* \Q...\E: as it stands. */
static bool quoted(struct walk *w)
{
    const char *end;
    size_t n;
    uint32_t c;

    skip(w, 2);
    end = memmem(w->rest.p, w->rest.n, "\\E", 2);
    n = end ? (size_t)(end - w->rest.p) : w->rest.n;
    for (const char *stop = w->rest.p + n; w->rest.p < stop;) {
        if (!rune(w, &c))
            return false;
        set_arg(w, 1);
    }
    skip(w, end ? 2 : 0);
    return true;
}

static bool backslash(struct walk *w)
{
    uint32_t c;
    int special;

    if (w->rest.n >= 2 && strchr("AbBz", w->rest.p[1])) {
        skip(w, 2);
        set_arg(w, 1);
        return true;
    }
    if (starts(w, "\\Q"))
        return quoted(w);
    if (starts(w, "\\C"))
        return fail(w, "invalid escape sequence", w->rest.p, w->rest.p + 2);
    special = set_escape(w);
    if (special < 0 || (!special && !escape(w, &c)))
        return false;
    set_arg(w, 1);
    return true;
}

static bool step(struct walk *w)
{
    const char *last = w->repeat, *from = w->rest.p;
    uint32_t c;

    w->repeat = NULL;
    switch (*from) {
    case '(':
        return group(w);
    case ')':
        return close_group(w);
    case '[':
        return set(w);
    case '\\':
        return backslash(w);
    case '{':
        return count(w, last);
    case '*':
    case '+':
    case '?':
        skip(w, 1);
        return repeat(w, from, last, 1);
    case '|':
        skip(w, 1);
        here(w)->has_arg = false;
        return true;
    default:
        if (!rune(w, &c))
            return false;
        set_arg(w, 1);
        return true;
    }
}

const char *regexp_error(struct arena *a, struct str pattern)
{
    struct group groups[DEPTH_MAX + 1];
    struct walk w = {.a = a, .whole = pattern, .rest = pattern, .groups = groups};

    w.groups[0] = (struct group){.most = 1};
    while (w.rest.n) {
        if (!step(&w))
            return w.err;
    }
    if (w.depth)
        fail(&w, "missing closing )", pattern.p, end_of(&w));
    return w.err;
}
