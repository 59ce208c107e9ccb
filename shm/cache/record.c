/* Records: put together once by the writer of an object, checked where bytes come from a file or another
 * process, finished with the digits of their revision straight in the store's page. Fields of the header are
 * read and written through the packed struct, entries of the table through memcpy: nothing here needs
 * alignment. */
#include "shm/cache/record.h"

#include "shm/base/must.h"

#define ENTRY_BYTES 8u

struct entry {
    uint16_t key; /* bytes of the label's key, or the field's slot */
    uint16_t flags;
    uint32_t value_bytes;
};
_Static_assert(sizeof(struct entry) == ENTRY_BYTES, "a table entry's head is 8 bytes");

#define TAG_MESSAGE 0x12          /* field 2, length-delimited */
#define TAG_METADATA 0x0a         /* field 1 of the message */
#define TAG_RESOURCE_VERSION 0x32 /* field 6 of the metadata */
#define VARINT_MAX 5

/* The lengths in front of a proto's metadata, which change with the digits of the revision. */
struct lengths {
    uint32_t message, metadata;
    uint32_t at; /* where the metadata's fields begin, from the proto's start */
};

static uint32_t varint_bytes(uint32_t v)
{
    uint32_t n = 1;
    for (; v >= 0x80; v >>= 7)
        n++;
    return n;
}

static char *put_varint(char *to, uint32_t v)
{
    for (; v >= 0x80; v >>= 7)
        *to++ = (char)(v | 0x80);
    *to++ = (char)v;
    return to;
}

/* The shortest form only, or a record could not be told another revision and be told the former one again. */
static bool take_varint(struct str *in, uint32_t *v)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < VARINT_MAX && i < in->n; i++) {
        unsigned char b = (unsigned char)in->p[i];
        sum |= (uint64_t)(b & 0x7f) << (7 * i);
        if (b >= 0x80)
            continue;
        *v = (uint32_t)sum;
        *in = (struct str){in->p + i + 1, in->n - i - 1};
        return sum <= UINT32_MAX && varint_bytes(*v) == i + 1;
    }
    return false;
}

static bool take_tag(struct str *in, char tag)
{
    if (in->n == 0 || in->p[0] != tag)
        return false;
    *in = (struct str){in->p + 1, in->n - 1};
    return true;
}

static bool read_lengths(struct str proto, struct lengths *l)
{
    struct str in = proto;
    if (!take_tag(&in, TAG_MESSAGE) || !take_varint(&in, &l->message) || l->message != in.n)
        return false;
    if (!take_tag(&in, TAG_METADATA) || !take_varint(&in, &l->metadata) || l->metadata > in.n)
        return false;
    l->at = (uint32_t)(proto.n - in.n);
    return true;
}

static void put_entry(struct buf *out, struct entry e, struct str key, struct str value)
{
    static const char zeros[4];
    size_t start = out->n;
    buf_put(out, &e, sizeof(e));
    buf_str(out, key);
    buf_str(out, value);
    buf_put(out, zeros, (4 - (out->n - start) % 4) % 4);
}

static void put_table(struct buf *out, const struct record_parts *p)
{
    for (int i = 0; i < p->nlabels; i++) {
        const struct record_label *l = &p->labels[i];
        must(l->key.n <= UINT16_MAX && l->value.n <= UINT32_MAX);
        put_entry(out, (struct entry){(uint16_t)l->key.n, 0, (uint32_t)l->value.n}, l->key, l->value);
    }
    for (int i = 0; i < p->nfields; i++) {
        const struct record_field *f = &p->fields[i];
        uint16_t flags = (uint16_t)(RECORD_FIELD | (f->indexed ? RECORD_INDEXED : 0));
        must(f->value.n <= UINT32_MAX);
        put_entry(out, (struct entry){f->slot, flags, (uint32_t)f->value.n}, STR_NONE, f->value);
    }
}

size_t record_draft(struct buf *out, const struct record_parts *p)
{
    must(p->nlabels >= 0 && p->nlabels <= RECORD_LABELS_MAX);
    must(p->nfields >= 0 && p->nfields <= RECORD_FIELDS_MAX);
    must(p->body_at <= p->json.n && p->rv_at <= p->json.n);
    must((size_t)p->ns_at + p->ns_bytes <= p->json.n && (size_t)p->name_at + p->name_bytes <= p->json.n);
    must(p->proto_rv_at <= p->proto.n && (p->rv_at || !p->proto_rv_at));
    size_t start = out->n;
    struct record r = {.magic = RECORD_MAGIC, .resource = p->resource, .table_off = sizeof(r)};
    buf_put(out, &r, sizeof(r));
    put_table(out, p);
    r.table_bytes = (uint32_t)(out->n - start - sizeof(r));
    r.json_off = (uint32_t)(out->n - start);
    r.json_bytes = (uint32_t)p->json.n;
    buf_str(out, p->json);
    r.proto_off = (uint32_t)(out->n - start);
    r.proto_bytes = (uint32_t)p->proto.n;
    buf_str(out, p->proto);
    must(out->n - start <= UINT32_MAX - 64);
    r.bytes = (uint32_t)(out->n - start);
    r.body_off = r.json_off + p->body_at;
    r.rv_off = p->rv_at ? r.json_off + p->rv_at : 0;
    r.proto_rv_off = p->proto_rv_at ? r.proto_off + p->proto_rv_at : 0;
    r.labels = (uint16_t)p->nlabels;
    r.fields = (uint16_t)p->nfields;
    r.ns_off = p->ns_bytes ? r.json_off + p->ns_at : 0;
    r.name_off = p->name_bytes ? r.json_off + p->name_at : 0;
    r.ns_bytes = p->ns_bytes;
    r.name_bytes = p->name_bytes;
    r.expires_s = p->expires_s;
    r.flags = p->flags;
    memcpy(out->p + start, &r, sizeof(r));
    return r.bytes;
}

/* off..off+n lies in the json and does not touch resourceVersion's digits; nothing at all may say 0. */
static bool in_json(const struct record *r, uint32_t off, uint32_t n)
{
    uint64_t end = (uint64_t)off + n, rv_end = (uint64_t)r->rv_off + r->rv_bytes;
    if (n == 0 && off == 0)
        return true;
    if (off < r->json_off || end > (uint64_t)r->json_off + r->json_bytes)
        return false;
    return r->rv_off == 0 || end <= r->rv_off || off >= rv_end;
}

static bool in_proto(const struct record *r)
{
    if (r->proto_rv_off == 0)
        return true;
    return r->rv_off != 0 && r->proto_rv_off >= r->proto_off &&
           (uint64_t)r->proto_rv_off + r->rv_bytes <= record_whole_bytes(r);
}

/* The digits in the proto are a whole text in its metadata, and the lengths are right. Whoever reads JSON
 * does not come here: the proto is cold memory to him. */
static bool proto_ok(const struct record *r)
{
    struct lengths l;
    struct str proto = record_proto(r);
    if (r->proto_rv_off == 0)
        return true;
    if (!in_proto(r) || !read_lengths(proto, &l))
        return false;
    uint64_t at = r->proto_rv_off - r->proto_off;
    if (at < (uint64_t)l.at + 2 || at + r->rv_bytes > (uint64_t)l.at + l.metadata)
        return false;
    return proto.p[at - 2] == TAG_RESOURCE_VERSION && (unsigned char)proto.p[at - 1] == r->rv_bytes;
}

bool record_header_ok(struct str bytes)
{
    const struct record *r = (const struct record *)bytes.p;
    if (bytes.n < sizeof(*r) || bytes.n > UINT32_MAX || r->magic != RECORD_MAGIC || r->bytes != bytes.n)
        return false;
    if (r->table_off != sizeof(*r) || (uint64_t)r->table_off + r->table_bytes != r->json_off)
        return false;
    if ((uint64_t)r->json_off + r->json_bytes != r->proto_off ||
        (r->flags & RECORD_APART
             ? record_part_bytes(r) >= record_whole_bytes(r) || record_part_bytes(r) < r->proto_off
             : r->bytes != record_whole_bytes(r) || r->flags & RECORD_NUMBERED))
        return false;
    if (r->fields > RECORD_FIELDS_MAX || r->rv_bytes > 20 || (r->rv_off == 0 && r->rv_bytes != 0))
        return false;
    if (r->rv_off != 0 && (r->rv_off < r->json_off || r->rv_off + (uint64_t)r->rv_bytes > r->proto_off))
        return false;
    return r->body_off != 0 && in_json(r, r->body_off, 0) && in_json(r, r->ns_off, r->ns_bytes) &&
           in_json(r, r->name_off, r->name_bytes) && in_proto(r);
}

bool record_ok(struct str bytes)
{
    const struct record *r = (const struct record *)bytes.p;
    if (!record_header_ok(bytes) || r->flags & RECORD_APART || !proto_ok(r))
        return false;
    struct record_table_view t = record_table_view(r);
    struct str key, value;
    size_t at = 0;
    int slot, labels = 0, fields = 0, last_slot = -1;
    bool indexed;
    while (record_table_next(t, &at, &slot, &key, &value, &indexed)) {
        if (slot < 0 ? fields > 0 : slot <= last_slot)
            return false; /* labels come first, slots ascend */
        last_slot = slot;
        labels += slot < 0;
        fields += slot >= 0;
    }
    return at == t.bytes.n && labels == t.labels && fields == t.fields;
}

/* Decimal digits of v, not negative, to the end of out; returns how many. */
static uint32_t revision_digits(int64_t v, char out[20])
{
    uint32_t n = 0;
    do {
        out[19 - n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    return n;
}

static uint32_t digits_of(const struct record *draft, int64_t revision, char out[20])
{
    must(revision >= 0);
    return draft->rv_off ? revision_digits(revision, out) : 0;
}

/* The lengths once the digits are n; returns by how much the proto grows (it may wrap below zero). */
static uint32_t grow_proto(const struct record *draft, uint32_t n, struct lengths *l)
{
    uint32_t was, by = n - draft->rv_bytes;
    if (!draft->proto_rv_off)
        return 0;
    must(proto_ok(draft) && read_lengths(record_proto(draft), l));
    was = varint_bytes(l->message) + varint_bytes(l->metadata);
    l->message += by - varint_bytes(l->metadata);
    l->metadata += by;
    l->message += varint_bytes(l->metadata);
    return by + varint_bytes(l->message) + varint_bytes(l->metadata) - was;
}

size_t record_finished_bytes(const struct record *draft, int64_t revision)
{
    char digits[20];
    struct lengths l;
    uint32_t n = digits_of(draft, revision, digits);
    return (uint32_t)(draft->bytes + (n - draft->rv_bytes) + grow_proto(draft, n, &l));
}

/* The proto behind new lengths, with new digits. */
static void finish_proto(char *to, const struct record *draft, const struct lengths *l, struct str digits)
{
    struct str proto = record_proto(draft);
    if (!draft->proto_rv_off) {
        memcpy(to, proto.p, proto.n);
        return;
    }
    uint32_t at = draft->proto_rv_off - draft->proto_off, behind = at + draft->rv_bytes;
    *to++ = TAG_MESSAGE;
    to = put_varint(to, l->message);
    *to++ = TAG_METADATA;
    to = put_varint(to, l->metadata);
    memcpy(to, proto.p + l->at, at - 1 - l->at);
    to += at - 1 - l->at;
    *to++ = (char)digits.n;
    memcpy(to, digits.p, digits.n);
    memcpy(to + digits.n, proto.p + behind, proto.n - behind);
}

void record_finish(void *dst, const struct record *draft, int64_t revision, int64_t create_revision)
{
    char digits[20];
    struct lengths l = {0};
    const char *src = (const char *)draft;
    char *to = dst;
    uint32_t n = digits_of(draft, revision, digits), proto_by = grow_proto(draft, n, &l);
    uint32_t at = draft->rv_off ? draft->rv_off : draft->proto_off;
    uint32_t behind = at + draft->rv_bytes,
             by = n - draft->rv_bytes; /* may wrap below zero; so do the sums */
    struct str text = {digits + 20 - n, n};
    memcpy(to, src, at);
    memcpy(to + at, text.p, n);
    memcpy(to + at + n, src + behind, draft->proto_off - behind);
    finish_proto(to + (uint32_t)(draft->proto_off + by), draft, &l, text);

    struct record *r = dst;
    r->bytes += by + proto_by;
    r->json_bytes += by;
    r->proto_off += by;
    r->proto_bytes += proto_by;
    r->rv_bytes = n;
    r->mod_revision = revision;
    r->create_revision = create_revision ? create_revision : revision;
    if (!draft->rv_off)
        return;
    r->body_off += draft->body_off >= behind ? by : 0;
    r->ns_off += draft->ns_off >= behind ? by : 0;
    r->name_off += draft->name_off >= behind ? by : 0;
    if (draft->proto_rv_off) /* what grew in front of it: the json and the lengths */
        r->proto_rv_off += proto_by;
}

void record_split(void *dst, const struct record *whole, size_t n, const char *number)
{
    struct record *r = dst;
    must(n >= whole->proto_off && n < whole->bytes);
    memcpy(dst, whole, n);
    memcpy((char *)dst + n, number, RECORD_NUMBER_BYTES);
    r->flags |= RECORD_APART | RECORD_NUMBERED;
    r->bytes = (uint32_t)(n + RECORD_NUMBER_BYTES);
}

bool record_join(void *dst, const struct record *r, struct str rest)
{
    struct record *whole = dst;
    size_t part = record_part_bytes(r);
    if (part + rest.n != record_whole_bytes(r))
        return false;
    memcpy(dst, r, part);
    if (rest.n)
        memcpy((char *)dst + part, rest.p, rest.n);
    whole->flags &= ~(RECORD_APART | RECORD_NUMBERED);
    whole->bytes = (uint32_t)record_whole_bytes(r);
    return proto_ok(whole);
}

struct str record_proto_meta(struct str proto)
{
    struct lengths l;
    if (!read_lengths(proto, &l))
        return STR_NONE;
    uint32_t before = 1 + varint_bytes(l.metadata);
    return (struct str){proto.p + l.at - before, (size_t)before + l.metadata};
}

struct record_table_view record_table_view(const struct record *r)
{
    return (struct record_table_view){record_table(r), r->labels, r->fields};
}

bool record_table_next(struct record_table_view t, size_t *at, int *slot, struct str *key, struct str *value,
                       bool *indexed)
{
    struct entry e;
    size_t left = t.bytes.n - *at;
    if (*at > t.bytes.n || left < sizeof(e))
        return false;
    const char *p = t.bytes.p + *at;
    memcpy(&e, p, sizeof(e));
    size_t key_bytes = e.flags & RECORD_FIELD ? 0 : e.key;
    size_t bytes = (sizeof(e) + key_bytes + e.value_bytes + 3) & ~(size_t)3;
    if (bytes > left)
        return false;
    *slot = e.flags & RECORD_FIELD ? e.key : -1;
    *key = (struct str){p + sizeof(e), key_bytes};
    *value = (struct str){p + sizeof(e) + key_bytes, e.value_bytes};
    *indexed = e.flags & RECORD_INDEXED;
    *at += bytes;
    return true;
}

bool record_table_label(struct record_table_view t, struct str key, struct str *value)
{
    struct str k, v;
    size_t at = 0;
    int slot;
    bool indexed;
    for (int i = 0; i < t.labels && record_table_next(t, &at, &slot, &k, &v, &indexed) && slot < 0; i++) {
        int d = str_cmp(k, key);
        if (d > 0)
            return false; /* sorted */
        if (d < 0)
            continue;
        *value = v;
        return true;
    }
    return false;
}

struct str record_table_field(struct record_table_view t, uint16_t slot)
{
    struct str k, v;
    size_t at = 0;
    int s;
    bool indexed;
    while (record_table_next(t, &at, &s, &k, &v, &indexed))
        if (s == slot)
            return v;
    return STR("");
}
