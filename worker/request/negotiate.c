/* Accept, as the reference reads it: clauses by falling q, except that a wildcard lets a special one behind
 * it pass whatever their q, in their order otherwise; the first that can be met wins. A clause with a
 * parameter that asks for another form than the endpoint has is passed over, and so is a media type that is
 * not served. */
#include "worker/request/negotiate.h"

#include <stdlib.h>
#include <string.h>

#define CLAUSES_MAX 32

struct clause {
    struct str type, subtype, params;
    double q;
};

struct served {
    const char *type, *subtype;
    enum media media;
    const char *content_type;
    const char *stream; /* NULL: no streams */
};

static const struct served served[] = {
    {"application", "json", MEDIA_JSON, "application/json", "application/json"},
    {"application", "yaml", MEDIA_YAML, "application/yaml", NULL},
    {"application", "vnd.kubernetes.protobuf", MEDIA_PROTOBUF, "application/vnd.kubernetes.protobuf",
     "application/vnd.kubernetes.protobuf;stream=watch"},
    {"text", "plain", MEDIA_TEXT, "text/plain; charset=utf-8", NULL},
};
#define NSERVED (sizeof(served) / sizeof(served[0]))

static struct str trim_blanks(struct str s)
{
    while (s.n && s.p[0] == ' ')
        s.p++, s.n--;
    while (s.n && s.p[s.n - 1] == ' ')
        s.n--;
    return s;
}

/* key=value of a clause; false at the end. Pieces that are no pair are skipped, and so is an empty value. */
static bool next_param(struct str *rest, struct str *key, struct str *value)
{
    struct str piece;
    while (str_next(rest, ';', &piece)) {
        ptrdiff_t eq = str_find(piece, '=');
        if (eq < 0 || (size_t)eq + 1 == piece.n)
            continue;
        struct str v = {piece.p + eq + 1, piece.n - (size_t)eq - 1};
        ptrdiff_t more = str_find(v, '=');
        if (more >= 0 && (size_t)more + 1 < v.n)
            continue;
        v.n = more < 0 ? v.n : (size_t)more;
        *key = trim_blanks((struct str){piece.p, (size_t)eq});
        *value = trim_blanks(v);
        return true;
    }
    return false;
}

static double number(struct str s)
{
    char text[24], *end;
    if (s.n == 0 || s.n >= sizeof(text))
        return 0;
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    double v = strtod(text, &end);
    return *end == 0 && v >= 0 && v <= 1e6 ? v : 0;
}

static bool read_clause(struct str part, struct clause *c)
{
    struct str media;
    *c = (struct clause){.q = 1};
    if (!str_next(&part, ';', &media))
        return false;
    c->params = part;
    ptrdiff_t slash = str_find(media, '/');
    if (slash < 0) {
        c->type = c->subtype = trim_blanks(media);
        return str_is(c->type, "*");
    }
    c->type = trim_blanks((struct str){media.p, (size_t)slash});
    c->subtype = trim_blanks((struct str){media.p + slash + 1, media.n - (size_t)slash - 1});
    if (str_find(c->subtype, '/') >= 0)
        return false;
    struct str params = c->params, key, value;
    while (next_param(&params, &key, &value))
        if (str_is(key, "q"))
            c->q = number(value);
    return true;
}

static bool before(const struct clause *a, const struct clause *b)
{
    if (a->q > b->q)
        return true;
    if (!str_is(a->type, "*") && str_is(b->type, "*"))
        return true;
    return !str_is(a->subtype, "*") && str_is(b->subtype, "*");
}

static int read_clauses(struct str header, struct clause *c)
{
    int n = 0;
    struct str part;
    while (n < CLAUSES_MAX && str_next(&header, ',', &part)) {
        struct clause new;
        if (!read_clause(part, &new))
            continue;
        int at = n++;
        for (; at > 0 && before(&new, &c[at - 1]); at--)
            c[at] = c[at - 1];
        c[at] = new;
    }
    return n;
}

struct target {
    bool asked;
    struct str group, version, kind;
};

static bool set_page(const struct target *t, const char *kind, struct accept *out)
{
    if (out->media == MEDIA_TEXT)
        return !t->asked;
    out->form = FORM_PAGE;
    out->as_version = str_is(t->version, "v1alpha1") ? "v1alpha1" : "v1beta1";
    return out->media != MEDIA_PROTOBUF && str_is(t->group, "config.k8s.io") &&
           str_is(t->version, out->as_version) && str_is(t->kind, kind);
}

/* A Table is JSON in all its forms: its cells and objects have no type that a message could declare. */
static bool set_form(const struct target *t, enum transform allowed, struct accept *out)
{
    if (allowed >= TRANSFORM_STATUSZ)
        return set_page(t, allowed == TRANSFORM_STATUSZ ? "Statusz" : "Flagz", out);
    if (out->media == MEDIA_TEXT)
        return false;
    if (!t->asked)
        return allowed != TRANSFORM_DISCOVERY;
    if (allowed == TRANSFORM_DISCOVERY) {
        out->form = FORM_DISCOVERY;
        out->as_version = "v2";
        return str_is(t->group, "apidiscovery.k8s.io") && str_is(t->version, "v2") &&
               str_is(t->kind, "APIGroupDiscoveryList");
    }
    if (allowed == TRANSFORM_NONE || !str_is(t->group, "meta.k8s.io"))
        return false;
    if (!str_is(t->version, "v1") && !str_is(t->version, "v1beta1"))
        return false;
    out->as_version = str_is(t->version, "v1") ? "v1" : "v1beta1";
    out->form = str_is(t->kind, "Table") ? FORM_TABLE : FORM_PARTIAL;
    if (out->form == FORM_TABLE)
        return allowed == TRANSFORM_META && out->media != MEDIA_PROTOBUF;
    out->of_list = str_is(t->kind, "PartialObjectMetadataList");
    return out->of_list || str_is(t->kind, "PartialObjectMetadata");
}

/* Whether the clause's parameters can be met with this media type. */
static bool clause_fits(const struct clause *c, const struct served *s, enum transform allowed,
                        struct accept *out)
{
    struct target t = {0};
    struct str params = c->params, key, value;
    bool pretty = false;
    while (next_param(&params, &key, &value)) {
        if (str_is(key, "as"))
            t.asked = true, t.kind = value;
        else if (str_is(key, "g"))
            t.asked = true, t.group = value;
        else if (str_is(key, "v"))
            t.asked = true, t.version = value;
        else if (str_is(key, "stream") && value.n && (!s->stream || !str_is(value, "watch")))
            return false;
        else if (str_is(key, "sv") && value.n &&
                 ((allowed != TRANSFORM_PARTIAL && allowed != TRANSFORM_META) || !str_is(value, "v1")))
            return false;
        else if (str_is(key, "pretty"))
            pretty = str_is(value, "1");
    }
    *out = (struct accept){.media = s->media,
                           .pretty = pretty ? 2 : 0,
                           .content_type = s->content_type,
                           .stream_content_type = s->stream ? s->stream : s->content_type};
    return set_form(&t, allowed, out);
}

static bool clause_names(const struct clause *c, const struct served *s)
{
    if (str_is(c->type, "*") && str_is(c->subtype, "*"))
        return true;
    return str_is(c->type, s->type) && (str_is(c->subtype, s->subtype) || str_is(c->subtype, "*"));
}

/* The parameter decides; without it, tools that people read from get indented text. */
static bool wants_pretty(struct request *rq)
{
    static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
    static const char *const people[] = {"curl", "Wget", "Mozilla/5.0"};
    struct str v;
    if (rq->query.n && memmem(rq->query.p, rq->query.n, "pretty", 6) && request_param(rq, "pretty", &v) &&
        v.n) {
        for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
            if (str_is(v, yes[i]))
                return true;
        return false;
    }
    struct str agent = request_header(rq, "user-agent");
    for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++)
        if (str_starts(agent, str_of(people[i])))
            return true;
    return false;
}

static bool choose(struct str header, enum transform t, struct accept *out)
{
    struct clause c[CLAUSES_MAX];
    int n = read_clauses(header, c);
    for (int i = 0; i < n; i++)
        for (size_t k = 0; k < NSERVED; k++)
            if (clause_names(&c[i], &served[k]) && clause_fits(&c[i], &served[k], t, out))
                return true;
    return false;
}

bool negotiate_media(struct request *rq, enum transform t, struct accept *out)
{
    struct str header = request_header(rq, "accept");
    if (header.n == 0) {
        if (t == TRANSFORM_DISCOVERY)
            return false;
        *out = (struct accept){.content_type = "application/json", .stream_content_type = "application/json"};
        if (t >= TRANSFORM_STATUSZ)
            out->media = MEDIA_TEXT;
    } else if (!choose(header, t, out)) {
        return false;
    }
    if (wants_pretty(rq) && out->media == MEDIA_JSON)
        out->pretty = 2;
    return true;
}

bool negotiate_accept(struct request *rq, enum transform t, struct accept *out, struct status *st)
{
    if (!negotiate_media(rq, t, out)) {
        status_not_acceptable(st, NEGOTIATE_TYPES);
        return false;
    }
    if (out->media == MEDIA_YAML && str_is(rq->info.verb, "watch")) {
        status_not_acceptable(st, NEGOTIATE_STREAM_TYPES);
        return false;
    }
    return true;
}

int negotiate_type(struct request *rq, const char *const *types, int n)
{
    struct clause c[CLAUSES_MAX];
    struct str header = request_header(rq, "accept");
    if (header.n == 0)
        return 0;
    int nc = read_clauses(header, c);
    for (int i = 0; i < nc; i++)
        for (int k = 0; k < n; k++) {
            struct str type = str_of(types[k]);
            size_t slash = (size_t)str_find(type, '/');
            struct str sub = {type.p + slash + 1, type.n - slash - 1};
            type.n = slash;
            if ((str_is(c[i].type, "*") && str_is(c[i].subtype, "*")) ||
                (str_eq(c[i].type, type) && (str_eq(c[i].subtype, sub) || str_is(c[i].subtype, "*"))))
                return k;
        }
    return -1;
}

static bool produces_has(const char *produces, struct str type)
{
    struct str rest = str_of(produces), one;
    while (str_next(&rest, ',', &one))
        if (str_eq(trim_blanks(one), type))
            return true;
    return false;
}

bool negotiate_route(struct request *rq, const char *produces, struct status *st)
{
    struct str header = request_header(rq, "accept"), part, type;
    if (header.n == 0)
        return true;
    while (str_next(&header, ',', &part)) {
        str_next(&part, ';', &type);
        type = trim_blanks(type);
        if (str_is(type, "*/*") || produces_has(produces, type))
            return true;
    }
    status_set(st, 406, "NotAcceptable", "406: Not Acceptable\n\nAvailable representations: %s", produces);
    status_details(st, NULL, NULL, NULL);
    return false;
}

/* ---- bodies ---- */

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= ' ' || c >= 127 || strchr("()<>@,;:\\\"/[]?=", c))
            return false;
    }
    return s.n > 0;
}

/* The media type in front of the parameters, which must be pairs; false: not the syntax of RFC 2045. */
static bool content_type(struct str header, struct str *type)
{
    struct str param;
    if (!str_next(&header, ';', type))
        return false;
    *type = str_trim(*type);
    while (str_next(&header, ';', &param)) {
        param = str_trim(param);
        ptrdiff_t eq = str_find(param, '=');
        if (param.n && (eq <= 0 || !is_token((struct str){param.p, (size_t)eq})))
            return false;
    }
    return true;
}

bool negotiate_body(struct request *rq, enum media *out, struct status *st)
{
    struct str header = request_header(rq, "content-type"), type;
    *out = MEDIA_JSON;
    if (header.n == 0)
        return true;
    bool read = content_type(header, &type);
    if (read && str_eq_nocase(type, STR("application/json")))
        return true;
    *out = MEDIA_YAML;
    if (read && str_eq_nocase(type, STR("application/yaml")))
        return true;
    *out = MEDIA_PROTOBUF;
    if (read && str_eq_nocase(type, STR("application/vnd.kubernetes.protobuf")))
        return true;
    status_unsupported_media(st, NEGOTIATE_TYPES);
    return false;
}
