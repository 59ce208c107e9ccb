/* One walker over (schema, wire bytes). Messages come in two forms that the schema tells apart: structs,
 * whose fields are looked up by number, and the values that are one thing in JSON (times, quantities, raw
 * JSON, ...). */
#include "registry/walk/protobuf.h"

#include <stdio.h>
#include "registry/rules/base64.h"
#include "registry/rules/times.h"
#include "registry/walk/json.h"
#include "registry/walk/plainfields.h"
#include "registry/walk/wire.h"
#include "shm/base/buf.h"
#include "shm/base/clock.h"

#define VALUES_MAX (1 << 20) /* an empty message is two bytes on the wire and a hundred in memory */

struct reader {
    struct arena *arena;
    const char *err;
    int depth, values;
    bool stored; /* what is read is written next, not looked into */
    bool beyond; /* the message holds what the tree can't */
};

static json_t *read_value(struct reader *r, const struct schema_type *t, struct wire_piece p);
static bool read_fields(struct reader *r, const struct schema_type *t, uint16_t inlined, struct str in,
                        json_t *obj);

static bool bad(struct reader *r, const char *why)
{
    if (!r->err)
        r->err = why;
    return false;
}

static bool take_piece(struct reader *r, struct str *in, struct wire_piece *p)
{
    return wire_next(in, p, &r->err);
}

/* Field `number` of a message whose wire kind is wire; false when it is not there. The last one counts. */
static bool find_piece(struct reader *r, struct str in, uint32_t number, enum wire wire,
                       struct wire_piece *out)
{
    struct wire_piece p;
    bool found = false;
    while (take_piece(r, &in, &p)) {
        if (p.number == number && p.wire == wire) {
            *out = p;
            found = true;
        }
    }
    return found && !r->err;
}

static json_t *text(struct reader *r, struct str s)
{
    json_t *v = json_stringn(s.n ? s.p : "", s.n);
    if (!v)
        bad(r, "proto: a string holds invalid UTF-8");
    return v;
}

static json_t *text_field(struct reader *r, struct str message, uint32_t number)
{
    struct wire_piece p;
    return find_piece(r, message, number, WIRE_LEN, &p) ? text(r, p.bytes) : NULL;
}

/* ---- values that are one thing in JSON ---- */

static json_t *read_bytes(struct reader *r, struct str s)
{
    struct buf b = {0};
    base64_encode(&b, s);
    json_t *v = text(r, buf_view(&b));
    buf_free(&b);
    return v;
}

#define YEAR_1_S (-62135596800ll)
#define YEAR_9999_S 253402300799ll

static json_t *read_time(struct reader *r, struct str m, bool micro)
{
    struct wire_piece p;
    char out[32];
    if (m.n == 0)
        return json_null();
    int64_t s = find_piece(r, m, 1, WIRE_VARINT, &p) ? (int64_t)p.value : 0;
    int64_t ns = find_piece(r, m, 2, WIRE_VARINT, &p) ? (int32_t)p.value : 0;
    if (s < YEAR_1_S || s > YEAR_9999_S || ns < 0 || ns > 999999999) {
        bad(r, "proto: a time is out of range");
        return NULL;
    }
    if (micro)
        clock_rfc3339_micro(s * 1000000 + ns / 1000, out);
    else
        clock_rfc3339(s, out);
    return json_string(out);
}

static json_t *read_duration(struct reader *r, struct str m)
{
    struct wire_piece p;
    const char *err = NULL;
    char ns[32];
    snprintf(ns, sizeof(ns), "%lldns", find_piece(r, m, 1, WIRE_VARINT, &p) ? (long long)p.value : 0ll);
    const char *go = duration_normalize(r->arena, str_of(ns), &err);
    return json_string(go ? go : "0s");
}

static json_t *read_int_or_string(struct reader *r, struct str m)
{
    struct wire_piece p;
    int64_t kind = find_piece(r, m, 1, WIRE_VARINT, &p) ? (int64_t)p.value : 0;
    if (kind == 0)
        return json_integer(find_piece(r, m, 2, WIRE_VARINT, &p) ? (int32_t)p.value : 0);
    json_t *v = text_field(r, m, 3);
    return v || r->err ? v : json_string("");
}

static json_t *read_json(struct reader *r, struct str m)
{
    struct wire_piece p;
    const char *err = NULL;
    if (!find_piece(r, m, 1, WIRE_LEN, &p) || p.bytes.n == 0)
        return r->err ? NULL : json_null();
    json_t *v = json_read(r->arena, p.bytes, NULL, &err);
    if (!v)
        bad(r, err);
    return v;
}

static json_t *read_fields_v1(struct reader *r, struct str m)
{
    struct wire_piece p;
    if (r->stored && find_piece(r, m, 1, WIRE_LEN, &p) && plainfields(p.bytes))
        return text(r, p.bytes);
    return read_json(r, m);
}

/* Clients' JSON is stored as they wrote it, spaces and all. */
static json_t *read_raw(struct reader *r, struct str m)
{
    struct buf compact = {0};
    struct wire_piece p;
    json_t *v = read_json(r, m);
    if (v && find_piece(r, m, 1, WIRE_LEN, &p)) {
        json_write(&compact, v, 0);
        r->beyond |= !str_eq(buf_view(&compact), p.bytes);
        buf_free(&compact);
    }
    return v;
}

static json_t *read_struct(struct reader *r, const struct schema_type *t, struct str m);

static json_t *string_list(struct reader *r, struct str m, uint32_t number)
{
    json_t *list = json_array();
    struct wire_piece p;
    while (take_piece(r, &m, &p)) {
        if (p.number == number && p.wire == WIRE_LEN)
            json_array_append_new(list, text(r, p.bytes));
    }
    return list;
}

/* The apiextensions unions: a schema, or something smaller. */
static json_t *read_schema_or(struct reader *r, const struct schema_type *t, struct str m)
{
    const struct schema_type *props = schema_type(STR("apiextensions.k8s.io/v1"), STR("JSONSchemaProps"));
    bool boolean = strcmp(t->name, "JSONSchemaPropsOrBool") == 0;
    struct wire_piece p;
    if (find_piece(r, m, boolean ? 2 : 1, WIRE_LEN, &p))
        return props ? read_struct(r, props, p.bytes) : NULL;
    if (r->err)
        return NULL;
    if (boolean)
        return json_boolean(find_piece(r, m, 1, WIRE_VARINT, &p) && p.value);
    if (strcmp(t->name, "JSONSchemaPropsOrStringArray") == 0)
        return string_list(r, m, 2);
    json_t *list = json_array();
    while (props && take_piece(r, &m, &p)) {
        if (p.number == 2 && p.wire == WIRE_LEN)
            json_array_append_new(list, read_struct(r, props, p.bytes));
    }
    return list;
}

/* ---- structs, lists, maps ---- */

static json_t *read_struct(struct reader *r, const struct schema_type *t, struct str m)
{
    json_t *obj = json_object();
    if (++r->depth > PROTOBUF_DEPTH_MAX)
        bad(r, "proto: nesting is too deep");
    else
        read_fields(r, t, 0, m, obj);
    r->depth--;
    return obj;
}

static json_t *read_named_list(struct reader *r, const struct schema_type *t, struct str m)
{
    json_t *list = json_array();
    struct wire_piece p;
    while (take_piece(r, &m, &p)) {
        if (p.number == 1)
            json_array_append_new(list, read_value(r, t->elem, p));
    }
    return list;
}

static enum wire wire_of(const struct schema_type *t)
{
    switch (t->kind) {
    case SCHEMA_BOOL:
    case SCHEMA_INT32:
    case SCHEMA_INT64:
        return WIRE_VARINT;
    case SCHEMA_FLOAT64:
        return WIRE_FIXED64;
    default:
        return WIRE_LEN;
    }
}

static json_t *read_scalar(struct reader *r, const struct schema_type *t, struct wire_piece p)
{
    double d;
    switch (t->kind) {
    case SCHEMA_BOOL:
        return json_boolean(p.value != 0);
    case SCHEMA_INT32:
        return json_integer((int32_t)p.value);
    case SCHEMA_INT64:
        return json_integer((int64_t)p.value);
    case SCHEMA_FLOAT64:
        memcpy(&d, &p.value, sizeof(d));
        return json_real(d); /* NULL for NaN and infinities, which JSON does not have */
    case SCHEMA_STRING:
        return text(r, p.bytes);
    default:
        return read_bytes(r, p.bytes);
    }
}

/* New reference; NULL with r->err. */
static json_t *read_value(struct reader *r, const struct schema_type *t, struct wire_piece p)
{
    json_t *v;
    if (p.wire != wire_of(t) || ++r->values > VALUES_MAX) {
        bad(r, p.wire != wire_of(t) ? "proto: wrong wireType" : "proto: too many values");
        return NULL;
    }
    switch (t->kind) {
    case SCHEMA_STRUCT:
        return read_struct(r, t, p.bytes);
    case SCHEMA_LIST:
        return read_named_list(r, t, p.bytes);
    case SCHEMA_TIME:
    case SCHEMA_MICROTIME:
        return read_time(r, p.bytes, t->kind == SCHEMA_MICROTIME);
    case SCHEMA_DURATION:
        return read_duration(r, p.bytes);
    case SCHEMA_QUANTITY:
        v = text_field(r, p.bytes, 1);
        return v || r->err ? v : json_string("0");
    case SCHEMA_INTORSTRING:
        return read_int_or_string(r, p.bytes);
    case SCHEMA_RAW:
        return strncmp(t->name, "JSONSchemaPropsOr", 17) == 0 ? read_schema_or(r, t, p.bytes)
                                                              : read_raw(r, p.bytes);
    case SCHEMA_FIELDS:
        return read_fields_v1(r, p.bytes);
    default:
        v = read_scalar(r, t, p);
        if (!v)
            bad(r, "proto: a value that JSON does not have");
        return v;
    }
}

/* What a non-pointer field holds when nobody set it. */
static bool is_zero(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_NULL:
    case JSON_FALSE:
        return true;
    case JSON_STRING:
        return json_string_length(v) == 0;
    case JSON_INTEGER:
        return json_integer_value(v) == 0;
    case JSON_REAL:
        return json_real_value(v) == 0;
    case JSON_OBJECT:
        return json_object_size(v) == 0;
    default:
        return false;
    }
}

/* Values whose zero can be told from an empty one: Go does not write it, or an empty text is no 0. */
static bool keeps_empty(const struct schema_type *t)
{
    return t->kind == SCHEMA_BYTES || t->kind == SCHEMA_RAW || t->kind == SCHEMA_FIELDS ||
           t->kind == SCHEMA_INTORSTRING;
}

static void read_entry(struct reader *r, const struct schema_type *t, struct str m, json_t *map)
{
    struct wire_piece p, key = {0}, value = {.number = 2, .wire = wire_of(t->elem)};
    while (take_piece(r, &m, &p)) {
        if (p.number == 1 && p.wire == WIRE_LEN)
            key = p;
        else if (p.number == 2)
            value = p;
    }
    json_t *v = r->err ? NULL : read_value(r, t->elem, value);
    if (v && json_object_setn_new(map, key.bytes.n ? key.bytes.p : "", key.bytes.n, v) != 0)
        bad(r, "proto: a key holds invalid UTF-8");
}

static json_t *member(json_t *obj, const struct schema_field *f, json_t *(*make)(void))
{
    json_t *v = json_object_get(obj, f->json);
    if (!v) {
        v = make();
        json_object_set_new(obj, f->json, v);
    }
    return v;
}

static void read_field(struct reader *r, const struct schema_field *f, struct wire_piece p, json_t *obj)
{
    const struct schema_type *t = f->type;
    if (t->kind == SCHEMA_MAP) {
        read_entry(r, t, p.bytes, member(obj, f, json_object));
        return;
    }
    if (t->kind == SCHEMA_LIST && !t->group_version) {
        json_t *v = read_value(r, t->elem, p);
        if (v)
            json_array_append_new(member(obj, f, json_array), v);
        return;
    }
    json_t *v = read_value(r, t, p);
    if (v && !(f->flags & FIELD_POINTER) && (keeps_empty(t) ? json_is_null(v) : is_zero(v)))
        json_decref(v);
    else if (v)
        json_object_set_new(obj, f->json, v);
}

/* The fields of a message into obj; inlined: path of the embedded message whose fields these are, 0: t's own.
 */
static bool read_fields(struct reader *r, const struct schema_type *t, uint16_t inlined, struct str in,
                        json_t *obj)
{
    struct wire_piece p;
    while (take_piece(r, &in, &p)) {
        bool embedded;
        const struct schema_field *f = wire_field(t, inlined, p.number, &embedded);
        if (embedded && p.wire == WIRE_LEN)
            read_fields(r, t, wire_path(inlined, p.number), p.bytes, obj);
        else if (f && !embedded)
            read_field(r, f, p, obj);
        else if (!f)
            r->beyond = true;
        if (r->err)
            return false;
    }
    return r->err == NULL;
}

static json_t *read_unknown(struct reader *r, struct str in, struct str *raw)
{
    struct wire_piece p, meta = {0}, body = {0};
    while (take_piece(r, &in, &p)) {
        if (p.number == 1 && p.wire == WIRE_LEN)
            meta = p;
        else if (p.number == 2 && p.wire == WIRE_LEN)
            body = p;
        else if (p.number == 3 && p.bytes.n)
            bad(r, "proto: the content is encoded");
    }
    *raw = body.bytes;
    json_t *obj = json_object(), *kind = text_field(r, meta.bytes, 2),
           *version = text_field(r, meta.bytes, 1);
    json_object_set_new(obj, "kind", kind ? kind : json_string(""));
    json_object_set_new(obj, "apiVersion", version ? version : json_string(""));
    return obj;
}

static json_t *read_object(struct reader *r, struct str body, const char *kind,
                           const struct schema_type *type, struct str *beyond, const char **err)
{
    struct str raw;
    *beyond = STR_NONE;
    if (body.n < 4 || memcmp(body.p, "k8s\0", 4) != 0) {
        *err = "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]";
        return NULL;
    }
    json_t *obj = read_unknown(r, (struct str){body.p + 4, body.n - 4}, &raw);
    if (!r->err && type && strcmp(json_string_value(json_object_get(obj, "kind")), kind) == 0)
        read_fields(r, type, 0, raw, obj);
    if (r->beyond)
        *beyond = raw;
    if (!r->err)
        return obj;
    *err = r->err;
    json_decref(obj);
    return NULL;
}

json_t *protobuf_read_stored(struct arena *a, struct str body, const char *kind,
                             const struct schema_type *type, struct str *beyond, const char **err)
{
    struct reader r = {.arena = a, .stored = true};
    return read_object(&r, body, kind, type, beyond, err);
}

json_t *protobuf_read(struct arena *a, struct str body, const char *kind, const struct schema_type *type,
                      const char **err)
{
    struct reader r = {.arena = a};
    struct str dropped;
    return read_object(&r, body, kind, type, &dropped, err);
}
