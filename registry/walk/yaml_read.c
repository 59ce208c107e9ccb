/* libyaml's events to a tree, with the meaning that sigs.k8s.io/yaml gives them: YAML 1.1 scalars (yes, on,
 * 0755), keys turned to strings, merge keys. Aliases are copied, because trees are changed in place; what
 * that may cost is bounded by the same budget as JSON, and by the reference's own rule against documents that
 * are mostly aliases. */
#include "registry/walk/json.h"

#include <stdlib.h>
#include <yaml.h>
#include "registry/rules/text.h"
#include "registry/walk/tree.h"
#include "registry/walk/yamltext.h"

#define PLAIN_KEY_MAX 1000 /* YAML has a bound for keys */

#define MERGE_TAG "tag:yaml.org,2002:merge"
#define DIRECTIVES_MAX 100

enum { COST_SCALAR = 1, COST_ARRAY = 4, COST_OBJECT = 8, COST_TEXT_BYTES = 32 };

/* A mapping or sequence that is not complete; owns its node. */
struct level {
    struct level *up;
    json_t *node;
    size_t line;
    struct str key; /* of a mapping, when its value is next */
    const char *key_shown;
    bool has_key, merging;
};

struct reader {
    struct arena *arena;
    yaml_parser_t parser;
    struct level *top;
    int depth;
    int64_t cost;
    int64_t nodes, alias_nodes; /* as the reference counts them */
    json_t *anchors;            /* name -> node */
    struct findings *dups;
    json_t *root;
    const char *err;
};

static bool fail(struct reader *r, const char *what)
{
    if (!r->err)
        r->err = arena_printf(r->arena, "yaml: %s", what);
    return false;
}

/* libyaml's complaint in the form the reference's copy of it uses. */
static bool fail_parser(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem ? p->problem : "unknown problem parsing YAML content";
    size_t line = p->problem_mark.line;

    if (line && p->error == YAML_SCANNER_ERROR)
        line++;
    else if (!line)
        line = p->context_mark.line;
    if (p->error == YAML_READER_ERROR || !line)
        return fail(r, problem);
    return fail(r, arena_printf(r->arena, "line %zu: %s", line, problem));
}

static bool spend(struct reader *r, int64_t cost)
{
    r->cost += cost;
    return r->cost <= JSON_COST_MAX || fail(r, "the document holds too many values");
}

/* Expanding aliases may make up only so much of a large document. */
static bool alias_ratio_ok(struct reader *r)
{
    double allowed = 0.99;

    if (r->alias_nodes <= 100 || r->nodes <= 1000)
        return true;
    if (r->nodes > 400000)
        allowed = r->nodes >= 4000000 ? 0.10 : 0.99 - 0.89 * (double)(r->nodes - 400000) / 3600000;
    return (double)r->alias_nodes / (double)r->nodes <= allowed ||
           fail(r, "document contains excessive aliasing");
}

/* Consumes v. */
static bool set_member(struct reader *r, struct level *l, struct str key, const char *shown, json_t *v,
                       size_t line)
{
    if (r->dups && !findings_full(r->dups) && json_object_getn(l->node, key.p, key.n))
        findings_add(r->dups, arena_printf(r->arena, "line %zu: key %s already set in map", line,
                                           shown ? shown : text_quoted(r->arena, key)));
    return json_object_setn_new_nocheck(l->node, key.p, key.n, v) == 0 || fail(r, "out of memory");
}

/* `<<: *defaults`: the members of a map, or of each map in a list, the first one last so that it wins. */
static bool merge(struct reader *r, struct level *l, json_t *from, size_t line)
{
    if (json_is_array(from)) {
        for (size_t i = json_array_size(from); i-- > 0;) {
            if (json_is_array(json_array_get(from, i)) || !merge(r, l, json_array_get(from, i), line))
                return fail(r, "map merge requires map or sequence of maps as the value");
        }
        return true;
    }
    if (!json_is_object(from))
        return fail(r, "map merge requires map or sequence of maps as the value");
    for (void *it = json_object_iter(from); it; it = json_object_iter_next(from, it)) {
        struct str key = {json_object_iter_key(it), json_object_iter_key_len(it)};

        if (!set_member(r, l, key, NULL, json_deep_copy(json_object_iter_value(it)), line))
            return false;
    }
    return true;
}

static bool wants_key(const struct reader *r)
{
    return r->top && json_is_object(r->top->node) && !r->top->has_key;
}

/* Hands a finished value to where it belongs. Consumes v. */
static bool deliver(struct reader *r, json_t *v, size_t line)
{
    struct level *l = r->top;
    bool ok;

    if (!l) {
        r->root = v;
        return true;
    }
    if (json_is_array(l->node))
        return json_array_append_new(l->node, v) == 0 || fail(r, "out of memory");
    if (!l->has_key) {
        json_decref(v);
        return fail(r, "invalid map key");
    }
    l->has_key = false;
    if (!l->merging)
        return set_member(r, l, l->key, l->key_shown, v, line);
    l->merging = false;
    ok = merge(r, l, v, line);
    json_decref(v);
    return ok;
}

static bool take_key(struct reader *r, const struct yaml_scalar *v)
{
    if (yaml_scalar_key(r->arena, v, &r->top->key, &r->top->key_shown)) {
        r->top->has_key = true;
        return true;
    }
    r->err = "unsupported map key of type: %!s(<nil>), key: <nil>";
    return false;
}

static void remember(struct reader *r, const void *anchor, json_t *v)
{
    if (anchor)
        json_object_set_nocheck(r->anchors, anchor, v);
}

static bool on_scalar(struct reader *r, const yaml_event_t *e)
{
    struct str text = {(const char *)e->data.scalar.value, e->data.scalar.length};
    const char *tag = (const char *)e->data.scalar.tag;
    bool plain = e->data.scalar.plain_implicit;
    struct yaml_scalar scalar;
    json_t *v;

    r->nodes++;
    if (!spend(r, COST_SCALAR))
        return false;
    if (wants_key(r) && str_is(text, "<<") && (plain || (tag && strcmp(tag, MERGE_TAG) == 0))) {
        r->top->has_key = r->top->merging = true;
        return true;
    }
    if (!yaml_scalar_read(r->arena, text, tag, plain, &scalar, &r->err))
        return false;
    if (wants_key(r) && !e->data.scalar.anchor)
        return take_key(r, &scalar);
    v = yaml_scalar_json(&scalar, &r->err);
    if (!v)
        return false;
    remember(r, e->data.scalar.anchor, v);
    if (!wants_key(r))
        return deliver(r, v, e->start_mark.line + 1);
    json_decref(v);
    return take_key(r, &scalar);
}

/* Text that stands in the body once and is copied for every alias. */
static int64_t text_cost(size_t n)
{
    return (int64_t)(n / COST_TEXT_BYTES);
}

/* What a copy of v costs, and how deep it goes. */
static int64_t measure(const json_t *v, int64_t *nodes, int *depth)
{
    json_t *o = (json_t *)v; /* jansson's iterators take no const */
    int64_t cost = json_is_object(v) ? COST_OBJECT : json_is_array(v) ? COST_ARRAY : COST_SCALAR;
    int deepest = 0;

    cost += text_cost(json_string_length(v));
    (*nodes)++;
    for (size_t i = 0; i < json_array_size(v); i++) {
        int d = 0;

        cost += measure(json_array_get(v, i), nodes, &d);
        deepest = d > deepest ? d : deepest;
    }
    for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it)) {
        int d = 0;

        (*nodes)++;
        cost += COST_SCALAR + text_cost(json_object_iter_key_len(it)) +
                measure(json_object_iter_value(it), nodes, &d);
        deepest = d > deepest ? d : deepest;
    }
    *depth = deepest + 1;
    return cost;
}

/* An alias to a scalar in the place of a key. */
static bool alias_key(struct reader *r, const json_t *v)
{
    struct yaml_scalar scalar = {.kind = YAML_IS_NULL};

    if (json_is_object(v) || json_is_array(v))
        return fail(r, "invalid map key");
    if (json_is_string(v))
        scalar =
            (struct yaml_scalar){.kind = YAML_IS_STRING, .s = {json_string_value(v), json_string_length(v)}};
    else if (json_is_integer(v))
        scalar = (struct yaml_scalar){.kind = YAML_IS_INT, .i = json_integer_value(v)};
    else if (json_is_real(v))
        scalar = (struct yaml_scalar){.kind = YAML_IS_FLOAT, .f = json_real_value(v)};
    else if (json_is_boolean(v))
        scalar = (struct yaml_scalar){.kind = YAML_IS_BOOL, .b = json_is_true(v)};
    return take_key(r, &scalar);
}

static bool on_alias(struct reader *r, const yaml_event_t *e)
{
    const char *name = (const char *)e->data.alias.anchor;
    json_t *v = json_object_get(r->anchors, name);
    int64_t nodes = 0;
    int depth = 0;

    if (!v)
        return fail(r, arena_printf(r->arena, "unknown anchor '%s' referenced", name));
    for (const struct level *l = r->top; l; l = l->up) {
        if (l->node == v)
            return fail(r, arena_printf(r->arena, "anchor '%s' value contains itself", name));
    }
    if (wants_key(r))
        return alias_key(r, v);
    if (!spend(r, measure(v, &nodes, &depth)))
        return false;
    r->nodes += nodes;
    r->alias_nodes += nodes;
    if (r->depth + depth > JSON_DEPTH_MAX)
        return fail(r, "exceeded max depth of 10000");
    return alias_ratio_ok(r) && deliver(r, json_deep_copy(v), e->start_mark.line + 1);
}

static bool on_open(struct reader *r, json_t *node, const void *anchor, size_t line)
{
    struct level *l = arena_alloc(r->arena, sizeof(*l));

    *l = (struct level){.up = r->top, .node = node, .line = line};
    r->top = l;
    r->nodes++;
    remember(r, anchor, node);
    if (++r->depth > JSON_DEPTH_MAX)
        return fail(r, "exceeded max depth of 10000");
    return spend(r, json_is_object(node) ? COST_OBJECT : COST_ARRAY);
}

static bool on_close(struct reader *r)
{
    struct level *l = r->top;

    r->top = l->up;
    r->depth--;
    return deliver(r, l->node, l->line);
}

/* *done: the first document is complete, or there is none. */
static bool on_event(struct reader *r, const yaml_event_t *e, bool *done)
{
    size_t line = e->start_mark.line + 1;

    switch (e->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(r, e);
    case YAML_ALIAS_EVENT:
        return on_alias(r, e);
    case YAML_MAPPING_START_EVENT:
        return on_open(r, json_object(), e->data.mapping_start.anchor, line);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(r, json_array(), e->data.sequence_start.anchor, line);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        return on_close(r);
    case YAML_DOCUMENT_END_EVENT:
    case YAML_STREAM_END_EVENT:
        *done = true;
        return true;
    default:
        return true;
    }
}

static bool read_document(struct reader *r)
{
    bool done = false, ok = true;

    while (ok && !done) {
        yaml_event_t e;

        if (!yaml_parser_parse(&r->parser, &e))
            return fail_parser(r);
        ok = on_event(r, &e, &done);
        yaml_event_delete(&e);
    }
    return ok;
}

/* libyaml compares each %TAG with all before it, and each tag with all of them. Lines that begin with '%' are
 * counted wherever they are; a NUL or the end of a rune before it may be a line break in UTF-16 or one of
 * Unicode's own. */
static bool too_many_directives(struct str text)
{
    int n = 0;

    for (size_t i = 0; i < text.n && n <= DIRECTIVES_MAX; i++) {
        unsigned char before = i ? (unsigned char)text.p[i - 1] : '\n';

        n += text.p[i] == '%' && (before == '\n' || before == '\r' || before == 0 || before >= 0x80);
    }
    return n > DIRECTIVES_MAX;
}

/* ---- JSON is YAML ---- */

/* Whether all bytes and escapes are such as both languages read alike. */
static bool is_plain(struct str text)
{
    if (text.n == 0 || text.p[0] != '{')
        return false;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        if ((c < ' ' && c != '\n') || c > '~')
            return false;
        if (c == '\\' && (++i == text.n || !strchr("\"\\/bfnrt", text.p[i])))
            return false;
    }
    return true;
}

/* Whether YAML has the same values and keys for it: a whole number with a point is an integer there.
 * Recursion as deep as the tree. */
static bool is_alike(json_t *v)
{
    if (json_is_real(v))
        return false;
    for (size_t i = 0; i < json_array_size(v); i++)
        if (!is_alike(json_array_get(v, i)))
            return false;
    for (void *it = json_object_iter(v); it; it = json_object_iter_next(v, it))
        if (json_object_iter_key_len(it) > PLAIN_KEY_MAX || strcmp(json_object_iter_key(it), "<<") == 0 ||
            !is_alike(json_object_iter_value(it)))
            return false;
    return true;
}

/* Most of what is applied is JSON, which its own reader reads in a third of the time. NULL: to be read as
 * YAML, if only for its errors. */
static json_t *read_json(struct arena *a, struct str text)
{
    struct findings found = {.arena = a};
    const char *err;
    json_t *v = is_plain(text) ? json_read(a, text, &found, &err) : NULL;

    if (v && found.n == 0 && is_alike(v))
        return v;
    json_decref(v);
    return NULL;
}

json_t *yaml_read(struct arena *a, struct str text, struct findings *dups, const char **err)
{
    struct reader r = {.arena = a, .dups = dups};
    bool ok;

    r.root = read_json(a, text);
    if (r.root) {
        tree_sort_all_keys(r.root);
        return r.root;
    }
    if (too_many_directives(text)) {
        *err = "yaml: too many directives";
        return NULL;
    }

    if (!yaml_parser_initialize(&r.parser)) {
        *err = "yaml: out of memory";
        return NULL;
    }
    r.anchors = json_object();
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.n ? text.p : ""), text.n);
    ok = read_document(&r);
    yaml_parser_delete(&r.parser);
    for (struct level *l = r.top; l; l = l->up)
        json_decref(l->node);
    json_decref(r.anchors);
    if (ok) {
        tree_sort_all_keys(r.root); /* on the way to JSON it was a map of Go */
        return r.root ? r.root : json_null();
    }
    json_decref(r.root);
    *err = r.err;
    return NULL;
}
