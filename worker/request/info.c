/* The path decides almost everything: group, version, namespace, resource, name, subresource; the method and
 * one query parameter decide the verb. Two words in front of the resource (watch, proxy) are verbs of an
 * older time. The result says what was asked, also when nobody serves it: authorization speaks about it
 * before the route does. */
#include "worker/request/info.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool path_unescape(struct arena *a, struct str in, struct str *out)
{
    if (str_find(in, '%') < 0) {
        *out = in;
        return true;
    }
    char *p = arena_raw(a, in.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];
        if (c == '%') {
            if (in.n - i < 3)
                return false;
            int hi = hex_digit(in.p[i + 1]), lo = hex_digit(in.p[i + 2]);
            if (hi < 0 || lo < 0)
                return false;
            c = (char)(hi << 4 | lo);
            i += 2;
        }
        p[n++] = c;
    }
    p[n] = 0;
    *out = (struct str){p, n};
    return true;
}

struct str path_trim(struct str path)
{
    while (path.n && path.p[0] == '/')
        path.p++, path.n--;
    while (path.n && path.p[path.n - 1] == '/')
        path.n--;
    return path;
}

bool path_next(struct str *rest, struct str *segment)
{
    return str_next(rest, '/', segment);
}

struct verb_row {
    const char *method, *verb;
};

static const struct verb_row verbs[] = {
    {"GET", "get"},    {"HEAD", "get"},    {"POST", "create"},
    {"PUT", "update"}, {"PATCH", "patch"}, {"DELETE", "delete"},
};

static struct str verb_of_method(struct str method)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (str_is(method, verbs[i].method))
            return str_of(verbs[i].verb);
    return STR("");
}

static struct str lower(struct arena *a, struct str s)
{
    char *p = arena_raw(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] | 0x20) : s.p[i];
    p[s.n] = 0;
    return (struct str){p, s.n};
}

/* The value that a field selector demands of metadata.name; false: it demands none, or no name can be that.
 */
static bool selected_name(struct request *rq, struct str *name)
{
    static const struct str field = {"metadata.name", 13};
    struct str selector, term;
    if (!request_param(rq, "fieldSelector", &selector))
        return false;
    while (str_next(&selector, ',', &term)) {
        if (!str_starts(term, field))
            continue;
        struct str v = {term.p + field.n, term.n - field.n};
        if (v.n == 0 || v.p[0] != '=')
            continue;
        v.p++, v.n--;
        if (v.n && v.p[0] == '=')
            v.p++, v.n--;
        if (v.n == 0 || str_is(v, ".") || str_is(v, "..") || memchr(v.p, '/', v.n) || memchr(v.p, '%', v.n) ||
            memchr(v.p, '\\', v.n))
            return false;
        *name = v;
        return true;
    }
    return false;
}

/* namespaces/NS/RESOURCE... names a namespace; namespaces/NS alone and its own subresources are the
 * namespace. */
static void split_namespace(struct request_info *in, struct str *rest)
{
    struct str r = *rest, word, ns, next;
    if (!path_next(&r, &word) || !str_is(word, "namespaces") || !path_next(&r, &ns))
        return;
    in->ns = ns;
    struct str behind = r;
    if (!path_next(&r, &next) || str_is(next, "status") || str_is(next, "finalize"))
        return;
    *rest = behind;
}

static void split_resource(struct request_info *in, struct str rest)
{
    if (!path_next(&rest, &in->resource) || !path_next(&rest, &in->name))
        return;
    if (str_is(in->verb, "proxy") || !path_next(&rest, &in->subresource))
        return;
    in->rest = rest;
}

/* A get or delete without a name is about a collection. */
static void collection_verb(struct request *rq)
{
    struct request_info *in = &rq->info;
    if (in->name.n)
        return;
    if (str_is(in->verb, "delete"))
        in->verb = STR("deletecollection");
    if (!str_is(in->verb, "get"))
        return;
    in->verb = request_param_bool(rq, "watch") ? STR("watch") : STR("list");
    selected_name(rq, &in->name);
}

static void find_schema(struct request_info *in)
{
    in->schema = schema_resource(in->group, in->version, in->resource);
    if (in->schema && in->subresource.n)
        in->sub = schema_subresource(in->schema, in->subresource);
}

enum info_result info_parse(struct request *rq)
{
    struct request_info *in = &rq->info;
    *in = (struct request_info){.path = rq->path};
    in->verb = lower(rq->arena, rq->method);
    if (!path_unescape(rq->arena, rq->path, &in->path))
        return INFO_BAD_ESCAPE;

    struct str rest = path_trim(in->path), first, group = STR(""), version, peek;
    if (rest.n == 0 || !path_next(&rest, &first))
        return INFO_OK;
    bool core = str_is(first, "api");
    if (!core && !str_is(first, "apis"))
        return INFO_OK;
    if (!core && !path_next(&rest, &group))
        return INFO_OK;
    if (!path_next(&rest, &version) || rest.p == NULL)
        return INFO_OK;

    in->is_resource = true;
    in->prefix = first;
    in->group = group;
    in->version = version;
    struct str behind = rest;
    path_next(&behind, &peek);
    if (str_is(peek, "watch") || str_is(peek, "proxy")) {
        if (behind.p == NULL)
            return INFO_NO_KIND;
        in->verb = peek;
        in->old_watch = true;
        rest = behind;
    } else {
        in->verb = verb_of_method(rq->method);
    }
    split_namespace(in, &rest);
    split_resource(in, rest);
    collection_verb(rq);
    find_schema(in);
    return INFO_OK;
}
