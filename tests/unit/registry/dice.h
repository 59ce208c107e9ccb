/* Random objects of any type of the schema, the same ones each time. */
#ifndef TESTS_UNIT_REGISTRY_DICE_H
#define TESTS_UNIT_REGISTRY_DICE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "registry/rules/base64.h"
#include "registry/schema.h"
#include "registry/walk/json.h"

#define DEPTH_MAX 9

struct dice {
    uint64_t state;
    int depth;
    struct arena *arena;
};

/* How many objects of each type: as the environment's ROUNDS has it, for a longer look. */
static int rounds(int otherwise)
{
    const char *asked = getenv("ROUNDS");

    return asked ? atoi(asked) : otherwise;
}

/* Where the dice begin: elsewhere with the environment's SEED. */
static inline uint64_t seed(void)
{
    const char *asked = getenv("SEED");

    return 0x9e3779b97f4a7c15u ^ (asked ? strtoull(asked, NULL, 10) << 32 : 0);
}

static uint64_t roll(struct dice *d)
{
    d->state ^= d->state << 13;
    d->state ^= d->state >> 7;
    d->state ^= d->state << 17;
    return d->state;
}

static unsigned below(struct dice *d, unsigned n)
{
    return (unsigned)((roll(d) >> 11) % n);
}

#define PICK(d, list) list[below(d, sizeof(list) / sizeof((list)[0]))]

#define TEN "0123456789"
/* its length takes two bytes */
static const char long_text[] = TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN;
static const char *const texts[] = {"",
                                    "a",
                                    "web-0",
                                    "gr\xc3\xbc\xc3\x9f",
                                    "\"quoted\" <b> & \\",
                                    "line\nline\ttab",
                                    "\xf0\x9f\x90\xb3",
                                    long_text};
static const char *const times[] = {"2026-01-02T03:04:05Z", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z",
                                    "9999-12-31T23:59:59Z", "0001-01-01T00:00:01Z"};
static const char *const microtimes[] = {"2026-01-02T03:04:05.000000Z", "1969-12-31T23:59:59.999999Z",
                                         "2026-01-02T03:04:05.000001Z"};
static const char *const durations[] = {"0s",   "1h0m0s", "1m30.123456789s",
                                        "-5ms", "1ns",    "2562047h47m16.854775807s"};
static const char *const quantities[] = {"0", "100m", "1536Mi", "-3", "1e3", "12345678901234567890"};
static const char *const raws[] = {"{}",   "{\"b\":1,\"a\":[true,null,\"x\"]}", "[1,2.5]", "\"text\"", "0",
                                   "false"};
static const int64_t ints[] = {0, 1, -1, 127, 128, 300, 65536, INT32_MAX, INT32_MIN};
static const int64_t longs[] = {0, -1, 1ll << 35, INT64_MAX, INT64_MIN};
static const double reals[] = {0, 0.5, -1e300, 3};

static inline json_t *make(struct dice *d, const struct schema_type *t);

/* Inside the unions the JSON encoder takes a tree as it is, so nothing in it may be zero or out of
 * order. */
static json_t *make_schema(struct dice *d)
{
    return json_pack("{sssIs{s{ss}}}", "description", texts[1 + below(d, 6)], "maxLength",
                     (json_int_t)longs[1 + below(d, 4)], "properties", "a", "type", "string");
}

static json_t *make_raw(struct dice *d, const struct schema_type *t)
{
    const char *err;
    if (t->nfields == 0)
        return json_read(d->arena, str_of(PICK(d, raws)), NULL, &err);
    if (below(d, 2))
        return make_schema(d);
    if (strcmp(t->name, "JSONSchemaPropsOrBool") == 0)
        return json_boolean(below(d, 2));
    json_t *list = json_array();
    for (unsigned i = below(d, 3); i && d->depth < DEPTH_MAX; i--)
        json_array_append_new(list, strcmp(t->name, "JSONSchemaPropsOrArray") == 0
                                        ? make_schema(d)
                                        : json_string(PICK(d, texts)));
    return list;
}

static json_t *make_bytes(struct dice *d)
{
    static const char *const bytes[] = {"", "\x01", "abc", "\xff\xfe\x80 binary"};
    struct buf b = {0};
    base64_encode(&b, str_of(PICK(d, bytes)));
    json_t *v = json_stringn(b.n ? b.p : "", b.n);
    buf_free(&b);
    return v;
}

static json_t *make_list(struct dice *d, const struct schema_type *t)
{
    json_t *list = json_array();
    for (unsigned i = d->depth < DEPTH_MAX ? below(d, 3) : 0; i; i--)
        json_array_append_new(list, make(d, t->elem));
    return list;
}

static json_t *make_map(struct dice *d, const struct schema_type *t)
{
    json_t *map = json_object();
    for (unsigned i = d->depth < DEPTH_MAX ? below(d, 4) : 0; i; i--)
        json_object_set_new(map, PICK(d, texts), make(d, t->elem));
    return map;
}

/* Absent, null, or something, which may be zero or empty. */
static json_t *make_struct(struct dice *d, const struct schema_type *t)
{
    json_t *obj = json_object();
    for (int i = 0; i < t->nfields; i++) {
        const struct schema_field *f = &t->fields[i];
        unsigned what = below(d, 8);
        if (f->number == 0 || what < 3)
            continue;
        json_object_set_new(obj, f->json, what == 3 ? json_null() : make(d, f->type));
    }
    return obj;
}

static inline json_t *make(struct dice *d, const struct schema_type *t)
{
    json_t *v;
    d->depth++;
    switch (t->kind) {
    case SCHEMA_STRUCT:
        v = d->depth > DEPTH_MAX ? json_object() : make_struct(d, t);
        break;
    case SCHEMA_LIST:
        v = make_list(d, t);
        break;
    case SCHEMA_MAP:
        v = make_map(d, t);
        break;
    case SCHEMA_STRING:
        v = json_string(PICK(d, texts));
        break;
    case SCHEMA_BOOL:
        v = json_boolean(below(d, 2));
        break;
    case SCHEMA_INT32:
        v = json_integer(PICK(d, ints));
        break;
    case SCHEMA_INT64:
        v = json_integer(PICK(d, longs));
        break;
    case SCHEMA_FLOAT64:
        v = json_real(PICK(d, reals));
        break;
    case SCHEMA_BYTES:
        v = make_bytes(d);
        break;
    case SCHEMA_TIME:
        v = json_string(PICK(d, times));
        break;
    case SCHEMA_MICROTIME:
        v = json_string(PICK(d, microtimes));
        break;
    case SCHEMA_DURATION:
        v = json_string(PICK(d, durations));
        break;
    case SCHEMA_QUANTITY:
        v = json_string(PICK(d, quantities));
        break;
    case SCHEMA_INTORSTRING:
        v = below(d, 2) ? json_integer(PICK(d, ints)) : json_string(PICK(d, texts));
        break;
    case SCHEMA_FIELDS:
        v = json_pack("{s{s{}}}", "f:spec", "f:a");
        break;
    default:
        v = make_raw(d, t);
    }
    d->depth--;
    assert_non_null(v);
    return v;
}

/* Of kind and apiVersion nothing is in a message, and other fields without a number have none. The few types
 * that carry them as fields (references) are met inside others. */
static inline bool has_message(const struct schema_type *t)
{
    if (t->kind != SCHEMA_STRUCT || t->nfields == 0)
        return false;
    for (int i = 0; i < t->nfields; i++) {
        const struct schema_field *f = &t->fields[i];
        bool type_meta = strcmp(f->json, "kind") == 0 || strcmp(f->json, "apiVersion") == 0;
        if (type_meta != (f->number == 0))
            return false;
    }
    return true;
}

#endif
