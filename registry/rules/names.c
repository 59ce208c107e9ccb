/* Hand-written matchers for the reference's regular expressions: they run on every label of every write, and
 * their messages quote the expression. */
#include "registry/rules/names.h"

#include "registry/rules/addresses.h"

#define LABEL_FMT "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
#define KEY_FMT "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"

static const char label_text[] =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and end "
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '" LABEL_FMT
    "')";
static const char label1035_text[] =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    "character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')";
#define SUBDOMAIN_TEXT                                                                                       \
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and "    \
    "must "                                                                                                  \
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "        \
    "'" LABEL_FMT "(\\." LABEL_FMT ")*')"
static const char subdomain_text[] = SUBDOMAIN_TEXT;
#define KEY_TEXT                                                                                             \
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " \
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '" KEY_FMT "')"
static const char value_text[] = "a valid label must be an empty string or consist of alphanumeric "
                                 "characters, '-', '_' or '.', and must start and "
                                 "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or "
                                 "'12345', regex used for validation is "
                                 "'(" KEY_FMT ")?')";

static bool is_lower_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(char c)
{
    return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

static bool label_ok(struct str s)
{
    if (s.n == 0 || !is_lower_alnum(s.p[0]) || !is_lower_alnum(s.p[s.n - 1]))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_lower_alnum(s.p[i]) && s.p[i] != '-')
            return false;
    }
    return true;
}

static bool subdomain_ok(struct str s)
{
    struct str piece;

    if (s.n == 0)
        return false;
    while (str_next(&s, '.', &piece)) {
        if (!label_ok(piece))
            return false;
    }
    return true;
}

static bool key_ok(struct str s)
{
    if (s.n == 0 || !is_alnum(s.p[0]) || !is_alnum(s.p[s.n - 1]))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_alnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_' && s.p[i] != '.')
            return false;
    }
    return true;
}

static void add(struct name_errors *e, const char *text)
{
    if (e->n < NAME_ERRORS_MAX)
        e->text[e->n++] = text;
}

static const char *first(const struct name_errors *e)
{
    return e->n ? e->text[0] : NULL;
}

/* A prefix may end in '-': the reference looks at it as if the end were "a" instead of the last two
 * characters. */
static struct str unmask(struct str s, bool prefix, char *room, size_t room_bytes)
{
    if (!prefix || s.n < 2 || s.p[s.n - 1] != '-' || s.n > room_bytes)
        return s;
    memcpy(room, s.p, s.n - 2);
    room[s.n - 2] = 'a';
    return (struct str){room, s.n - 1};
}

static void label_errors(struct arena *a, struct str s, bool prefix, struct name_errors *e)
{
    char room[512];

    s = unmask(s, prefix, room, sizeof(room));
    if (s.n > 63)
        add(e, "must be no more than 63 characters");
    if (!label_ok(s))
        add(e, subdomain_ok(s) ? "must not contain dots" : label_text);
}

static void label1035_errors(struct arena *a, struct str s, bool prefix, struct name_errors *e)
{
    char room[512];

    s = unmask(s, prefix, room, sizeof(room));
    if (s.n > 63)
        add(e, "must be no more than 63 characters");
    if (!label_ok(s) || s.p[0] < 'a')
        add(e, label1035_text);
}

static void subdomain_errors_of(struct str s, bool prefix, const char *too_long, struct name_errors *e)
{
    char room[512];

    s = unmask(s, prefix, room, sizeof(room));
    if (s.n > 253)
        add(e, too_long);
    if (!subdomain_ok(s))
        add(e, subdomain_text);
}

static void subdomain_errors(struct arena *a, struct str s, bool prefix, struct name_errors *e)
{
    subdomain_errors_of(s, prefix, "must be no more than 253 characters", e);
}

/* The same rule, of kinds whose checks the reference declares: it words them a little differently. */
static void long_name_errors(struct arena *a, struct str s, bool prefix, struct name_errors *e)
{
    subdomain_errors_of(s, prefix, "must be no more than 253 bytes", e);
}

static void segment_errors(struct arena *a, struct str s, bool prefix, struct name_errors *e)
{
    if (!prefix && (str_is(s, ".") || str_is(s, ".."))) {
        add(e, s.n == 1 ? "may not be '.'" : "may not be '..'");
        return;
    }
    if (str_find(s, '/') >= 0)
        add(e, "may not contain '/'");
    if (str_find(s, '%') >= 0)
        add(e, "may not contain '%'");
}

/* The same, of kinds that ask it of what names are generated from, too. */
static void whole_segment_errors(struct arena *a, struct str s, bool prefix, struct name_errors *e)
{
    segment_errors(a, s, false, e);
}

static bool config_key_ok(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_alnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_' && s.p[i] != '.')
            return false;
    }
    return s.n != 0;
}

/* A key is a file name where it is mounted. */
static void config_key_errors(struct arena *a, struct str s, bool prefix, struct name_errors *e)
{
    if (s.n > 253)
        add(e, "must be no more than 253 characters");
    if (!config_key_ok(s))
        add(e,
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  "
            "or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')");
    if (str_is(s, "."))
        add(e, "must not be '.'");
    else if (str_is(s, ".."))
        add(e, "must not be '..'");
    else if (str_starts(s, STR("..")))
        add(e, "must not start with '..'");
}

static void wildcard_errors(struct arena *a, struct str s, bool prefix, struct name_errors *e)
{
    bool wild = str_starts(s, STR("*."));

    if (s.n > 253)
        add(e, "must be no more than 253 characters");
    if (!wild || !subdomain_ok((struct str){s.p + 2, s.n - 2}))
        add(e, "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which "
               "must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric "
               "character (e.g. '*.example.com', regex used for validation is '\\*\\." LABEL_FMT
               "(\\." LABEL_FMT ")*')");
}

static bool has_letter(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] >= 'a' && s.p[i] <= 'z')
            return true;
    }
    return false;
}

static bool port_chars_ok(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_lower_alnum(s.p[i]) && s.p[i] != '-')
            return false;
    }
    return s.n != 0;
}

static bool has_two_hyphens(struct str s)
{
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == '-' && s.p[i - 1] == '-')
            return true;
    }
    return false;
}

static void port_errors(struct arena *a, struct str s, bool prefix, struct name_errors *e)
{
    if (s.n > 15)
        add(e, "must be no more than 15 characters");
    if (!port_chars_ok(s))
        add(e, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    if (!has_letter(s))
        add(e, "must contain at least one letter (a-z)");
    if (has_two_hyphens(s))
        add(e, "must not contain consecutive hyphens");
    if (s.n && (s.p[0] == '-' || s.p[s.n - 1] == '-'))
        add(e, "must not begin or end with a hyphen");
}

static void ip_errors(struct arena *a, struct str s, bool prefix, struct name_errors *e)
{
    struct address ip;

    if (!address_parse(s, &ip))
        add(e, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
    else if (ip.loose)
        add(e, "must not have leading 0s");
    else if (ip.mapped)
        add(e, "must not be an IPv4-mapped IPv6 address");
    else if (!str_is(s, address_text(a, &ip)))
        add(e, arena_printf(a, "must be in canonical form (\"%s\")", address_text(a, &ip)));
}

static const struct {
    const char *name;
    void (*check)(struct arena *a, struct str s, bool prefix, struct name_errors *e);
} rules[] = {
    {"path-segment", segment_errors},    {"dns-subdomain", subdomain_errors},
    {"dns-label", label_errors},         {"ip", ip_errors},
    {"dns1035-label", label1035_errors}, {"config-map-key", config_key_errors},
    {"port-name", port_errors},          {"wildcard-dns-subdomain", wildcard_errors},
    {"long-name", long_name_errors},     {"whole-segment", whole_segment_errors},
};

void name_errors(struct arena *a, const char *rule, struct str name, bool prefix, struct name_errors *out)
{
    out->n = 0;
    for (size_t i = 0; rule && i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (strcmp(rules[i].name, rule) == 0) {
            rules[i].check(a, name, prefix, out);
            return;
        }
    }
    segment_errors(a, name, prefix, out);
}

const char *name_check(const char *rule, struct str name, bool prefix)
{
    struct name_errors e;

    name_errors(NULL, rule && strcmp(rule, "ip") == 0 ? NULL : rule, name, prefix, &e);
    return first(&e);
}

const char *name_dns_label(struct str s, bool prefix)
{
    return name_check("dns-label", s, prefix);
}

const char *name_dns1035_label(struct str s, bool prefix)
{
    return name_check("dns1035-label", s, prefix);
}

const char *name_dns_subdomain(struct str s, bool prefix)
{
    return name_check("dns-subdomain", s, prefix);
}

const char *name_path_segment(struct str s, bool prefix)
{
    return name_check("path-segment", s, prefix);
}

void name_qualified_errors(struct arena *a, struct str s, struct name_errors *out)
{
    ptrdiff_t slash = str_find(s, '/');
    struct str name = s, prefix;

    out->n = 0;
    if (slash >= 0) {
        prefix = (struct str){s.p, (size_t)slash};
        name = (struct str){s.p + slash + 1, s.n - (size_t)slash - 1};
        if (str_find(name, '/') >= 0) {
            add(out, "a valid label key " KEY_TEXT
                     " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
            return;
        }
        if (prefix.n == 0)
            add(out, "prefix part must be non-empty");
        else if (prefix.n > 253)
            add(out, "prefix part must be no more than 253 bytes");
        if (prefix.n && !subdomain_ok(prefix))
            add(out, "prefix part " SUBDOMAIN_TEXT);
    }
    if (name.n == 0)
        add(out, "name part must be non-empty");
    else if (name.n > 63)
        add(out, "name part must be no more than 63 bytes");
    if (!key_ok(name))
        add(out, "name part " KEY_TEXT);
}

const char *name_qualified(struct arena *a, struct str s)
{
    struct name_errors e;

    name_qualified_errors(a, s, &e);
    return first(&e);
}

void name_label_value_errors(struct str s, struct name_errors *out)
{
    out->n = 0;
    if (s.n > 63)
        add(out, "must be no more than 63 bytes");
    if (s.n && !key_ok(s))
        add(out, value_text);
}

const char *name_label_value(struct str s)
{
    struct name_errors e;

    name_label_value_errors(s, &e);
    return first(&e);
}
