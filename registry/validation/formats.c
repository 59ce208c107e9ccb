/* Hand-written matchers: the reference's are regular expressions, which its messages quote. */
#include "registry/validation/formats.h"

#include "registry/rules/names.h"

#define SUBDOMAIN_MAX 253

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* s is not empty and has only letters, digits and those of more. */
static bool only(struct str s, const char *more)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_alpha(s.p[i]) && !is_digit(s.p[i]) && (!s.p[i] || !strchr(more, s.p[i])))
            return false;
    }
    return s.n > 0;
}

static bool refuse(struct check *c, const struct at *at, struct str v, const char *why)
{
    check_invalid_str(c, at, v, why);
    return false;
}

bool check_env_name(struct check *c, const struct at *at, struct str v)
{
    if (!v.n)
        return refuse(c, at, v, "environment variable name must be non-empty");
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] < ' ' || v.p[i] > '~' || v.p[i] == '=')
            return refuse(c, at, v,
                          "a valid environment variable name must consist only of printable ASCII characters "
                          "other than '='");
    }
    return true;
}

bool check_header_name(struct check *c, const struct at *at, struct str v)
{
    return only(v, "-") || refuse(c, at, v,
                                  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. "
                                  "'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')");
}

/* [a-z0-9]([-_a-z0-9]*[a-z0-9])? behind an optional underscore. */
static bool is_underscore_label(struct str s)
{
    if (s.n && s.p[0] == '_')
        s = (struct str){s.p + 1, s.n - 1};
    if (!s.n || s.p[0] == '-' || s.p[0] == '_' || s.p[s.n - 1] == '-' || s.p[s.n - 1] == '_')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i]) && !(s.p[i] >= 'a' && s.p[i] <= 'z') && s.p[i] != '-' && s.p[i] != '_')
            return false;
    }
    return true;
}

static bool is_underscore_subdomain(struct str s)
{
    struct str label;

    if (!s.n)
        return false;
    while (str_next(&s, '.', &label)) {
        if (!is_underscore_label(label))
            return false;
    }
    return true;
}

bool check_subdomain_underscore(struct check *c, const struct at *at, struct str v)
{
    bool ok = true;

    if (v.n > SUBDOMAIN_MAX)
        ok = refuse(c, at, v, "must be no more than 253 characters");
    if (!is_underscore_subdomain(v))
        ok = refuse(c, at, v,
                    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', "
                    "'-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', "
                    "regex used for validation is "
                    "'_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')");
    return ok;
}

bool check_c_identifier(struct check *c, const struct at *at, struct str v)
{
    if (only(v, "_") && !is_digit(v.p[0]))
        return true;
    return refuse(c, at, v,
                  "a valid C identifier must start with alphabetic character or '_', followed by a string of "
                  "alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used "
                  "for validation is '[A-Za-z_][A-Za-z0-9_]*')");
}

/* All that is wrong with a subdomain as one detail, or NULL. */
static const char *joined(struct check *c, struct str v, const char *rule)
{
    struct name_errors e;
    const char *text;

    name_errors(c->arena, rule, v, false, &e);
    if (!e.n)
        return NULL;
    text = e.text[0];
    for (int i = 1; i < e.n; i++)
        text = arena_printf(c->arena, "%s,%s", text, e.text[i]);
    return text;
}

static int segments(struct str s)
{
    int n = 1;

    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '.';
    return n;
}

bool check_qualified_domain(struct check *c, const struct at *at, struct str v)
{
    const char *why = v.n ? joined(c, v, "dns-subdomain") : NULL;

    if (!v.n) {
        check_required(c, at, "");
        return false;
    }
    if (why)
        return refuse(c, at, v, why);
    return segments(v) >= 3 ||
           refuse(c, at, v, "should be a domain with at least three segments separated by dots");
}

bool check_domain(struct check *c, const struct at *at, struct str v)
{
    struct str rest, label;
    const char *why;

    if (!v.n) {
        check_required(c, at, "");
        return false;
    }
    if (v.p[v.n - 1] == '.')
        v.n--;
    if ((why = joined(c, v, "dns-subdomain")))
        return refuse(c, at, v, why);
    if (segments(v) < 2)
        return refuse(c, at, v, "should be a domain with at least two segments separated by dots");
    rest = v;
    while (str_next(&rest, '.', &label)) {
        if ((why = joined(c, label, "dns-label")))
            return refuse(c, at, label, why);
    }
    return true;
}

bool check_prefixed_path(struct check *c, const struct at *at, struct str v)
{
    ptrdiff_t slash = str_find(v, '/');
    struct str host = v, path;
    bool ok;

    if (!v.n) {
        check_required(c, at, "");
        return false;
    }
    if (slash <= 0 || (size_t)slash + 1 == v.n)
        return refuse(c, at, v, "must be a domain-prefixed path (such as \"acme.io/foo\")");
    host.n = (size_t)slash;
    path = (struct str){v.p + slash + 1, v.n - (size_t)slash - 1};
    ok = check_name(c, at, host, "dns-subdomain");
    if (!only(path, "/-._~%!$&'()*+,;=:"))
        ok = refuse(c, at, path,
                    "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')");
    return ok;
}

bool check_prefixed_key(struct check *c, const struct at *at, struct str v)
{
    if (!v.n) {
        check_required(c, at, "");
        return false;
    }
    if (!check_qualified_name(c, at, v))
        return false;
    return str_find(v, '/') >= 0 ||
           refuse(c, at, v, "must be a domain-prefixed key (such as \"acme.io/foo\")");
}

const char *percent_error(struct str v)
{
    bool ok = v.n > 1 && v.p[v.n - 1] == '%';

    for (size_t i = 0; ok && i + 1 < v.n; i++)
        ok = is_digit(v.p[i]);
    return ok ? NULL
              : "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or "
                "'93%', regex used for validation is '[0-9]+%')";
}

bool check_range(struct check *c, const struct at *at, int64_t v, int64_t lo, int64_t hi)
{
    if (v >= lo && v <= hi)
        return true;
    check_invalid_int(
        c, at, v,
        arena_printf(c->arena, "must be between %lld and %lld, inclusive", (long long)lo, (long long)hi));
    return false;
}
