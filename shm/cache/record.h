/* A record: one object as stored and as served.
 *
 *   header | table | json | proto
 *
 * header  fixed, below.
 * table   what selectors match on without parsing JSON: labels sorted by key, then fields in slot order.
 * json    the object as a client gets it, resourceVersion included: {"kind":..,"apiVersion":..,<body>}
 *         The head ({"kind":..,"apiVersion":..,) is apart: a list item is '{' + body. No newline at the end.
 * proto   the object's protobuf message as field 2 (tag, length, message): what stands in its envelope and in
 * a list alike. Its first field is the metadata (tag 0x0a). 0 bytes: there is none, of custom resources.
 *
 * A draft is a record that does not know its revision yet: resourceVersion's digits are missing from the json
 * at rv_off and from the proto at proto_rv_off. record_finish() writes them in, straight into the store's
 * page; the lengths in front of them in the proto grow, and may need a byte more for it.
 *
 * In the cache's objects a record may end within its proto (RECORD_APART), where what is left takes less room
 * as a value of its own: nothing else of it changes, its offsets and lengths are those of the whole. Behind
 * its end is then the number under which the rest is found (RECORD_NUMBERED), eight bytes, big endian; of
 * records of layout 3 the rest has the object's key.
 */
#ifndef SHM_CACHE_RECORD_H
#define SHM_CACHE_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include "shm/base/buf.h"
#include "shm/base/str.h"

#define RECORD_MAGIC 0x31726275u /* "ubr1" */
#define RECORD_FIELDS_MAX 32
#define RECORD_LABELS_MAX 65535

/* Little endian, offsets from the record's start. Layout version 1. Packed, because the store gives values
 * back at any address. */
struct record {
    uint32_t magic;
    uint32_t bytes; /* whole record */
    int64_t mod_revision;
    int64_t create_revision;
    uint32_t resource;
    uint32_t table_off, table_bytes;
    uint32_t json_off, json_bytes;
    uint32_t body_off; /* first byte behind the head: the quote of the first key after apiVersion */
    uint32_t rv_off;   /* where resourceVersion's digits start; 0: the object carries none */
    uint32_t rv_bytes; /* 0 in a draft */
    uint32_t proto_off, proto_bytes;
    uint16_t labels, fields;       /* entries in the table */
    uint32_t ns_off, name_off;     /* metadata.namespace and metadata.name inside the json */
    uint16_t ns_bytes, name_bytes; /* their bytes: API names have no characters that JSON escapes */
    uint32_t flags;                /* RECORD_KEPT, RECORD_STALE, RECORD_UNREADABLE */
    uint32_t proto_rv_off; /* where its digits start in the proto, rv_bytes of them; 0: there are none */
    int64_t expires_s;     /* wall clock second after which the keeper removes it; 0: never */
} __attribute__((packed));
_Static_assert(sizeof(struct record) == 96, "record header is 96 bytes");

#define RECORD_KEPT 1u  /* the proto holds fields that the json does not show; a rewrite puts them back */
#define RECORD_APART 8u /* the rest of the proto is a value of its own: snapshot_proto() */
#define RECORD_NUMBERED 16u
#define RECORD_NUMBER_BYTES 8
#define RECORD_UNREADABLE                                                                                    \
    4u /* no object, but what is known of one that could not be opened: its names, and these fields */
#define RECORD_SLOT_UNREADABLE 0xfffd /* RECORD_UNREADABLE_MARK, indexed */
#define RECORD_SLOT_ETCD_KEY 0xfffe
#define RECORD_SLOT_WHY 0xffff
#define RECORD_UNREADABLE_MARK STR("!")
#define RECORD_STALE                                                                                         \
    2u /* the store holds it in another form than a write would give it now (another key to seal             \
          it with): an update that changes nothing is written all the same */

/* One table entry: u16 key bytes (a field's slot number instead), u16 flags, u32 value bytes, then key
 * (labels only) and value, padded to 4. */
#define RECORD_INDEXED 1u
#define RECORD_FIELD 2u /* set on fields, clear on labels */

struct record_label {
    struct str key, value;
};
struct record_field {
    uint16_t slot; /* position in the resource's list of selectable fields */
    bool indexed;
    struct str value;
};

struct record_parts {
    uint32_t resource;
    const struct record_label *labels; /* sorted by key */
    int nlabels;
    const struct record_field *fields; /* ascending slots; absent fields may be left out (match as "") */
    int nfields;
    struct str json;         /* whole object, digits of resourceVersion left out: "resourceVersion":"" */
    uint32_t body_at, rv_at; /* offsets in json; rv_at 0: none */
    uint32_t ns_at, name_at;
    uint16_t ns_bytes, name_bytes;
    struct str proto;     /* as above, with an empty resourceVersion */
    uint32_t proto_rv_at; /* offset in proto; 0: none */
    uint32_t flags;
    int64_t expires_s;
};

/* Appends a draft to out. Returns its size. */
size_t record_draft(struct buf *out, const struct record_parts *p);
/* Checks magic, sizes and offsets of a whole record that comes from a file or another process. */
bool record_ok(struct str bytes);
/* The same without looking into table and proto (whose walkers check their own steps): what each read does.
 */
bool record_header_ok(struct str bytes);
/* Size of what record_finish will write for this draft at this revision. */
size_t record_finished_bytes(const struct record *draft, int64_t revision);
/* Writes the finished record to dst (record_finished_bytes bytes). A finished record is accepted too: its
 * digits are replaced (a deletion carries the revision of the deletion). create_revision 0: this revision. */
void record_finish(void *dst, const struct record *draft, int64_t revision, int64_t create_revision);

static inline struct str record_json(const struct record *r)
{
    return (struct str){(const char *)r + r->json_off, r->json_bytes};
}
/* What follows '{' in a list item of a built-in kind. */
static inline struct str record_body(const struct record *r)
{
    return (struct str){(const char *)r + r->body_off, r->json_off + r->json_bytes - r->body_off};
}
static inline struct str record_ns(const struct record *r)
{
    return (struct str){(const char *)r + r->ns_off, r->ns_bytes};
}
static inline struct str record_name(const struct record *r)
{
    return (struct str){(const char *)r + r->name_off, r->name_bytes};
}
static inline struct str record_table(const struct record *r)
{
    return (struct str){(const char *)r + r->table_off, r->table_bytes};
}

/* Of a whole record; empty where a part of it is elsewhere. */
static inline struct str record_proto(const struct record *r)
{
    if (r->flags & RECORD_APART)
        return STR_NONE;
    return (struct str){(const char *)r + r->proto_off, r->proto_bytes};
}
/* The metadata in a proto, as field 1 (tag, length, message); empty when there is no proto. */
struct str record_proto_meta(struct str proto);

/* Bytes with all of the proto. */
static inline size_t record_whole_bytes(const struct record *r)
{
    return (size_t)r->proto_off + r->proto_bytes;
}
/* Writes the first n bytes of a whole record as one that ends there (proto_off <= n < its bytes), and behind
 * them the rest's number: RECORD_NUMBER_BYTES more. */
void record_split(void *dst, const struct record *whole, size_t n, const char *number);
/* Bytes without the number. */
static inline size_t record_part_bytes(const struct record *r)
{
    return r->bytes - (r->flags & RECORD_NUMBERED ? RECORD_NUMBER_BYTES : 0);
}
/* What its rest is found under; key: the object's. */
static inline struct str record_rest_key(const struct record *r, struct str key)
{
    return r->flags & RECORD_NUMBERED
               ? (struct str){(const char *)r + record_part_bytes(r), RECORD_NUMBER_BYTES}
               : key;
}
/* Writes the whole record (record_whole_bytes bytes) of one and its rest (empty: it is whole). false: the
 * rest is not its. */
bool record_join(void *dst, const struct record *r, struct str rest);

/* A selector table on its own, as the log keeps it of the previous record. */
struct record_table_view {
    struct str bytes;
    uint16_t labels, fields;
};
struct record_table_view record_table_view(const struct record *r);
/* Value of a label; false: not there. No allocation. */
bool record_table_label(struct record_table_view t, struct str key, struct str *value);
/* Value of the field in a slot; absent gives "". */
struct str record_table_field(struct record_table_view t, uint16_t slot);
/* Walks all entries: *at starts at 0. Returns false at the end. For labels *slot is -1. */
bool record_table_next(struct record_table_view t, size_t *at, int *slot, struct str *key, struct str *value,
                       bool *indexed);

#endif
