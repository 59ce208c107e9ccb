/* Cut from both ends: the fragment, the scheme, the query, then the authority. */
#include "registry/rules/url.h"

#include <ctype.h>
#include "registry/rules/text.h"

static struct str from(struct str s, size_t at)
{
    return (struct str){s.p + at, s.n - at};
}

/* Cuts s at the first c: *rest gets what is behind it. false: there is none. */
static bool cut(struct str *s, char c, struct str *rest)
{
    ptrdiff_t at = str_find(*s, c);

    if (at < 0)
        return false;
    *rest = from(*s, (size_t)at + 1);
    s->n = (size_t)at;
    return true;
}

/* The scheme goes out of *s. NULL, or what is wrong. */
static const char *take_scheme(struct arena *a, struct str *s, struct str *scheme)
{
    char *small;

    for (size_t i = 0; i < s->n; i++) {
        char c = s->p[i];

        if (isalpha((unsigned char)c) ||
            (i > 0 && (isdigit((unsigned char)c) || c == '+' || c == '-' || c == '.')))
            continue;
        if (c != ':')
            return NULL;
        if (i == 0)
            return "missing protocol scheme";
        small = arena_cstr(a, (struct str){s->p, i});
        for (size_t k = 0; k < i; k++)
            small[k] = (char)tolower((unsigned char)small[k]);
        *scheme = (struct str){small, i};
        *s = from(*s, i + 1);
        return NULL;
    }
    return NULL;
}

static const char *escape_error(struct arena *a, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '%')
            continue;
        if (i + 2 >= s.n || !isxdigit((unsigned char)s.p[i + 1]) || !isxdigit((unsigned char)s.p[i + 2])) {
            struct str bad = {s.p + i, s.n - i < 3 ? s.n - i : 3};

            return arena_printf(a, "invalid URL escape %s", text_quoted(a, bad));
        }
        i += 2;
    }
    return NULL;
}

static const char *port_error(struct arena *a, struct str host)
{
    ptrdiff_t bracket = -1, colon = -1;

    for (size_t i = 0; i < host.n; i++) {
        if (host.p[i] == ']')
            bracket = (ptrdiff_t)i;
        if (host.p[i] == ':')
            colon = (ptrdiff_t)i;
    }
    if (str_starts(host, STR("["))) {
        if (bracket < 0)
            return "missing ']' in host";
        colon = (size_t)bracket + 1 < host.n ? bracket + 1 : -1;
    }
    if (colon < 0)
        return NULL;
    for (size_t i = (size_t)colon; i < host.n; i++) {
        if (i == (size_t)colon ? host.p[i] != ':' : !isdigit((unsigned char)host.p[i]))
            return arena_printf(a, "invalid port %s after host", text_quoted(a, from(host, (size_t)colon)));
    }
    return NULL;
}

static const char *host_error(struct arena *a, struct str host)
{
    static const char ALLOWED[] = "!$&'()*+,;=:[]<>\"-_.~%";
    const char *err = port_error(a, host);

    if (!err)
        err = escape_error(a, host);
    for (size_t i = 0; !err && i < host.n; i++) {
        unsigned char c = (unsigned char)host.p[i];

        if (c < 0x80 && !isalnum(c) && !strchr(ALLOWED, c))
            err = arena_printf(a, "invalid character %s in host name",
                               text_quoted(a, (struct str){host.p + i, 1}));
    }
    return err;
}

static const char *take_authority(struct arena *a, struct str *s, struct url *out)
{
    struct str all = from(*s, 2);
    ptrdiff_t slash = str_find(all, '/');

    *s = slash < 0 ? STR("") : from(all, (size_t)slash);
    if (slash >= 0)
        all.n = (size_t)slash;
    for (size_t i = all.n; i > 0; i--) {
        if (all.p[i - 1] != '@')
            continue;
        out->has_user = true;
        out->user = (struct str){all.p, i - 1};
        all = from(all, i);
        break;
    }
    out->host = all;
    return host_error(a, all);
}

static const char *parse(struct arena *a, struct str s, struct url *out)
{
    const char *err;
    bool rooted;

    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return "net/url: invalid control character in URL";
    }
    cut(&s, '#', &out->fragment);
    err = take_scheme(a, &s, &out->scheme);
    if (err)
        return err;
    cut(&s, '?', &out->query);
    rooted = str_starts(s, STR("/"));
    if (!rooted && out->scheme.n)
        return NULL; /* opaque */
    if (!rooted) {
        ptrdiff_t colon = str_find(s, ':'), slash = str_find(s, '/');

        if (colon >= 0 && (slash < 0 || colon < slash))
            return "first path segment in URL cannot contain colon";
    }
    if (str_starts(s, STR("//")) && (out->scheme.n || !str_starts(s, STR("///"))))
        err = take_authority(a, &s, out);
    out->path = s;
    return err ? err : escape_error(a, s);
}

const char *url_parse(struct arena *a, struct str s, struct url *out)
{
    const char *err;

    *out = (struct url){.scheme = STR("")};
    err = parse(a, s, out);
    return err ? arena_printf(a, "parse %s: %s", text_quoted(a, s), err) : NULL;
}
