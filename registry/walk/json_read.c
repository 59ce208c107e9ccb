/* A reader of our own because jansson's recurses, stops at 2,048 levels, swallows duplicate keys and words
 * its errors differently from Go's decoder, whose texts clients see. It keeps its own stack: what a client
 * sends decides about heap (bounded), never about the C stack. */
#include "registry/walk/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "registry/rules/text.h"
#include "registry/walk/tree.h"

enum { COST_SCALAR = 1, COST_ARRAY = 4, COST_OBJECT = 8 };

struct level {
    json_t *node;
    struct str key; /* of the member being read; in an object only */
};

struct reader {
    struct arena *arena;
    struct str text;
    size_t at;
    struct level *levels; /* heap: grows with the depth that is really there */
    int depth, cap;
    int cost;
    struct buf scratch; /* a string with escapes, decoded */
    struct findings *dups;
    const char *err;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct reader *r)
{
    while (r->at < r->text.n && is_blank(r->text.p[r->at]))
        r->at++;
}

static bool fail(struct reader *r, const char *what)
{
    if (!r->err)
        r->err = what;
    return false;
}

/* c as Go quotes a byte taken for a rune: '\'' '"' '\x00' '\u009e'. */
static bool fail_char(struct reader *r, unsigned char c, const char *context)
{
    char rune[4];
    const char *quoted;

    if (c == '\'' || c == '"')
        return fail(r,
                    arena_printf(r->arena, "invalid character %s %s", c == '"' ? "'\"'" : "'\\''", context));
    quoted = text_quoted(r->arena, (struct str){rune, text_put_rune(rune, c)});
    return fail(r, arena_printf(r->arena, "invalid character '%.*s' %s", (int)strlen(quoted) - 2, quoted + 1,
                                context));
}

/* The byte at r->at is wrong here. Where the text ends inside a literal Go's scanner is fed a blank and
 * complains about that one. */
static bool fail_here(struct reader *r, const char *context, bool in_literal)
{
    if (r->at < r->text.n)
        return fail_char(r, (unsigned char)r->text.p[r->at], context);
    return in_literal ? fail_char(r, ' ', context) : fail(r, "unexpected end of JSON input");
}

static bool spend(struct reader *r, int cost)
{
    r->cost += cost;
    return r->cost <= JSON_COST_MAX || fail(r, "the document holds too many values");
}

static int hex4(const char *p, size_t n)
{
    int v = 0;

    if (n < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = p[i];

        v = v << 4 | (c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1);
        if (v < 0)
            return -1;
    }
    return v;
}

/* \uXXXX with r->at at the 'u'; a high surrogate takes a following low one, a lone one becomes U+FFFD. */
static bool read_unicode(struct reader *r)
{
    char out[4];
    const char *p = r->text.p;
    uint32_t rune;
    int low;

    for (size_t i = r->at + 1; i < r->at + 5; i++) {
        char c = i < r->text.n ? p[i] : ' ';

        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
            continue;
        return fail_char(r, (unsigned char)c, "in \\u hexadecimal character escape");
    }
    rune = (uint32_t)hex4(p + r->at + 1, 4);
    r->at += 5;
    if (rune >= 0xd800 && rune < 0xdc00 && r->text.n - r->at >= 6 && p[r->at] == '\\' &&
        p[r->at + 1] == 'u') {
        low = hex4(p + r->at + 2, 4);
        if (low >= 0xdc00 && low < 0xe000) {
            rune = 0x10000 + ((rune - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
            r->at += 6;
        }
    }
    buf_put(&r->scratch, out, text_put_rune(out, rune));
    return true;
}

static bool read_escape(struct reader *r)
{
    static const char from[] = "bfnrt\\/\"", to[] = "\b\f\n\r\t\\/\"";
    const char *hit;

    r->at++;
    if (r->at >= r->text.n)
        return fail_here(r, "in string escape code", true);
    if (r->text.p[r->at] == 'u')
        return read_unicode(r);
    hit = r->text.p[r->at] ? strchr(from, r->text.p[r->at]) : NULL;
    if (!hit)
        return fail_here(r, "in string escape code", true);
    buf_putc(&r->scratch, to[hit - from]);
    r->at++;
    return true;
}

/* The rest of a string that needs decoding; from is where it began. */
static bool read_string_slow(struct reader *r, size_t from, struct str *out)
{
    buf_clear(&r->scratch);
    buf_put(&r->scratch, r->text.p + from, r->at - from);
    while (r->at < r->text.n) {
        unsigned char c = (unsigned char)r->text.p[r->at];
        uint32_t rune;
        char encoded[4];

        if (c == '"') {
            r->at++;
            *out = buf_view(&r->scratch);
            return true;
        }
        if (c < ' ')
            return fail_here(r, "in string literal", true);
        if (c == '\\') {
            if (!read_escape(r))
                return false;
        } else if (c < 0x80) {
            buf_putc(&r->scratch, (char)c);
            r->at++;
        } else {
            r->at += text_rune(r->text.p + r->at, r->text.n - r->at, &rune);
            buf_put(&r->scratch, encoded, text_put_rune(encoded, rune));
        }
    }
    return fail(r, "unexpected end of JSON input");
}

/* r->at behind the opening quote. *out points into the text or the scratch buffer: good until the next
 * string. */
static bool read_string(struct reader *r, struct str *out)
{
    size_t from = r->at;

    while (r->at < r->text.n) {
        unsigned char c = (unsigned char)r->text.p[r->at];
        uint32_t rune;
        size_t len;

        if (c == '"') {
            *out = (struct str){r->text.p + from, r->at - from};
            r->at++;
            return true;
        }
        if (c == '\\' || c < ' ')
            return read_string_slow(r, from, out);
        if (c < 0x80) {
            r->at++;
            continue;
        }
        len = text_rune(r->text.p + r->at, r->text.n - r->at, &rune);
        if (len == 1)
            return read_string_slow(r, from, out);
        r->at += len;
    }
    return fail(r, "unexpected end of JSON input");
}

static bool skip_digits(struct reader *r)
{
    size_t from = r->at;

    while (r->at < r->text.n && r->text.p[r->at] >= '0' && r->text.p[r->at] <= '9')
        r->at++;
    return r->at > from;
}

/* Checks JSON's number grammar; *real: it has a point or an exponent. */
static bool scan_number(struct reader *r, bool *point, bool *exponent)
{
    const char *p = r->text.p;

    *point = *exponent = false;
    if (p[r->at] == '-')
        r->at++;
    if (r->at < r->text.n && p[r->at] == '0')
        r->at++;
    else if (!skip_digits(r))
        return fail_here(r, "in numeric literal", true);
    if (r->at < r->text.n && p[r->at] == '.') {
        *point = true;
        r->at++;
        if (!skip_digits(r))
            return fail_here(r, "after decimal point in numeric literal", true);
    }
    if (r->at < r->text.n && (p[r->at] == 'e' || p[r->at] == 'E')) {
        *exponent = true;
        r->at++;
        if (r->at < r->text.n && (p[r->at] == '+' || p[r->at] == '-'))
            r->at++;
        if (!skip_digits(r))
            return fail_here(r, "in exponent of numeric literal", true);
    }
    return true;
}

static json_t *read_number(struct reader *r)
{
    size_t from = r->at;
    bool point, exponent;
    struct str s;
    int64_t i;
    char small[64], *text = small;
    double d;

    if (!scan_number(r, &point, &exponent))
        return NULL;
    s = (struct str){r->text.p + from, r->at - from};
    if (!point && !exponent && str_to_int64(s, &i) == 0)
        return json_integer(i);
    if (s.n >= sizeof(small))
        text = arena_cstr(r->arena, s);
    else
        *(char *)mempcpy(small, s.p, s.n) = '\0';
    d = strtod(text, NULL);
    if (isinf(d)) {
        fail(r, arena_printf(r->arena, "json: cannot unmarshal number %.*s into Go value of type float64",
                             s.n > 128 ? 128 : (int)s.n, s.p));
        return NULL;
    }
    return json_real(d);
}

static json_t *read_literal(struct reader *r, const char *word, json_t *value)
{
    for (size_t i = 1; word[i]; i++) {
        if (r->at + i < r->text.n && r->text.p[r->at + i] == word[i])
            continue;
        r->at += i;
        fail_here(r, arena_printf(r->arena, "in literal %s (expecting '%c')", word, word[i]), true);
        return NULL;
    }
    r->at += strlen(word);
    return value;
}

static bool push(struct reader *r, json_t *node)
{
    if (r->depth == JSON_DEPTH_MAX)
        return fail_here(r, "exceeded max depth", false);
    if (r->depth == r->cap) {
        int cap = r->cap ? r->cap * 2 : 32;
        struct level *more = realloc(r->levels, (size_t)cap * sizeof(*more));

        if (!more)
            return fail(r, "out of memory");
        r->levels = more;
        r->cap = cap;
    }
    r->levels[r->depth++] = (struct level){.node = node};
    return true;
}

static void report_duplicate(struct reader *r)
{
    struct buf path = {0}, text = {0};

    if (!r->dups || findings_full(r->dups))
        return;
    for (int i = 0; i < r->depth && path.n < FINDINGS_PATH_MAX; i++) {
        const struct level *l = &r->levels[i];

        if (json_is_array(l->node)) {
            buf_printf(&path, "[%zu]",
                       json_array_size(l->node) - 1); /* its last item is the one being read */
            continue;
        }
        if (path.n)
            buf_putc(&path, '.');
        buf_str(&path, l->key.n > FINDINGS_PATH_MAX ? (struct str){l->key.p, FINDINGS_PATH_MAX} : l->key);
    }
    buf_puts(&text, "duplicate field ");
    text_quote(&text, buf_view(&path));
    buf_putc(&text, '\0');
    findings_add(r->dups, text.p);
    buf_free(&path);
    buf_free(&text);
}

/* The member goes behind those that were read since, where the reference meets it again. */
static void note_twice(struct reader *r, json_t *before)
{
    const struct level *top = &r->levels[r->depth - 1];
    struct findings *f = r->dups;
    bool again = false;

    if (!f->twice)
        f->twice = arena_alloc(f->arena, FINDINGS_MAX * sizeof(*f->twice));
    if (f->ntwice == FINDINGS_MAX)
        return;
    for (int i = 0; i < f->ntwice; i++)
        again |= f->twice[i].in == top->node && str_eq(f->twice[i].key, top->key);
    f->twice[f->ntwice++] = (struct json_twice){top->node, arena_str(f->arena, top->key),
                                                tree_keep(f->arena, json_incref(before))};
    if (!again)
        json_object_deln(top->node, top->key.p, top->key.n);
}

/* Hands a finished value to the container it is in. Consumes v. */
static bool attach(struct reader *r, json_t *v)
{
    struct level *top = &r->levels[r->depth - 1];
    int rc;

    if (json_is_array(top->node)) {
        rc = json_array_append_new(top->node, v);
    } else {
        json_t *before = json_object_getn(top->node, top->key.p, top->key.n);

        if (before && r->dups && r->dups->by_type)
            note_twice(r, before);
        else if (before)
            report_duplicate(r);
        rc = json_object_setn_new_nocheck(top->node, top->key.p, top->key.n, v);
    }
    return rc == 0 || fail(r, "out of memory");
}

/* A scalar, or the start of a container: the new node, or NULL with err set. */
static json_t *read_begin(struct reader *r)
{
    char c = r->text.p[r->at];
    struct str s;

    if (!spend(r, c == '{' ? COST_OBJECT : c == '[' ? COST_ARRAY : COST_SCALAR))
        return NULL;
    switch (c) {
    case '{':
        return json_object();
    case '[':
        return json_array();
    case '"':
        r->at++;
        return read_string(r, &s) ? json_stringn_nocheck(s.n ? s.p : "", s.n) : NULL;
    case 't':
        return read_literal(r, "true", json_true());
    case 'f':
        return read_literal(r, "false", json_false());
    case 'n':
        return read_literal(r, "null", json_null());
    default:
        if (c == '-' || (c >= '0' && c <= '9'))
            return read_number(r);
        fail_here(r, "looking for beginning of value", false);
        return NULL;
    }
}

/* In an object, in front of a key: reads it and the colon. */
static bool read_key(struct reader *r)
{
    struct str key;
    struct level *top = &r->levels[r->depth - 1];

    skip_blanks(r);
    if (r->at >= r->text.n || r->text.p[r->at] != '"')
        return fail_here(r, "looking for beginning of object key string", false);
    r->at++;
    if (!read_string(r, &key))
        return false;
    /* A key that was decoded sits in the scratch buffer, which the value may need. */
    top->key = key.p == r->scratch.p ? arena_str(r->arena, key) : key;
    if (!top->key.p)
        top->key.p = "";
    skip_blanks(r);
    if (r->at >= r->text.n || r->text.p[r->at] != ':')
        return fail_here(r, "after object key", false);
    r->at++;
    return true;
}

/* After a value: closes containers that end here and moves to the next member. *done: the outermost is
 * closed. */
static bool read_end(struct reader *r, bool *done)
{
    while (r->depth > 0) {
        bool object = json_is_object(r->levels[r->depth - 1].node);
        char c;

        skip_blanks(r);
        c = r->at < r->text.n ? r->text.p[r->at] : '\0';
        if (c == ',') {
            r->at++;
            return object ? read_key(r) : true;
        }
        if (r->at >= r->text.n || c != (object ? '}' : ']'))
            return fail_here(r, object ? "after object key:value pair" : "after array element", false);
        r->at++;
        r->depth--;
    }
    *done = true;
    return true;
}

/* Behind '{' or '[' of a container just pushed: *empty if it ends at once, else ready for its first value. */
static bool read_first(struct reader *r, bool object, bool *empty)
{
    r->at++;
    skip_blanks(r);
    *empty = r->at < r->text.n && r->text.p[r->at] == (object ? '}' : ']');
    if (*empty)
        return true;
    return object ? read_key(r) : true;
}

/* One turn: a value and what follows it. *root is set by the first. */
static bool read_step(struct reader *r, json_t **root, bool *done)
{
    json_t *v;
    bool container, empty;

    skip_blanks(r);
    if (r->at >= r->text.n)
        return fail(r, "unexpected end of JSON input");
    container = r->text.p[r->at] == '{' || r->text.p[r->at] == '[';
    v = read_begin(r);
    if (!v)
        return fail(r, "out of memory");
    if (r->depth == 0)
        *root = v;
    else if (!attach(r, v))
        return false;
    if (!container)
        return read_end(r, done);
    if (!push(r, v) || !read_first(r, json_is_object(v), &empty))
        return false;
    return empty ? read_end(r, done) : true;
}

json_t *json_read(struct arena *a, struct str text, struct findings *dups, const char **err)
{
    struct reader r = {.arena = a, .text = text, .dups = dups};
    json_t *root = NULL;
    bool done = false, ok = true;

    while (ok && !done)
        ok = read_step(&r, &root, &done);
    if (ok) {
        skip_blanks(&r);
        if (r.at < r.text.n)
            ok = fail_here(&r, "after top-level value", false);
    }
    free(r.levels);
    buf_free(&r.scratch);
    if (ok)
        return root;
    json_decref(root);
    *err = r.err;
    return NULL;
}
