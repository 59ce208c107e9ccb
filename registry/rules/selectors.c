/* Label and field selectors: the reference's grammars (apimachinery labels and fields packages) with their
 * errors. Parsing copies what it keeps into the request's arena; matching allocates nothing. */
#include "registry/rules/selectors.h"

#include <stdlib.h>
#include "registry/rules/names.h"
#include "registry/rules/text.h"

enum token { T_END, T_CLOSE, T_COMMA, T_NOT, T_EQ2, T_EQ, T_GT, T_ID, T_IN, T_LT, T_NE, T_NOTIN, T_OPEN };

struct lexer {
    struct arena *arena;
    struct str text;
    size_t at;
    enum token tok; /* looked at, not taken yet */
    struct str lit;
    const char *err;
};

struct strs {
    struct str *p;
    int n, cap;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_symbol(char c)
{
    return c && strchr("=!(),><", c);
}

static const struct {
    const char *text;
    enum token tok;
} symbols[] = {{"==", T_EQ2}, {"!=", T_NE}, {"=", T_EQ}, {")", T_CLOSE}, {",", T_COMMA},
               {"!", T_NOT},  {">", T_GT},  {"<", T_LT}, {"(", T_OPEN}};

static void lex_symbol(struct lexer *l)
{
    struct str rest = {l->text.p + l->at, l->text.n - l->at};

    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        if (!str_starts(rest, str_of(symbols[i].text)))
            continue;
        l->tok = symbols[i].tok;
        l->lit = str_of(symbols[i].text);
        l->at += l->lit.n;
        return;
    }
}

/* A NUL ends a token and goes with it. */
static void skip_nul(struct lexer *l)
{
    if (l->at < l->text.n && !l->text.p[l->at])
        l->at++;
}

static void next(struct lexer *l)
{
    size_t from;

    while (l->at < l->text.n && is_blank(l->text.p[l->at]))
        l->at++;
    l->lit = STR("");
    if (l->at >= l->text.n || !l->text.p[l->at]) {
        l->tok = T_END;
        return;
    }
    if (is_symbol(l->text.p[l->at])) {
        lex_symbol(l);
        skip_nul(l);
        return;
    }
    from = l->at;
    while (l->at < l->text.n && l->text.p[l->at] && !is_blank(l->text.p[l->at]) &&
           !is_symbol(l->text.p[l->at]))
        l->at++;
    l->lit = (struct str){l->text.p + from, l->at - from};
    skip_nul(l);
    l->tok = str_is(l->lit, "in") ? T_IN : str_is(l->lit, "notin") ? T_NOTIN : T_ID;
}

/* "in" and "notin" are operators only where one is expected. */
static bool is_id(const struct lexer *l)
{
    return l->tok == T_ID || l->tok == T_IN || l->tok == T_NOTIN;
}

static bool fail(struct lexer *l, const char *what)
{
    if (!l->err)
        l->err = what;
    return false;
}

static bool found(struct lexer *l, struct str lit, const char *expected)
{
    return fail(l, arena_printf(l->arena, "found '%.*s', expected: %s", STR_ARG(lit), expected));
}

static void strs_add(struct arena *a, struct strs *v, struct str s)
{
    if (v->n == v->cap) {
        int cap = v->cap ? v->cap * 2 : 4;
        struct str *more = arena_alloc(a, (size_t)cap * sizeof(*more));

        if (v->n)
            memcpy(more, v->p, (size_t)v->n * sizeof(*more));
        v->p = more;
        v->cap = cap;
    }
    v->p[v->n++] = s;
}

static int cmp_strs(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void sort_unique(struct strs *v)
{
    int kept = 0;

    if (v->n)
        qsort(v->p, (size_t)v->n, sizeof(*v->p), cmp_strs);
    for (int i = 0; i < v->n; i++) {
        if (kept == 0 || !str_eq(v->p[kept - 1], v->p[i]))
            v->p[kept++] = v->p[i];
    }
    v->n = kept;
}

/* Behind '(' and in front of something else than ')': ends at the ')', which is not taken. */
static bool parse_list(struct lexer *l, struct strs *v)
{
    for (;;) {
        struct str lit = l->lit;

        if (is_id(l)) {
            strs_add(l->arena, v, lit);
            next(l);
            if (l->tok == T_CLOSE)
                return true;
            if (l->tok != T_COMMA)
                return found(l, l->lit, "',' or ')'");
            continue;
        }
        if (l->tok != T_COMMA)
            return found(l, lit, "',', or identifier");
        next(l);
        if (v->n == 0 || l->tok == T_CLOSE || l->tok == T_COMMA)
            strs_add(l->arena, v, STR(""));
        if (l->tok == T_CLOSE)
            return true;
    }
}

static bool parse_values(struct lexer *l, struct strs *v)
{
    if (l->tok != T_OPEN)
        return fail(l, arena_printf(l->arena, "found '%.*s' expected: '('", STR_ARG(l->lit)));
    next(l);
    if (l->tok == T_CLOSE)
        strs_add(l->arena, v, STR(""));
    else if (!is_id(l) && l->tok != T_COMMA)
        return found(l, l->lit, "',', ')' or identifier");
    else if (!parse_list(l, v))
        return false;
    next(l);
    return true;
}

static bool parse_value(struct lexer *l, struct strs *v)
{
    if (l->tok == T_END || l->tok == T_COMMA) {
        strs_add(l->arena, v, STR(""));
        return true;
    }
    if (!is_id(l))
        return found(l, l->lit, "identifier");
    strs_add(l->arena, v, l->lit);
    next(l);
    return true;
}

static const char *joined(struct arena *a, const struct name_errors *e)
{
    const char *text = e->text[0];

    for (int i = 1; i < e->n; i++)
        text = arena_printf(a, "%s; %s", text, e->text[i]);
    return text;
}

/* The errors of one requirement's values, as one aggregate. */
static bool check_values(struct lexer *l, struct label_requirement *r)
{
    struct status st = {.arena = l->arena};
    struct name_errors e;

    for (int i = 0; i < r->nvalues && (r->op == SEL_GT || r->op == SEL_LT); i++) {
        if (str_to_int64(r->values[i], &r->number) != 0)
            field_invalid_str(&st, arena_printf(l->arena, "values[%d]", i), r->values[i],
                              "for 'Gt', 'Lt' operators, the value must be an integer");
    }
    for (int i = 0; i < r->nvalues; i++) {
        name_label_value_errors(r->values[i], &e);
        if (e.n)
            field_invalid_str(&st, arena_printf(l->arena, "values[%d][%.*s]", i, STR_ARG(r->key)),
                              r->values[i], joined(l->arena, &e));
    }
    return st.ncauses ? fail(l, status_aggregate(&st)) : true;
}

static bool parse_operator(struct lexer *l, enum selector_op *op)
{
    static const struct {
        enum token tok;
        enum selector_op op;
    } operators[] = {{T_IN, SEL_IN}, {T_EQ, SEL_EQUALS},    {T_EQ2, SEL_EQUALS},   {T_GT, SEL_GT},
                     {T_LT, SEL_LT}, {T_NOTIN, SEL_NOT_IN}, {T_NE, SEL_NOT_EQUALS}};

    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (operators[i].tok == l->tok) {
            *op = operators[i].op;
            next(l);
            return true;
        }
    }
    return found(l, l->lit, "in, notin, =, ==, !=, gt, lt");
}

static bool parse_requirement(struct lexer *l, struct label_requirement *r)
{
    struct name_errors e;
    struct strs values = {0};
    bool not = l->tok == T_NOT;

    *r = (struct label_requirement){.op = not ? SEL_NOT_EXISTS : SEL_EXISTS};
    if (not )
        next(l);
    if (!is_id(l))
        return found(l, l->lit, "identifier");
    r->key = l->lit;
    name_qualified_errors(l->arena, r->key, &e);
    if (e.n)
        return fail(l, arena_printf(l->arena, "<nil>: Invalid value: %s: %s", text_quoted(l->arena, r->key),
                                    joined(l->arena, &e)));
    next(l);
    if (not || l->tok == T_END || l->tok == T_COMMA)
        return true;
    if (!parse_operator(l, &r->op))
        return false;
    if (!(r->op == SEL_IN || r->op == SEL_NOT_IN ? parse_values(l, &values) : parse_value(l, &values)))
        return false;
    sort_unique(&values);
    r->values = values.p;
    r->nvalues = values.n;
    return check_values(l, r);
}

static void add_requirement(struct arena *a, struct label_selector *s, int *cap, struct label_requirement r)
{
    if (s->n == *cap) {
        struct label_requirement *more;

        *cap = *cap ? *cap * 2 : 4;
        more = arena_alloc(a, (size_t)*cap * sizeof(*more));
        if (s->n)
            memcpy(more, s->req, (size_t)s->n * sizeof(*more));
        s->req = more;
    }
    s->req[s->n++] = r;
}

static bool parse_selector(struct lexer *l, struct label_selector *out)
{
    int cap = 0;

    next(l);
    for (;;) {
        struct label_requirement r;

        if (l->tok == T_END)
            return true;
        if (!is_id(l) && l->tok != T_NOT)
            return found(l, l->lit, "!, identifier, or 'end of string'");
        if (!parse_requirement(l, &r)) {
            l->err = arena_printf(l->arena, "unable to parse requirement: %s", l->err);
            return false;
        }
        add_requirement(l->arena, out, &cap, r);
        if (l->tok == T_END)
            return true;
        if (l->tok != T_COMMA)
            return found(l, l->lit, "',' or 'end of string'");
        next(l);
        if (!is_id(l) && l->tok != T_NOT)
            return found(l, l->lit, "identifier after ','");
    }
}

bool label_selector_parse(struct arena *a, struct str text, struct label_selector *out, struct status *st)
{
    struct lexer l = {.arena = a, .text = arena_str(a, text)};

    *out = (struct label_selector){0};
    if (parse_selector(&l, out))
        return true;
    status_bad_request(st, "%s", l.err);
    return false;
}

static bool has_value(const struct label_requirement *r, struct str value)
{
    for (int i = 0; i < r->nvalues; i++) {
        if (str_eq(r->values[i], value))
            return true;
    }
    return false;
}

static bool requirement_matches(const struct label_requirement *r, selector_get get, const void *arg)
{
    struct str value = STR_NONE;
    bool there = get(arg, r->key, &value);
    int64_t number;

    switch (r->op) {
    case SEL_EQUALS:
    case SEL_IN:
        return there && has_value(r, value);
    case SEL_NOT_EQUALS:
    case SEL_NOT_IN:
        return !there || !has_value(r, value);
    case SEL_EXISTS:
        return there;
    case SEL_NOT_EXISTS:
        return !there;
    case SEL_GT:
    case SEL_LT:
        if (!there || str_to_int64(value, &number) != 0)
            return false;
        return r->op == SEL_GT ? number > r->number : number < r->number;
    }
    return false;
}

bool label_selector_matches(const struct label_selector *s, selector_get get, const void *arg)
{
    for (int i = 0; i < s->n; i++) {
        if (!requirement_matches(&s->req[i], get, arg))
            return false;
    }
    return true;
}

/* Cuts the next term off *rest at a comma that has no backslash before it. */
static bool next_term(struct str *rest, struct str *term)
{
    size_t i = 0;

    if (!rest->p)
        return false;
    for (; i < rest->n && rest->p[i] != ','; i++) {
        if (rest->p[i] == '\\' && i + 1 < rest->n)
            i++;
    }
    *term = (struct str){rest->p, i};
    *rest = i < rest->n ? (struct str){rest->p + i + 1, rest->n - i - 1} : STR_NONE;
    return true;
}

static bool unescape(struct arena *a, struct str in, struct str *out, struct status *st)
{
    char *p = arena_raw(a, in.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < in.n; i++) {
        uint32_t rune;

        if (in.p[i] == ',' || in.p[i] == '=') {
            status_bad_request(st, "invalid field selector: unescaped character in value: %d", in.p[i]);
            return false;
        }
        if (in.p[i] != '\\') {
            p[n++] = in.p[i];
            continue;
        }
        i++;
        if (i < in.n && strchr("\\,=", in.p[i]) && in.p[i]) {
            p[n++] = in.p[i];
            continue;
        }
        status_bad_request(st, "invalid field selector: invalid escape sequence: \\%.*s",
                           i < in.n ? (int)text_rune(in.p + i, in.n - i, &rune) : 0,
                           i < in.n ? in.p + i : "");
        return false;
    }
    *out = (struct str){p, n};
    return true;
}

/* Kinds whose unknown labels are refused in words of their own, and one whose labels the reference forgot. */
static const struct {
    const char *group, *kind, *format;
} refusals[] = {
    {"batch", "Job", "field label \"%.*s\" not supported for Job"},
    {"resource.k8s.io", "ResourceSlice",
     "field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: %.*s"},
    {"apps", "ReplicaSet", NULL},
};

static const char *refusal_format(const struct schema_resource *r, bool *no_labels)
{
    *no_labels = r->nselectable == 0;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (strcmp(refusals[i].group, r->group) != 0 || strcmp(refusals[i].kind, r->kind) != 0)
            continue;
        *no_labels = *no_labels || !refusals[i].format;
        return refusals[i].format;
    }
    return "field label not supported: %.*s";
}

static bool refuse_label(struct str label, const struct schema_resource *r, struct status *st)
{
    bool no_labels;
    const char *format = refusal_format(r, &no_labels);

    if (no_labels) {
        status_bad_request(st,
                           "%s is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
                           text_quoted(st->arena, label));
        return false;
    }
    st->code = 400;
    st->reason = "BadRequest";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    st->message = arena_printf(st->arena, format, STR_ARG(label));
#pragma GCC diagnostic pop
    return false;
}

static bool find_label(struct str label, const struct schema_resource *r, struct field_requirement *f,
                       struct status *st)
{
    bool no_labels;

    refusal_format(r, &no_labels);
    if (str_is(label, "metadata.name")) {
        f->where = FIELD_NAME;
        return true;
    }
    if (str_is(label, "metadata.namespace") && (no_labels || (r->flags & RESOURCE_NAMESPACED))) {
        f->where = FIELD_NAMESPACE;
        return true;
    }
    for (int i = 0; !no_labels && i < r->nselectable; i++) {
        if (str_is(label, r->selectable[i].label)) {
            f->where = FIELD_SLOT;
            f->slot = (uint16_t)i;
            return true;
        }
    }
    return refuse_label(label, r, st);
}

static bool parse_term(struct arena *a, struct str whole, struct str term, const struct schema_resource *r,
                       struct field_requirement *f, struct status *st)
{
    struct str label, value;
    size_t i = 0;

    while (i < term.n && term.p[i] != '=' && !(term.p[i] == '!' && i + 1 < term.n && term.p[i + 1] == '='))
        i++;
    if (i == term.n) {
        status_bad_request(st, "invalid selector: '%.*s'; can't understand '%.*s'", STR_ARG(whole),
                           STR_ARG(term));
        return false;
    }
    label = (struct str){term.p, i};
    f->not_equal = term.p[i] == '!';
    i += f->not_equal || (i + 1 < term.n && term.p[i + 1] == '=') ? 2 : 1;
    value = (struct str){term.p + i, term.n - i};
    return unescape(a, value, &f->value, st) && find_label(label, r, f, st);
}

bool field_selector_parse(struct arena *a, struct str text, const struct schema_resource *r,
                          struct field_selector *out, struct status *st)
{
    struct strs terms = {0};
    struct str rest, term;

    *out = (struct field_selector){0};
    if (text.n == 0)
        return true;
    rest = text = arena_str(a, text);
    while (next_term(&rest, &term)) {
        if (term.n)
            strs_add(a, &terms, term);
    }
    if (terms.n)
        qsort(terms.p, (size_t)terms.n, sizeof(*terms.p), cmp_strs);
    out->req = arena_alloc(a, (size_t)terms.n * sizeof(*out->req));
    for (int i = 0; i < terms.n; i++) {
        if (!parse_term(a, text, terms.p[i], r, &out->req[i], st))
            return false;
        out->n++;
    }
    return true;
}

/* Selectable fields that are not just the text at their path. */
static const struct {
    const char *path;
    const char *fallback; /* another path when that one is empty */
    const char *absent;   /* what a field that is left out means */
} special[] = {
    {"spec.hostNetwork", NULL, "false"},
    {"spec.unschedulable", NULL, "false"},
    {"status.replicas", NULL, "0"},
    {"status.succeeded", NULL, "0"},
    {"source.component", "reportingComponent", ""},
};

static const json_t *at_path(const json_t *v, const char *path)
{
    struct str rest = str_of(path), piece;

    if (str_starts(rest, STR(".")))
        rest = (struct str){rest.p + 1, rest.n - 1};
    while (v && str_next(&rest, '.', &piece))
        v = json_object_getn(v, piece.p, piece.n);
    return v;
}

static struct str scalar_text(struct arena *a, const json_t *v)
{
    struct buf b = {0};
    struct str s = STR("");

    if (json_is_string(v))
        return (struct str){json_string_value(v), json_string_length(v)};
    if (json_is_boolean(v))
        return json_is_true(v) ? STR("true") : STR("false");
    if (json_is_integer(v))
        return str_of(arena_printf(a, "%lld", (long long)json_integer_value(v)));
    if (json_is_real(v)) {
        text_put_double(&b, json_real_value(v));
        s = arena_str(a, buf_view(&b));
        buf_free(&b);
    }
    return s;
}

struct str selectable_value(struct arena *a, const json_t *obj, const struct schema_selectable *f)
{
    const char *path = f->path ? f->path : f->label;
    struct str value;

    value = scalar_text(a, at_path(obj, path));
    for (size_t i = 0; value.n == 0 && i < sizeof(special) / sizeof(special[0]); i++) {
        if (strcmp(special[i].path, path) != 0)
            continue;
        value = str_of(special[i].absent);
        if (special[i].fallback)
            value = scalar_text(a, at_path(obj, special[i].fallback));
    }
    return value;
}
