/* One walker over (schema, tree), backwards: a message's length stands in front of it, and from behind it is
 * known by the time it is written, so nothing is measured twice. Like the JSON encoder it runs once a write:
 * members are put into slots by field, then taken in falling order of their numbers. */
#include "registry/walk/protobuf.h"

#include <stdlib.h>
#include "registry/rules/base64.h"
#include "registry/rules/times.h"
#include "registry/walk/json.h"
#include "registry/walk/spelled.h"
#include "registry/walk/wire.h"
#include "shm/base/clock.h"
#include "shm/base/must.h"

#define SLOTS_INLINE 256
#define BYTES_INLINE 4096

struct slot {
    struct str key; /* maps only */
    const json_t *v;
};

struct writer {
    struct arena *arena;
    const struct kept *kept;
    char *bytes; /* the last `back` of cap are written */
    size_t back, cap;
    struct slot *slots; /* a stack: each struct or map being written holds a run of it */
    size_t used, slots_cap;
    bool marks;     /* metadata.resourceVersion is left empty */
    size_t rv_back; /* where it is then, from the end */
    struct buf text;
    struct slot first_slots[SLOTS_INLINE];
    char first_bytes[BYTES_INLINE];
};

enum place { NESTED, OBJECT, METADATA };

static void put_struct(struct writer *w, const json_t *v, const struct schema_type *t, enum place place);
static void put_one(struct writer *w, const json_t *v, const struct schema_type *t, uint32_t number);

/* ---- bytes, from the end ---- */

/* Room for n bytes in front of what is written; they count as written. */
static char *reserve(struct writer *w, size_t n)
{
    if (w->back + n > w->cap) {
        size_t cap = (w->back + n) * 2;
        char *more = malloc(cap);

        must(more != NULL);
        memcpy(more + cap - w->back, w->bytes + w->cap - w->back, w->back);
        if (w->bytes != w->first_bytes)
            free(w->bytes);
        w->bytes = more;
        w->cap = cap;
    }
    w->back += n;
    return w->bytes + w->cap - w->back;
}

static void put_bytes(struct writer *w, struct str s)
{
    if (s.n)
        memcpy(reserve(w, s.n), s.p, s.n);
}

static void put_varint(struct writer *w, uint64_t v)
{
    char digits[10];
    size_t n = 0;

    for (; v >= 0x80; v >>= 7)
        digits[n++] = (char)(v | 0x80);
    digits[n++] = (char)v;
    memcpy(reserve(w, n), digits, n);
}

static void put_tag(struct writer *w, uint32_t number, enum wire wire)
{
    put_varint(w, (uint64_t)number << 3 | wire);
}

/* Length and tag of what was written since `from`. */
static void close_len(struct writer *w, size_t from, uint32_t number)
{
    put_varint(w, w->back - from);
    put_tag(w, number, WIRE_LEN);
}

static void put_number(struct writer *w, uint64_t v, uint32_t number)
{
    put_varint(w, v);
    put_tag(w, number, WIRE_VARINT);
}

static void put_text(struct writer *w, struct str s, uint32_t number)
{
    size_t from = w->back;

    put_bytes(w, s);
    close_len(w, from, number);
}

/* ---- slots ---- */

static size_t slots_push(struct writer *w, size_t n)
{
    size_t base = w->used;

    if (base + n > w->slots_cap) {
        size_t cap = (base + n) * 2;
        struct slot *more = malloc(cap * sizeof(*more));

        must(more != NULL);
        memcpy(more, w->slots, base * sizeof(*more));
        if (w->slots != w->first_slots)
            free(w->slots);
        w->slots = more;
        w->slots_cap = cap;
    }
    w->used = base + n;
    return base;
}

static size_t sort_into_slots(struct writer *w, const json_t *v, const struct schema_type *t)
{
    size_t base = slots_push(w, (size_t)t->nfields);
    json_t *o = (json_t *)(uintptr_t)v; /* jansson's iterators take no const */

    memset(w->slots + base, 0, (size_t)t->nfields * sizeof(*w->slots));
    for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it)) {
        const struct schema_field *f =
            schema_field(t, (struct str){json_object_iter_key(it), json_object_iter_key_len(it)});

        if (f && !json_is_null(json_object_iter_value(it)))
            w->slots[base + (size_t)(f - t->fields)].v = json_object_iter_value(it);
    }
    return base;
}

/* ---- values that are one thing in JSON ---- */

static struct str string_of(const json_t *v)
{
    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)} : STR("");
}

static int64_t integer_of(const json_t *v)
{
    return json_is_real(v) ? (int64_t)json_real_value(v) : json_integer_value(v);
}

#define YEAR_1_US (-62135596800ll * 1000000)

static void put_time(struct writer *w, const json_t *v, bool micro)
{
    struct str s = string_of(v);
    int64_t us;

    if (s.n == 0 || clock_parse_rfc3339(s.p, s.n, &us) != 0 || us == YEAR_1_US)
        return; /* Go's zero time: an empty message */
    int64_t fraction = (us % 1000000 + 1000000) % 1000000;

    put_number(w, micro ? (uint64_t)fraction * 1000 : 0, 2);
    put_number(w, (uint64_t)((us - fraction) / 1000000), 1);
}

static void put_int_or_string(struct writer *w, const json_t *v)
{
    put_text(w, string_of(v), 3);
    put_number(w, (uint64_t)(json_is_string(v) ? 0 : integer_of(v)), 2);
    put_number(w, json_is_string(v), 1);
}

static void put_quantity(struct writer *w, const json_t *v)
{
    struct str s = string_of(v);

    put_text(w, s.n ? s : STR("0"), 1);
}

/* The JSON itself; null is no JSON. */
static void put_json(struct writer *w, const json_t *v)
{
    if (!v || json_is_null(v))
        return;
    buf_clear(&w->text);
    json_write(&w->text, v, 0);
    put_text(w, buf_view(&w->text), 1);
}

static void put_float(struct writer *w, const json_t *v)
{
    double d = json_number_value(v);
    uint64_t bits;
    char little[8];

    memcpy(&bits, &d, sizeof(bits));
    for (int i = 0; i < 8; i++)
        little[i] = (char)(bits >> (8 * i));
    put_bytes(w, (struct str){little, sizeof(little)});
}

static void put_base64(struct writer *w, const json_t *v)
{
    struct str bytes;
    size_t bad_at;

    if (base64_decode(w->arena, string_of(v), &bytes, &bad_at))
        put_bytes(w, bytes);
}

static void put_elements(struct writer *w, const json_t *v, const struct schema_type *elem, uint32_t number)
{
    for (size_t i = json_array_size(v); i-- > 0;)
        put_one(w, json_array_get(v, i), elem, number);
}

/* The apiextensions unions: a schema, or something smaller. */
static void put_schema_or(struct writer *w, const json_t *v, const struct schema_type *t)
{
    static const struct str field = {"schema", 6};
    const struct schema_field *schema = schema_field(t, field);
    bool boolean = strcmp(t->name, "JSONSchemaPropsOrBool") == 0;

    must(schema != NULL);
    if (json_is_object(v))
        put_one(w, v, schema->type, schema->number);
    else if (json_is_array(v) && !boolean)
        put_elements(w, v, t->fields[1].type->elem, t->fields[1].number);
    if (boolean)
        put_number(w, json_is_true(v) || json_is_object(v), 1);
}

/* ---- structs, lists, maps ---- */

static int cmp_slots(const void *a, const void *b)
{
    return str_cmp(((const struct slot *)a)->key, ((const struct slot *)b)->key);
}

static void put_map(struct writer *w, const json_t *v, const struct schema_type *t, uint32_t number)
{
    size_t n = json_object_size(v), base = slots_push(w, n), i = base;
    json_t *o = (json_t *)(uintptr_t)v;

    for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it), i++)
        w->slots[i] = (struct slot){{json_object_iter_key(it), json_object_iter_key_len(it)},
                                    json_object_iter_value(it)};
    if (n > 1)
        qsort(w->slots + base, n, sizeof(*w->slots), cmp_slots);
    while (i-- > base) {
        size_t from = w->back;

        put_one(w, w->slots[i].v, t->elem, 2);
        put_text(w, w->slots[i].key, 1);
        close_len(w, from, number);
    }
    w->used = base;
}

/* The content of a length-delimited value; v NULL or null: Go's zero value. */
static void put_content(struct writer *w, const json_t *v, const struct schema_type *t, enum place place)
{
    switch (t->kind) {
    case SCHEMA_STRUCT:
        put_struct(w, v, t, place);
        break;
    case SCHEMA_LIST: /* one with a message of its own */
        put_elements(w, v, t->elem, 1);
        break;
    case SCHEMA_TIME:
    case SCHEMA_MICROTIME:
        put_time(w, v, t->kind == SCHEMA_MICROTIME);
        break;
    case SCHEMA_DURATION:
        put_number(w, (uint64_t)duration_ns(w->arena, string_of(v)), 1);
        break;
    case SCHEMA_QUANTITY:
        put_quantity(w, v);
        break;
    case SCHEMA_INTORSTRING:
        put_int_or_string(w, v);
        break;
    case SCHEMA_RAW:
        if (t->nfields)
            put_schema_or(w, v, t);
        else
            put_json(w, v);
        break;
    case SCHEMA_FIELDS:
        if (json_is_string(v)) /* JSON already */
            put_text(w, string_of(v), 1);
        else
            put_json(w, v);
        break;
    case SCHEMA_BYTES:
        put_base64(w, v);
        break;
    default:
        put_bytes(w, string_of(v));
    }
}

static void put_placed(struct writer *w, const json_t *v, const struct schema_type *t, uint32_t number,
                       enum place place)
{
    size_t from = w->back;

    switch (t->kind) {
    case SCHEMA_BOOL:
        put_number(w, json_is_true(v), number);
        break;
    case SCHEMA_INT32:
    case SCHEMA_INT64:
        put_number(w, (uint64_t)integer_of(v), number);
        break;
    case SCHEMA_FLOAT64:
        put_float(w, v);
        put_tag(w, number, WIRE_FIXED64);
        break;
    default:
        put_content(w, v, t, place);
        close_len(w, from, number);
    }
}

static void put_one(struct writer *w, const json_t *v, const struct schema_type *t, uint32_t number)
{
    put_placed(w, v, t, number, NESTED);
}

/* What Go holds as nil when nobody set it, and then does not write. */
static bool can_be_nil(const struct schema_field *f)
{
    return (f->flags & FIELD_POINTER) || f->type->kind == SCHEMA_BYTES || f->type->kind == SCHEMA_LIST;
}

static void put_field(struct writer *w, const json_t *v, const struct schema_field *f, enum place place)
{
    const struct schema_type *t = f->type;

    if (place == METADATA && w->marks && strcmp(f->json, "resourceVersion") == 0) {
        w->rv_back = w->back;
        put_text(w, STR(""), f->number);
    } else if (t->kind == SCHEMA_MAP) {
        put_map(w, v, t, f->number);
    } else if (t->kind == SCHEMA_LIST && !t->group_version) {
        put_elements(w, v, t->elem, f->number);
    } else if (v || !can_be_nil(f)) {
        bool metadata = place == OBJECT && strcmp(f->json, "metadata") == 0;

        put_placed(w, v, t, f->number, metadata ? METADATA : NESTED);
    }
}

static void put_spelled(struct writer *w, const json_t *obj, const struct schema_field *f)
{
    struct str own = spelled_own(obj, f);
    size_t from = w->back;

    if (own.n) {
        put_text(w, own, 1);
        close_len(w, from, f->number);
    } else {
        put_field(w, json_object_get(obj, f->json), f, NESTED);
    }
}

/* The embedded messages that are being written; see schema_field's inline_number. */
struct embedded {
    uint16_t path;
    size_t from[2];
};

/* Closes those that do not lead to path, opens those that do. */
static void move_to(struct writer *w, struct embedded *e, uint16_t path)
{
    uint16_t outer = e->path & 0xff, inner = e->path >> 8;
    bool same_outer = outer == (path & 0xff);

    if (e->path == path)
        return;
    if (inner)
        close_len(w, e->from[1], inner);
    if (outer && !same_outer)
        close_len(w, e->from[0], outer);
    if (!same_outer)
        e->from[0] = w->back;
    e->from[1] = w->back;
    e->path = path;
}

/* Those of the n kept fields that stand behind (path, number); returns how many are left. */
static size_t put_kept(struct writer *w, struct embedded *e, const struct kept_field *kept, size_t n,
                       uint16_t path, uint32_t number)
{
    while (n > 0 && kept_order(kept[n - 1].path, kept[n - 1].number, path, number) > 0) {
        n--;
        move_to(w, e, kept[n].path);
        put_bytes(w, kept[n].whole);
    }
    return n;
}

static void put_struct(struct writer *w, const json_t *v, const struct schema_type *t, enum place place)
{
    size_t base = sort_into_slots(w, v, t), nkept;
    const struct kept_field *kept = kept_of(w->kept, v, &nkept);
    struct embedded e = {0};

    for (int i = t->nfields - 1; i >= 0; i--) {
        const struct schema_field *f = &t->fields[t->by_number[i]];

        if (f->number == 0)
            break; /* kind and apiVersion, and they come first */
        nkept = put_kept(w, &e, kept, nkept, f->inline_number, f->number);
        move_to(w, &e, f->inline_number);
        if (spelled_type(f->type))
            put_spelled(w, v, f);
        else
            put_field(w, w->slots[base + t->by_number[i]].v, f, place);
    }
    put_kept(w, &e, kept, nkept, 0, 0);
    move_to(w, &e, 0);
    w->used = base;
}

/* ---- the whole ---- */

static void start(struct writer *w, struct arena *a, const struct kept *kept, bool marks)
{
    w->arena = a;
    w->kept = kept;
    w->bytes = w->first_bytes;
    w->back = w->rv_back = 0;
    w->cap = BYTES_INLINE;
    w->slots = w->first_slots;
    w->used = 0;
    w->slots_cap = SLOTS_INLINE;
    w->marks = marks;
    w->text = (struct buf){0};
}

static void finish(struct writer *w, struct buf *out)
{
    buf_put(out, w->bytes + w->cap - w->back, w->back);
    if (w->bytes != w->first_bytes)
        free(w->bytes);
    if (w->slots != w->first_slots)
        free(w->slots);
    buf_free(&w->text);
}

void protobuf_write(struct buf *out, struct arena *a, const json_t *obj, const struct schema_type *type,
                    const struct kept *kept, uint32_t *rv_at)
{
    struct writer w;

    start(&w, a, kept, rv_at != NULL);
    put_struct(&w, obj, type, OBJECT);
    close_len(&w, 0, PROTOBUF_RAW);
    if (rv_at)
        *rv_at = w.rv_back ? (uint32_t)(w.back - w.rv_back) : 0;
    finish(&w, out);
}

void protobuf_head(struct buf *out, struct str api_version, struct str kind)
{
    struct buf meta = {0};

    protobuf_tag(&meta, 1, api_version.n);
    buf_str(&meta, api_version);
    protobuf_tag(&meta, 2, kind.n);
    buf_str(&meta, kind);
    buf_put(out, PROTOBUF_MAGIC, PROTOBUF_MAGIC_BYTES);
    protobuf_tag(out, 1, meta.n);
    buf_str(out, buf_view(&meta));
    buf_free(&meta);
}

void protobuf_varint(struct buf *out, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        buf_putc(out, (char)(v | 0x80));
    buf_putc(out, (char)v);
}

void protobuf_tag(struct buf *out, uint32_t number, uint64_t bytes)
{
    protobuf_varint(out, (uint64_t)number << 3 | WIRE_LEN);
    protobuf_varint(out, bytes);
}

/* "v1" is core/v1, and where that has no such type, what all groups share; so is what has no version at all
 * (documents of discovery). */
static const struct schema_type *type_named(struct str api_version, struct str kind)
{
    const struct schema_type *t = NULL;

    if (str_is(api_version, "v1"))
        t = schema_type(STR("core/v1"), kind);
    if (str_find(api_version, '/') >= 0 && !str_starts(api_version, STR("meta.k8s.io/")))
        return schema_type(api_version, kind);
    return t ? t : schema_type(STR("meta/v1"), kind);
}

bool protobuf_write_enveloped(struct buf *out, struct arena *a, const json_t *obj)
{
    struct str version = string_of(json_object_get(obj, "apiVersion")),
               kind = string_of(json_object_get(obj, "kind"));
    const struct schema_type *t = type_named(version, kind);

    if (!t || t->kind != SCHEMA_STRUCT)
        return false;
    protobuf_head(out, version, kind);
    protobuf_write(out, a, obj, t, NULL, NULL);
    buf_str(out, PROTOBUF_TAIL);
    return true;
}
