/* One table of checks for the three kinds of options; they differ in name and in `force`. */
#include "worker/write/options.h"

#include "registry/rules/text.h"
#include "registry/walk/json.h"
#include "worker/request/info.h"

#define MANAGER_BYTES_MAX 128
#define VALUES_MAX 16

static const char *const KINDS[] = {"CreateOptions", "UpdateOptions", "PatchOptions", "PatchOptions"};

/* '+' is a blank in queries. */
static struct str query_unescape(struct arena *a, struct str in)
{
    char *copy = arena_cstr(a, in);
    struct str out = {copy, in.n};

    for (size_t i = 0; i < in.n; i++) {
        if (copy[i] == '+')
            copy[i] = ' ';
    }
    return path_unescape(a, out, &out) ? out : in;
}

int query_values(struct request *rq, const char *name, struct str *values, int max)
{
    struct str rest = rq->query, part;
    int n = 0;

    while (n < max && rest.p && str_next(&rest, '&', &part)) {
        ptrdiff_t eq = str_find(part, '=');
        struct str key = {part.p, eq < 0 ? part.n : (size_t)eq};

        if (!part.n || !str_is(query_unescape(rq->arena, key), name))
            continue;
        values[n++] = eq < 0
                          ? STR("")
                          : query_unescape(rq->arena, (struct str){part.p + eq + 1, part.n - (size_t)eq - 1});
    }
    return n;
}

void options_dry_run(struct status *st, const struct str *values, int n, bool *dry_run)
{
    struct buf b = {0};
    bool bad = false;

    *dry_run = n > 0;
    buf_puts(&b, "Unsupported value: [");
    for (int i = 0; i < n; i++) {
        if (i)
            buf_putc(&b, ',');
        json_write_string(&b, values[i]);
        bad = bad || !str_is(values[i], "All");
    }
    buf_puts(&b, "]: supported values: \"All\"");
    if (bad)
        status_add_cause(st, "FieldValueNotSupported", "dryRun", arena_cstr(st->arena, buf_view(&b)));
    buf_free(&b);
}

/* Go's unicode.IsPrint, asked through the quoting of one rune: what is printed as itself is printable. */
static bool printable(struct str rune)
{
    struct buf b = {0};
    bool yes;

    if (rune.n == 1 && (rune.p[0] == '"' || rune.p[0] == '\\'))
        return true;
    text_quote(&b, rune);
    yes = b.n == rune.n + 2 && memcmp(b.p + 1, rune.p, rune.n) == 0;
    buf_free(&b);
    return yes;
}

static void check_manager(struct status *st, struct str manager)
{
    uint32_t rune;

    if (manager.n > MANAGER_BYTES_MAX)
        field_too_long(st, "fieldManager", MANAGER_BYTES_MAX);
    for (size_t i = 0; i < manager.n;) {
        size_t n = text_rune(manager.p + i, manager.n - i, &rune);

        if (!printable((struct str){manager.p + i, n}))
            field_invalid_str(st, "fieldManager", manager,
                              arena_printf(st->arena, "invalid character U+%04X (at position %zu)", rune, i));
        i += n;
    }
}

static void check_validation(struct request *rq, struct write_options *o, struct status *st)
{
    static const char *const VALID[] = {"", "Ignore", "Strict", "Warn"};
    struct str v;

    o->validation = VALIDATION_WARN;
    if (!request_param(rq, "fieldValidation", &v) || v.n == 0 || str_is(v, "Warn"))
        return;
    if (str_is(v, "Strict"))
        o->validation = VALIDATION_STRICT;
    else if (str_is(v, "Ignore"))
        o->validation = VALIDATION_IGNORE;
    else
        field_not_supported(st, "fieldValidation", v, VALID, 4);
}

bool write_options_parse(struct request *rq, enum options_kind kind, struct write_options *o,
                         struct status *st)
{
    struct str values[VALUES_MAX], v;

    *o = (struct write_options){0};
    if (kind == OPTIONS_PATCH && request_param(rq, "force", &v))
        field_forbidden(st, "force", "may not be specified for non-apply patch");
    if (request_param(rq, "fieldManager", &o->field_manager))
        check_manager(st, o->field_manager);
    if (kind == OPTIONS_APPLY) {
        o->force = request_param(rq, "force", &v) && !str_is(v, "0") && !str_eq_nocase(v, STR("false"));
        if (!o->field_manager.n)
            field_required(st, "fieldManager", "is required for apply patch");
    }
    options_dry_run(st, values, query_values(rq, "dryRun", values, VALUES_MAX), &o->dry_run);
    check_validation(rq, o, st);
    return !status_invalid_done(st, "meta.k8s.io", KINDS[kind], STR_NONE);
}
