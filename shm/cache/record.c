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
    r.labels = (uint16_t)p->nlabels;
    r.fields = (uint16_t)p->nfields;
    r.ns_off = p->ns_bytes ? r.json_off + p->ns_at : 0;
    r.name_off = p->name_bytes ? r.json_off + p->name_at : 0;
    r.ns_bytes = p->ns_bytes;
    r.name_bytes = p->name_bytes;
    r.expires_s = p->expires_s;
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

bool record_header_ok(struct str bytes)
{
    const struct record *r = (const struct record *)bytes.p;
    if (bytes.n < sizeof(*r) || bytes.n > UINT32_MAX || r->magic != RECORD_MAGIC || r->bytes != bytes.n)
        return false;
    if (r->table_off != sizeof(*r) || (uint64_t)r->table_off + r->table_bytes != r->json_off)
        return false;
    if ((uint64_t)r->json_off + r->json_bytes != r->proto_off ||
        (uint64_t)r->proto_off + r->proto_bytes != r->bytes)
        return false;
    if (r->fields > RECORD_FIELDS_MAX || r->rv_bytes > 20 || (r->rv_off == 0 && r->rv_bytes != 0))
        return false;
    if (r->rv_off != 0 && (r->rv_off < r->json_off || r->rv_off + (uint64_t)r->rv_bytes > r->proto_off))
        return false;
    return r->body_off != 0 && in_json(r, r->body_off, 0) && in_json(r, r->ns_off, r->ns_bytes) &&
           in_json(r, r->name_off, r->name_bytes);
}

bool record_ok(struct str bytes)
{
    if (!record_header_ok(bytes))
        return false;
    struct record_table_view t = record_table_view((const struct record *)bytes.p);
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

size_t record_finished_bytes(const struct record *draft, int64_t revision)
{
    char digits[20];
    return (size_t)draft->bytes - draft->rv_bytes + digits_of(draft, revision, digits);
}

void record_finish(void *dst, const struct record *draft, int64_t revision, int64_t create_revision)
{
    char digits[20];
    const char *src = (const char *)draft;
    char *to = dst;
    uint32_t n = digits_of(draft, revision, digits);
    uint32_t at = draft->rv_off ? draft->rv_off : draft->bytes;
    uint32_t behind = at + draft->rv_bytes;
    memcpy(to, src, at);
    memcpy(to + at, digits + 20 - n, n);
    memcpy(to + at + n, src + behind, draft->bytes - behind);

    struct record *r = dst;
    uint32_t by = n - draft->rv_bytes; /* may wrap below zero; so do the sums */
    r->bytes += by;
    r->json_bytes += by;
    r->proto_off += by;
    r->rv_bytes = n;
    r->mod_revision = revision;
    r->create_revision = create_revision ? create_revision : revision;
    if (!draft->rv_off)
        return;
    r->body_off += draft->body_off >= behind ? by : 0;
    r->ns_off += draft->ns_off >= behind ? by : 0;
    r->name_off += draft->name_off >= behind ? by : 0;
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
