/* YAML for clients that ask for it: libyaml's emitter, told what go-yaml tells its own copy of it, so that
 * the text is the same: sorted keys, quotes where a string would be read as something else, | for text of
 * several lines. */
#include "registry/walk/json.h"

#include <stdlib.h>
#include <yaml.h>
#include "registry/rules/text.h"
#include "registry/walk/yamltext.h"
#include "shm/base/must.h"

/* Indentation multiplies: a deep and wide tree of a megabyte makes gigabytes of lines. */
struct sink {
    struct buf *out;
    size_t start;
    bool full; /* the rest is not written */
};

static int write_bytes(void *arg, unsigned char *p, size_t n)
{
    struct sink *sink = arg;

    if (sink->out->n - sink->start + n > YAML_WRITE_MAX)
        sink->full = true;
    if (!sink->full)
        buf_put(sink->out, p, n);
    return 1;
}

/* An emitter fails only for want of memory or wrong use of it. */
static void put(yaml_emitter_t *e, yaml_event_t *event)
{
    must(yaml_emitter_emit(e, event));
}

/* libyaml refuses bad UTF-8, which a tree from elsewhere could hold. */
static void put_scalar(yaml_emitter_t *e, struct str s, yaml_scalar_style_t style)
{
    yaml_event_t event;
    struct buf clean = {0};

    if (!yaml_scalar_event_initialize(&event, NULL, NULL, (const unsigned char *)(s.n ? s.p : ""), (int)s.n,
                                      1, 1, style)) {
        text_clean(&clean, s);
        must(yaml_scalar_event_initialize(&event, NULL, NULL, (const unsigned char *)clean.p, (int)clean.n, 1,
                                          1, style));
        buf_free(&clean);
    }
    put(e, &event);
}

static void put_string(yaml_emitter_t *e, struct str s)
{
    yaml_scalar_style_t style = YAML_PLAIN_SCALAR_STYLE;

    if (memchr(s.n ? s.p : "", '\n', s.n))
        style = YAML_LITERAL_SCALAR_STYLE;
    else if (yaml_needs_quotes(s))
        style = YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    put_scalar(e, s, style);
}

static bool is_letter(uint32_t r)
{
    return (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || (r >= 0xc0 && r != 0xd7 && r != 0xf7);
}

static bool is_digit(uint32_t r)
{
    return r >= '0' && r <= '9';
}

struct key {
    struct str s;
    const json_t *v;
};

/* A run of digits at p as a number; *end: behind it. */
static int64_t number_at(struct str s, size_t at, size_t *end)
{
    uint64_t v = 0;

    for (*end = at; *end < s.n && is_digit((unsigned char)s.p[*end]); (*end)++)
        v = v * 10 + (uint64_t)(s.p[*end] - '0');
    return (int64_t)v;
}

/* At the first place where two keys differ, with a zero on one side: leading zeros count only behind other
 * digits. */
static bool after_digits(struct str s, size_t at)
{
    while (at-- > 0 && is_digit((unsigned char)s.p[at])) {
        if (s.p[at] != '0')
            return true;
    }
    return false;
}

/* go-yaml's order of keys: letters behind everything else, numbers by value. */
static int cmp_keys(const void *x, const void *y)
{
    struct str a = ((const struct key *)x)->s, b = ((const struct key *)y)->s;
    size_t i = 0, end_a, end_b;
    uint32_t ra, rb;
    int64_t na, nb;

    while (i < a.n && i < b.n) {
        size_t n = text_rune(a.p + i, a.n - i, &ra);

        text_rune(b.p + i, b.n - i, &rb);
        if (ra != rb)
            break;
        i += n;
    }
    if (i >= a.n || i >= b.n)
        return a.n < b.n ? -1 : a.n > b.n;
    if (is_letter(ra) && is_letter(rb))
        return ra < rb ? -1 : 1;
    if (is_letter(ra) || is_letter(rb))
        return is_letter(rb) ? -1 : 1;
    na = number_at(a, i, &end_a);
    nb = number_at(b, i, &end_b);
    if ((ra == '0' || rb == '0') && after_digits(a, i)) {
        na = number_at((struct str){a.p, end_a}, i, &end_a);
        nb = number_at((struct str){b.p, end_b}, i, &end_b);
        /* a digit in front makes the longer run the larger number */
        if (end_a != end_b)
            return end_a < end_b ? -1 : 1;
    }
    if (na != nb)
        return na < nb ? -1 : 1;
    if (end_a != end_b)
        return end_a < end_b ? -1 : 1;
    return ra < rb ? -1 : 1;
}

static void put_value(yaml_emitter_t *e, const struct sink *sink, const json_t *v);

static void put_map(yaml_emitter_t *e, const struct sink *sink, const json_t *v)
{
    size_t n = json_object_size(v), i = 0;
    struct key *keys = malloc((n + 1) * sizeof(*keys));
    json_t *o = (json_t *)v; /* jansson's iterators take no const */
    yaml_event_t event;

    must(keys != NULL);
    for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it))
        keys[i++] = (struct key){{json_object_iter_key(it), json_object_iter_key_len(it)},
                                 json_object_iter_value(it)};
    qsort(keys, n, sizeof(*keys), cmp_keys);
    must(yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
    put(e, &event);
    for (i = 0; i < n && !sink->full; i++) {
        put_string(e, keys[i].s);
        put_value(e, sink, keys[i].v);
    }
    must(yaml_mapping_end_event_initialize(&event));
    put(e, &event);
    free(keys);
}

static void put_list(yaml_emitter_t *e, const struct sink *sink, const json_t *v)
{
    yaml_event_t event;

    must(yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE));
    put(e, &event);
    for (size_t i = 0; i < json_array_size(v) && !sink->full; i++)
        put_value(e, sink, json_array_get(v, i));
    must(yaml_sequence_end_event_initialize(&event));
    put(e, &event);
}

static void put_value(yaml_emitter_t *e, const struct sink *sink, const json_t *v)
{
    struct buf b = {0};

    if (json_is_object(v)) {
        put_map(e, sink, v);
    } else if (json_is_array(v)) {
        put_list(e, sink, v);
    } else if (json_is_string(v)) {
        put_string(e, (struct str){json_string_value(v), json_string_length(v)});
    } else {
        if (json_is_real(v))
            text_put_double_g(&b, json_real_value(v), 64);
        else
            json_write(&b, v, 0);
        put_scalar(e, buf_view(&b), YAML_PLAIN_SCALAR_STYLE);
        buf_free(&b);
    }
}

bool yaml_write(struct buf *out, const json_t *v)
{
    struct sink sink = {.out = out, .start = out->n};
    yaml_emitter_t e;
    yaml_event_t event;

    must(yaml_emitter_initialize(&e));
    yaml_emitter_set_output(&e, write_bytes, &sink);
    yaml_emitter_set_unicode(&e, 1);
    must(yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    put(&e, &event);
    must(yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    put(&e, &event);
    put_value(&e, &sink, v);
    must(yaml_document_end_event_initialize(&event, 1));
    put(&e, &event);
    must(yaml_stream_end_event_initialize(&event));
    put(&e, &event);
    yaml_emitter_delete(&e);
    return !sink.full;
}
