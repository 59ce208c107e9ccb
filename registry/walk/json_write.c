/* Trees to text as Go's encoder writes them, HTML characters escaped: what the reference sends byte for byte.
 */
#include "registry/walk/json.h"

#include "registry/rules/text.h"

/* 0: as it is; 'u': \u00xx; '!': first byte of a rune to be looked at; else the letter behind the backslash.
 */
static const unsigned char escapes[256] = {
    [0] = 'u',   [1] = 'u',
    [2] = 'u',   [3] = 'u',
    [4] = 'u',   [5] = 'u',
    [6] = 'u',   [7] = 'u',
    [8] = 'b',   [9] = 't',
    [10] = 'n',  [11] = 'u',
    [12] = 'f',  [13] = 'r',
    [14] = 'u',  [15] = 'u',
    [16] = 'u',  [17] = 'u',
    [18] = 'u',  [19] = 'u',
    [20] = 'u',  [21] = 'u',
    [22] = 'u',  [23] = 'u',
    [24] = 'u',  [25] = 'u',
    [26] = 'u',  [27] = 'u',
    [28] = 'u',  [29] = 'u',
    [30] = 'u',  [31] = 'u',
    ['"'] = '"', ['\\'] = '\\',
    ['<'] = 'u', ['>'] = 'u',
    ['&'] = 'u', [0x80 ... 0xff] = '!',
};

/* The byte at s.p[i] can't be copied as it is; returns how many bytes were dealt with. */
static size_t put_special(struct buf *out, struct str s, size_t i)
{
    unsigned char c = (unsigned char)s.p[i], how = escapes[c];
    uint32_t rune;
    size_t len;

    if (how == 'u') {
        buf_printf(out, "\\u%04x", c);
        return 1;
    }
    if (how != '!') {
        buf_putc(out, '\\');
        buf_putc(out, (char)how);
        return 1;
    }
    len = text_rune(s.p + i, s.n - i, &rune);
    if (rune == RUNE_ERROR && len == 1)
        buf_puts(out, "\\ufffd");
    else if (rune == 0x2028 || rune == 0x2029)
        buf_printf(out, "\\u%04x", rune);
    else
        buf_put(out, s.p + i, len);
    return len;
}

void json_write_string(struct buf *out, struct str s)
{
    size_t from = 0, i = 0;

    buf_putc(out, '"');
    while (i < s.n) {
        if (!escapes[(unsigned char)s.p[i]]) {
            i++;
            continue;
        }
        if (i > from)
            buf_put(out, s.p + from, i - from);
        i += put_special(out, s, i);
        from = i;
    }
    if (i > from)
        buf_put(out, s.p + from, i - from);
    buf_putc(out, '"');
}

static void newline(struct buf *out, int indent, int depth)
{
    if (!indent)
        return;
    buf_putc(out, '\n');
    for (int i = 0; i < indent * depth; i++)
        buf_putc(out, ' ');
}

static void write_value(struct buf *out, const json_t *v, int indent, int depth);

static void write_array(struct buf *out, const json_t *v, int indent, int depth)
{
    size_t n = json_array_size(v);

    buf_putc(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_putc(out, ',');
        newline(out, indent, depth + 1);
        write_value(out, json_array_get(v, i), indent, depth + 1);
    }
    if (n)
        newline(out, indent, depth);
    buf_putc(out, ']');
}

static void write_object(struct buf *out, const json_t *v, int indent, int depth)
{
    json_t *o = (json_t *)v; /* jansson's iterators take no const */
    bool first = true;

    buf_putc(out, '{');
    for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it)) {
        if (!first)
            buf_putc(out, ',');
        first = false;
        newline(out, indent, depth + 1);
        json_write_string(out, (struct str){json_object_iter_key(it), json_object_iter_key_len(it)});
        buf_puts(out, indent ? ": " : ":");
        write_value(out, json_object_iter_value(it), indent, depth + 1);
    }
    if (!first)
        newline(out, indent, depth);
    buf_putc(out, '}');
}

/* Recursion as deep as the tree, which json_read bounds. */
static void write_value(struct buf *out, const json_t *v, int indent, int depth)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        write_object(out, v, indent, depth);
        return;
    case JSON_ARRAY:
        write_array(out, v, indent, depth);
        return;
    case JSON_STRING:
        json_write_string(out, (struct str){json_string_value(v), json_string_length(v)});
        return;
    case JSON_INTEGER:
        buf_put_int(out, json_integer_value(v));
        return;
    case JSON_REAL:
        text_put_double(out, json_real_value(v));
        return;
    case JSON_TRUE:
        buf_puts(out, "true");
        return;
    case JSON_FALSE:
        buf_puts(out, "false");
        return;
    case JSON_NULL:
        buf_puts(out, "null");
        return;
    }
}

void json_write(struct buf *out, const json_t *v, int indent)
{
    write_value(out, v, indent, 0);
}

const char *json_word(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        return "object";
    case JSON_ARRAY:
        return "array";
    case JSON_STRING:
        return "string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "number";
    default:
        return "bool";
    }
}
