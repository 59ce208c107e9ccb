/* What stored protobuf holds beyond the schema outlives a write that does not know it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "registry/walk/encode.h"
#include "registry/walk/json.h"
#include "registry/walk/protobuf.h"
#include "registry/walk/wire.h"
#include "tests/unit/registry/dice.h"

#define SEED 77u
#define ROUNDS rounds(6)

/* ---- foreign fields, put in where a newer server would write them ---- */

struct planter {
    struct dice *d;
    int planted;
    uint32_t one_in; /* messages that get some */
};

static void put_tag(struct buf *b, uint32_t number, enum wire wire)
{
    protobuf_varint(b, (uint64_t)number << 3 | wire);
}

static void put_foreign(struct planter *p, struct buf *out, uint32_t number)
{
    enum wire wire = (enum wire[]){WIRE_VARINT, WIRE_FIXED64, WIRE_LEN, WIRE_FIXED32}[below(p->d, 4)];
    put_tag(out, number, wire);
    if (wire == WIRE_VARINT)
        protobuf_varint(out, roll(p->d));
    else if (wire == WIRE_LEN)
        buf_str(out, STR("\x05\xff\x00\x12\x80z"));
    else
        buf_put(out, "12345678", wire == WIRE_FIXED64 ? 8 : 4);
    p->planted++;
}

/* Numbers between the last piece and the next (0: the end), some twice. */
static void plant_between(struct planter *p, const struct schema_type *t, uint16_t path, uint32_t last,
                          uint32_t next, struct buf *out)
{
    bool embedded;
    for (uint32_t number = last + 1; number < (next ? next : last + 40); number += 1 + below(p->d, 9)) {
        if (number == 1 || wire_field(t, path, number, &embedded) || below(p->d, 3))
            continue;
        for (unsigned n = 1 + below(p->d, 2); n; n--)
            put_foreign(p, out, number);
    }
}

static void plant(struct planter *p, const struct schema_type *t, uint16_t path, struct str in,
                  struct buf *out);

static const struct schema_type *struct_in(const struct schema_field *f)
{
    const struct schema_type *t = f->type;
    if (t->kind == SCHEMA_LIST && !t->group_version)
        t = t->elem;
    return t->kind == SCHEMA_STRUCT ? t : NULL;
}

static void plant_entry(struct planter *p, const struct schema_type *t, struct str in, struct buf *out)
{
    struct wire_piece e;
    const char *err = NULL;
    while (wire_next(&in, &e, &err)) {
        if (e.number != 2) {
            buf_str(out, e.whole);
            continue;
        }
        struct buf inner = {0};
        plant(p, t, 0, e.bytes, &inner);
        protobuf_tag(out, 2, inner.n);
        buf_str(out, buf_view(&inner));
        buf_free(&inner);
    }
}

static void plant_piece(struct planter *p, const struct schema_type *t, uint16_t path,
                        struct wire_piece piece, struct buf *out)
{
    bool embedded;
    const struct schema_field *f = wire_field(t, path, piece.number, &embedded);
    struct buf inner = {0};
    assert_non_null(f);
    if (embedded) {
        plant(p, t, wire_path(path, piece.number), piece.bytes, &inner);
    } else if (struct_in(f)) {
        plant(p, struct_in(f), 0, piece.bytes, &inner);
    } else if (f->type->kind == SCHEMA_MAP && f->type->elem->kind == SCHEMA_STRUCT) {
        plant_entry(p, f->type->elem, piece.bytes, &inner);
    } else {
        buf_str(out, piece.whole);
        return;
    }
    protobuf_tag(out, piece.number, inner.n);
    buf_str(out, buf_view(&inner));
    buf_free(&inner);
}

static void plant(struct planter *p, const struct schema_type *t, uint16_t path, struct str in,
                  struct buf *out)
{
    bool here = below(p->d, p->one_in) == 0;
    struct wire_piece piece;
    const char *err = NULL;
    uint32_t last = 0;
    while (wire_next(&in, &piece, &err)) {
        if (here)
            plant_between(p, t, path, last, piece.number, out);
        plant_piece(p, t, path, piece, out);
        last = piece.number;
    }
    if (here)
        plant_between(p, t, path, last, 0, out);
    assert_null(err);
}

/* ---- there and back ---- */

static void envelope(struct buf *out, struct str message)
{
    protobuf_head(out, STR("v1"), STR("K"));
    protobuf_tag(out, PROTOBUF_RAW, message.n);
    buf_str(out, message);
    buf_str(out, PROTOBUF_TAIL);
}

static struct str content(const struct buf *field)
{
    struct str in = buf_view(field);
    struct wire_piece p;
    const char *err = NULL;
    assert_true(wire_next(&in, &p, &err));
    return p.bytes;
}

/* As an update has it: what readers are given, read from its JSON. */
static json_t *as_served(struct arena *a, const json_t *obj, const struct schema_type *t)
{
    struct schema_resource r = {.kind = "K", .api_version = "v1", .type = t};
    struct encode_marks marks;
    struct buf json = {0};
    const char *err;
    encode_object(&json, obj, &r, &marks);
    json_t *v = json_read(a, buf_view(&json), NULL, &err);
    assert_non_null(v);
    buf_free(&json);
    return v;
}

static void assert_written(struct arena *a, const json_t *obj, const struct schema_type *t,
                           const struct kept *k, struct str want)
{
    struct buf got = {0};
    protobuf_write(&got, a, obj, t, k, NULL);
    if (!str_eq(content(&got), want))
        print_message("%s: %zu bytes instead of %zu\n", t->name, content(&got).n, want.n);
    assert_true(str_eq(content(&got), want));
    buf_free(&got);
}

static int check(struct dice *d, const struct schema_type *t)
{
    struct planter p = {.d = d, .one_in = 1 + below(d, 4)};
    struct buf plain = {0}, stored = {0}, whole = {0};
    const char *err = NULL;
    struct str beyond;
    struct kept *kept;
    json_t *made = make(d, t), *obj = as_served(d->arena, made, t);
    protobuf_write(&plain, d->arena, obj, t, NULL, NULL);
    plant(&p, t, 0, content(&plain), &stored);
    envelope(&whole, buf_view(&stored));
    json_t *old = protobuf_read_stored(d->arena, buf_view(&whole), "K", t, &beyond, &err);
    assert_non_null(old);
    assert_int_equal(beyond.n > 0, p.planted > 0);
    kept = kept_find(d->arena, beyond, t, old, old);
    assert_written(d->arena, old, t, kept, buf_view(&stored));
    /* what a client sent back as it got it */
    json_t *served = as_served(d->arena, old, t), *sent = json_deep_copy(served);
    kept = kept_find(d->arena, buf_view(&stored), t, served, sent);
    assert_written(d->arena, sent, t, kept, buf_view(&stored));
    /* and what others are given */
    assert_written(d->arena, served, t, NULL, content(&plain));
    json_decref(old);
    json_decref(served);
    json_decref(sent);
    json_decref(obj);
    json_decref(made);
    buf_free(&plain);
    buf_free(&stored);
    buf_free(&whole);
    return p.planted;
}

static void every_type_keeps_them(void **state)
{
    int n, planted = 0;
    const struct schema_type *const *types = schema_types(&n);
    for (int i = 0; i < n; i++) {
        for (int round = 0; has_message(types[i]) && round < ROUNDS; round++) {
            struct dice d = {.state = SEED * 2654435761u + (uint64_t)i * 977 + (uint64_t)round + 1};
            d.arena = arena_new(0);
            planted += check(&d, types[i]);
            arena_free(d.arena);
        }
    }
    print_message("%d foreign fields\n", planted);
    assert_true(planted > 10000);
}

/* ---- what a change does to them ---- */

#define POD(spec) "{\"metadata\":{\"name\":\"p\"},\"spec\":" spec "}"
#define TWO "{\"containers\":[{\"name\":\"a\",\"image\":\"x\"},{\"name\":\"b\",\"image\":\"y\"}]}"
#define TOLERANT "{\"tolerations\":[{\"key\":\"k\"},{\"key\":\"l\"}]}"

/* Field 9999 of the message that `path` names holds its own name; which of them outlive the change? */
static const struct {
    const char *what, *stored, *sent;
    const char *kept; /* names, in the order they are met */
} changes[] = {
    {"nothing", POD(TWO), POD(TWO), "ab."},
    {"other order", POD(TWO),
     POD("{\"containers\":[{\"name\":\"b\",\"image\":\"y\"},{\"name\":\"a\",\"image\":\"x\"}]}"), "ba."},
    {"one changed", POD(TWO),
     POD("{\"containers\":[{\"name\":\"a\",\"image\":\"z\"},{\"name\":\"b\",\"image\":\"y\"}]}"), "ab."},
    {"one gone", POD(TWO), POD("{\"containers\":[{\"name\":\"b\",\"image\":\"y\"}]}"), "b."},
    {"one new in front", POD(TWO),
     POD("{\"containers\":[{\"name\":\"n\"},{\"name\":\"a\",\"image\":\"x\"},{\"name\":\"b\"}]}"), "ab."},
    {"all gone", POD(TWO), POD("{}"), "."},
    {"spec not sent", POD(TWO), "{\"metadata\":{\"name\":\"p\"}}", "."},
    {"items without a key, unchanged", POD(TOLERANT), POD(TOLERANT), "kl."},
    {"items without a key, one changed", POD(TOLERANT),
     POD("{\"tolerations\":[{\"key\":\"k\",\"value\":\"v\"},{\"key\":\"l\"}]}"), "l."},
    {"items without a key, moved", POD(TOLERANT), POD("{\"tolerations\":[{\"key\":\"l\"}]}"), "l."},
};

static void put_name(struct buf *out, struct str name)
{
    protobuf_tag(out, 9999, name.n);
    buf_str(out, name);
}

/* Containers and tolerations, which have their name in field 1, and the spec, called ".". */
static void name_spec(struct str in, struct buf *out)
{
    struct wire_piece p, first;
    const char *err = NULL;
    while (wire_next(&in, &p, &err)) {
        struct str inner = p.bytes;
        if ((p.number != 2 && p.number != 22) || !wire_next(&inner, &first, &err)) {
            buf_str(out, p.whole);
            continue;
        }
        struct buf named = {0};
        buf_str(&named, p.bytes);
        put_name(&named, first.bytes);
        protobuf_tag(out, p.number, named.n);
        buf_str(out, buf_view(&named));
        buf_free(&named);
    }
    put_name(out, STR("."));
}

static void name_pod(struct str in, struct buf *out)
{
    struct wire_piece p;
    const char *err = NULL;
    while (wire_next(&in, &p, &err)) {
        if (p.number != 2) {
            buf_str(out, p.whole);
            continue;
        }
        struct buf spec = {0};
        name_spec(p.bytes, &spec);
        protobuf_tag(out, 2, spec.n);
        buf_str(out, buf_view(&spec));
        buf_free(&spec);
    }
}

/* All texts in fields 9999, in their order on the wire. */
static void collect(struct str in, struct buf *names)
{
    struct wire_piece p;
    const char *err = NULL;
    while (wire_next(&in, &p, &err)) {
        if (p.number == 9999)
            buf_str(names, p.bytes);
        else if (p.wire == WIRE_LEN)
            collect(p.bytes, names);
    }
}

static void changed_objects(void **state)
{
    const struct schema_type *pod = schema_type(STR("core/v1"), STR("Pod"));
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct arena *a = arena_new(0);
        struct buf plain = {0}, stored = {0}, written = {0}, names = {0};
        const char *err;
        json_t *old = json_read(a, str_of(changes[i].stored), NULL, &err);
        json_t *sent = json_read(a, str_of(changes[i].sent), NULL, &err);
        print_message("%s\n", changes[i].what);
        protobuf_write(&plain, a, old, pod, NULL, NULL);
        name_pod(content(&plain), &stored);
        protobuf_write(&written, a, sent, pod, kept_find(a, buf_view(&stored), pod, old, sent), NULL);
        collect(content(&written), &names);
        buf_putc(&names, 0);
        assert_string_equal(names.p, changes[i].kept);
        json_decref(old);
        json_decref(sent);
        buf_free(&plain);
        buf_free(&stored);
        buf_free(&written);
        buf_free(&names);
        arena_free(a);
    }
}

/* A body's are dropped: a tree that was read has no place for them. */
static void bodies_plant_nothing(void **state)
{
    struct arena *a = arena_new(0);
    struct buf plain = {0}, stored = {0}, whole = {0};
    const struct schema_type *pod = schema_type(STR("core/v1"), STR("Pod"));
    const char *err = NULL;
    json_t *obj = json_read(a, STR(POD(TWO)), NULL, &err);
    protobuf_write(&plain, a, obj, pod, NULL, NULL);
    name_pod(content(&plain), &stored);
    envelope(&whole, buf_view(&stored));
    json_t *body = protobuf_read(a, buf_view(&whole), "K", pod, &err);
    assert_non_null(body);
    assert_written(a, body, pod, NULL, content(&plain));
    json_decref(obj);
    json_decref(body);
    buf_free(&plain);
    buf_free(&stored);
    buf_free(&whole);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_keeps_them),
        cmocka_unit_test(changed_objects),
        cmocka_unit_test(bodies_plant_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
