/* Lists and watches share their options and most of their mistakes; the texts are compared by clients' tests,
 * so the order of checks follows the reference: selectors and numbers, combinations (422), field labels, the
 * path's name. */
#include "worker/read/options.h"

#include <errno.h>
#include "registry/rules/names.h"

static bool quote_plain(unsigned char c)
{
    return c >= 0x20 && c != 0x7f && c != '"' && c != '\\';
}

static void quote_byte(struct buf *b, unsigned char c)
{
    static const char *const named = "\a\b\t\n\v\f\r", *const letters = "abtnvfr";
    const char *at = c ? strchr(named, c) : NULL;
    if (c == '"' || c == '\\')
        buf_printf(b, "\\%c", c);
    else if (at)
        buf_printf(b, "\\%c", letters[at - named]);
    else
        buf_printf(b, "\\x%02x", c);
}

/* Bytes of a well-formed UTF-8 sequence at the start of s, 0 when it is not one. */
static size_t utf8_run(struct str s)
{
    unsigned char c = (unsigned char)s.p[0];
    size_t n = c >= 0xf0 && c < 0xf5 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 0;
    if (n == 0 || c >= 0xf5 || n > s.n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if (((unsigned char)s.p[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

const char *go_quote(struct arena *a, struct str s)
{
    struct buf b = {0};
    buf_putc(&b, '"');
    while (s.n) {
        unsigned char c = (unsigned char)s.p[0];
        size_t n = c < 0x80 ? (quote_plain(c) ? 1 : 0) : utf8_run(s);
        if (n)
            buf_put(&b, s.p, n);
        else
            quote_byte(&b, c);
        n = n ? n : 1;
        s.p += n, s.n -= n;
    }
    buf_putc(&b, '"');
    const char *out = arena_cstr(a, buf_view(&b));
    buf_free(&b);
    return out;
}

bool rv_parse(struct arena *a, struct str text, int64_t *rv, const char **why)
{
    *rv = 0;
    uint64_t v = 0;
    bool digits = true, range = true;
    for (size_t i = 0; i < text.n; i++) {
        unsigned d = (unsigned char)text.p[i] - '0';
        if (d > 9) {
            digits = false;
            break;
        }
        if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, d, &v))
            range = false;
    }
    if (digits && range) {
        *rv = v > INT64_MAX ? INT64_MAX : (int64_t)v;
        return true;
    }
    const char *q = go_quote(a, text);
    *why = arena_printf(a, "resourceVersion: Invalid value: %s: strconv.ParseUint: parsing %s: %s", q, q,
                        digits ? "value out of range" : "invalid syntax");
    return false;
}

/* A query parameter as Go's ParseInt takes it. */
static bool param_int(struct request *rq, const char *name, int64_t *out, bool *present, struct status *st)
{
    struct str v;
    *out = 0;
    *present = request_param(rq, name, &v);
    if (!*present)
        return true;
    struct str digits = v.n > 1 && v.p[0] == '+' && v.p[1] != '-' ? (struct str){v.p + 1, v.n - 1} : v;
    int rc = str_to_int64(digits, out);
    if (rc == 0)
        return true;
    status_bad_request(st, "strconv.ParseInt: parsing %s: %s", go_quote(rq->arena, v),
                       rc == -ERANGE ? "value out of range" : "invalid syntax");
    return false;
}

static void check_list(const struct list_options *o, struct status *st)
{
    static const char *const valid[] = {"Exact", "NotOlderThan", ""};
    if (o->match != MATCH_UNSET) {
        if (o->rv_text.n == 0)
            field_forbidden(st, "resourceVersionMatch",
                            "resourceVersionMatch is forbidden unless resourceVersion is provided");
        if (o->token.n)
            field_forbidden(st, "resourceVersionMatch",
                            "resourceVersionMatch is forbidden when continue is provided");
        if (o->match == MATCH_OTHER)
            field_not_supported(st, "resourceVersionMatch", o->match_text, valid, 3);
        if (o->match == MATCH_EXACT && str_is(o->rv_text, "0"))
            field_forbidden(st, "resourceVersionMatch",
                            "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
    }
    if (o->send_initial >= 0)
        field_forbidden(st, "sendInitialEvents", "sendInitialEvents is forbidden for list");
}

static void check_watch(const struct list_options *o, struct status *st)
{
    static const char *const valid[] = {"NotOlderThan"};
    if (o->send_initial >= 0 && o->match != MATCH_NOT_OLDER)
        field_forbidden(st, "resourceVersionMatch",
                        "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
    if (o->match == MATCH_UNSET)
        return;
    if (o->send_initial < 0)
        field_forbidden(st, "resourceVersionMatch",
                        "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
    if (o->match != MATCH_NOT_OLDER)
        field_not_supported(st, "resourceVersionMatch", o->match_text, valid, 1);
    if (o->token.n)
        field_forbidden(st, "resourceVersionMatch",
                        "resourceVersionMatch is forbidden when continue is provided");
}

/* The path's name (old watch paths, and what requestinfo takes from a field selector) acts as metadata.name=.
 */
static bool apply_name(struct request *rq, struct list_options *o, struct status *st)
{
    struct str name = rq->info.name;
    if (name.n == 0)
        return true;
    for (int i = 0; i < o->fields.n; i++) {
        const struct field_requirement *f = &o->fields.req[i];
        if (f->where == FIELD_NAME && !f->not_equal && str_eq(f->value, name))
            return true;
    }
    if (o->fields.n) {
        status_bad_request(st, "fieldSelector metadata.name doesn't match requested name");
        return false;
    }
    o->fields.req = arena_alloc(rq->arena, sizeof(*o->fields.req));
    o->fields.req[0] = (struct field_requirement){.where = FIELD_NAME, .value = name};
    o->fields.n = 1;
    return true;
}

static bool take_params(struct request *rq, struct list_options *o, struct status *st)
{
    struct str v;
    bool present;
    if (request_param(rq, "labelSelector", &v) && !label_selector_parse(rq->arena, v, &o->labels, st))
        return false;
    o->bookmarks = request_param_bool(rq, "allowWatchBookmarks");
    if (request_param(rq, "resourceVersion", &v))
        o->rv_text = v;
    if (request_param(rq, "resourceVersionMatch", &v) && v.n) {
        o->match_text = v;
        o->match = str_is(v, "Exact")          ? MATCH_EXACT
                   : str_is(v, "NotOlderThan") ? MATCH_NOT_OLDER
                                               : MATCH_OTHER;
    }
    if (!param_int(rq, "timeoutSeconds", &o->timeout_s, &o->has_timeout, st) ||
        !param_int(rq, "limit", &o->limit, &present, st))
        return false;
    if (request_param(rq, "continue", &v))
        o->token = v;
    if (request_param(rq, "sendInitialEvents", &v))
        o->send_initial = request_param_bool(rq, "sendInitialEvents") ? 1 : 0;
    return true;
}

bool list_options_parse(struct request *rq, bool watch, struct list_options *o, struct status *st)
{
    *o = (struct list_options){.send_initial = -1};
    if (!take_params(rq, o, st))
        return false;
    bool any_version = o->rv_text.n == 0 || str_is(o->rv_text, "0");
    if (watch && any_version && o->send_initial < 0 && o->match == MATCH_UNSET) {
        o->send_initial = 1;
        o->match = MATCH_NOT_OLDER;
        o->match_text = STR("NotOlderThan");
    }
    (watch ? check_watch : check_list)(o, st);
    if (status_invalid_done(st, "meta.k8s.io", "ListOptions", STR_NONE))
        return false;
    struct str v;
    if (request_param(rq, "fieldSelector", &v) &&
        !field_selector_parse(rq->arena, v, rq->info.schema, &o->fields, st))
        return false;
    return apply_name(rq, o, st);
}

bool options_name_fits(struct request *rq, struct status *st)
{
    const char *bad = name_path_segment(rq->info.name, false);

    if (bad)
        status_bad_request(st, "Name parameter invalid: %s: %s", go_quote(rq->arena, rq->info.name), bad);
    return bad == NULL;
}
