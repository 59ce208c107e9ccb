/* Old fields take addresses and ranges in forms that other software reads differently; whoever writes one is
 * told the form that all read alike. Rule: GetWarningsForIP and GetWarningsForCIDR of
 * apimachinery/pkg/util/validation/ip.go. */
#include "registry/strategy/warnings.h"

#include "registry/rules/addresses.h"
#include "registry/rules/text.h"
#include "registry/walk/tree.h"

#define PIECE_BYTES 32

static void address(const struct strategy_call *c, const char *path, struct str text)
{
    struct address ip;
    const char *right;

    if (!address_parse(text, &ip))
        return;
    right = address_text(c->arena, &ip);
    if (ip.loose || ip.mapped)
        warnings_add(c, "%s: non-standard IP address %s is invalid: use \"%s\"", path,
                     text_quoted(c->arena, text), right);
    else if (!ip.four && !str_is(text, right))
        warnings_add(c, "%s: IPv6 address %s should be in RFC 5952 canonical format (\"%s\")", path,
                     text_quoted(c->arena, text), right);
}

static void range(const struct strategy_call *c, const char *path, struct str text)
{
    const char *shown = text_quoted(c->arena, text), *right;
    struct cidr cidr;

    if (!cidr_parse(text, &cidr))
        return;
    right = cidr_text(c->arena, &cidr);
    if (cidr.host_bits)
        warnings_add(c, "%s: CIDR value %s is ambiguous in this context (should be \"%s\" or \"%s/%d\"?)",
                     path, shown, right, address_text(c->arena, &cidr.ip), cidr.max_bits);
    if (cidr.loose || cidr.ip.mapped)
        warnings_add(c, "%s: non-standard CIDR value %s is invalid: use \"%s\"", path, shown, right);
    else if (!cidr.host_bits && !cidr.ip.four && !str_is(text, right))
        warnings_add(c, "%s: IPv6 CIDR value %s should be in RFC 5952 canonical format (\"%s\")", path, shown,
                     right);
}

struct walk {
    const struct strategy_call *c;
    void (*check)(const struct strategy_call *c, const char *path, struct str text);
};

static void visit(const struct walk *w, const char *path, const json_t *v, struct str pattern);

static void visit_list(const struct walk *w, const char *path, const json_t *list, struct str rest)
{
    const json_t *v;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)list, i, v)
        visit(w, arena_printf(w->c->arena, "%s[%zu]", path, i), v, rest);
}

static void visit(const struct walk *w, const char *path, const json_t *v, struct str rest)
{
    char name[PIECE_BYTES];
    bool list, hidden;
    struct str piece;

    if (!rest.n) {
        if (json_is_string(v))
            w->check(w->c, path, (struct str){json_string_value(v), json_string_length(v)});
        return;
    }
    str_next(&rest, '.', &piece);
    list = piece.n > 2 && piece.p[piece.n - 1] == ']';
    hidden = *piece.p == '~';
    snprintf(name, sizeof(name), "%.*s", (int)(piece.n - (list ? 2 : 0) - hidden), piece.p + hidden);
    v = json_object_get(v, name);
    if (!v)
        return;
    if (!hidden)
        path = arena_printf(w->c->arena, "%s%s%s", path, *path ? "." : "", name);
    if (list)
        visit_list(w, path, v, rest);
    else
        visit(w, path, v, rest);
}

void warnings_addresses(const struct strategy_call *c, const char *prefix, const json_t *v,
                        const char *pattern)
{
    struct walk w = {c, address};

    visit(&w, prefix, v, str_of(pattern));
}

void warnings_ranges(const struct strategy_call *c, const char *prefix, const json_t *v, const char *pattern)
{
    struct walk w = {c, range};

    visit(&w, prefix, v, str_of(pattern));
}
