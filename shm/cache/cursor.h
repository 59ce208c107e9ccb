/* What the files of this room share about snapshots; not for other rooms. Cursors are kept and renewed,
 * because LMDB allocates one anew for every mdb_cursor_open. */
#ifndef SHM_CACHE_CURSOR_H
#define SHM_CACHE_CURSOR_H

#include "shm/cache/snapshot.h"

MDB_txn *snapshot_txn(const struct snapshot *s);
struct cache *snapshot_cache(const struct snapshot *s);
/* A cursor of the snapshot on dbi; NULL on failure. Goes back with snapshot_cursor_give (NULL is allowed). */
MDB_cursor *snapshot_cursor_take(struct snapshot *s, MDB_dbi dbi);
void snapshot_cursor_give(struct snapshot *s, MDB_cursor *cur);
/* Moves a cursor to the first key >= from (> when after). v may be NULL. */
int cursor_seek(MDB_cursor *cur, struct str from, bool after, MDB_val *k, MDB_val *v);

static inline struct str val_str(MDB_val v)
{
    return (struct str){v.mv_data, v.mv_size};
}

static inline MDB_val str_val(struct str s)
{
    return (MDB_val){.mv_size = s.n, .mv_data = (void *)(uintptr_t)s.p};
}

/* Where the rest of a record is, under record_rest_key. */
static inline MDB_dbi record_rest_dbi(const struct cache *c, const struct record *r)
{
    return r->flags & RECORD_NUMBERED ? c->tails : c->rests;
}

/* The record in these bytes, or NULL. */
static inline const struct record *record_view(struct str bytes)
{
    return record_header_ok(bytes) ? (const struct record *)bytes.p : NULL;
}

/* Asks for the head, the table and the beginning of the object of a record that is looked at next: among many
 * records each of them is a wait for memory of its own. */
static inline void record_prefetch(MDB_val v)
{
    for (size_t at = 0; at < 384 && at < v.mv_size; at += 64)
        __builtin_prefetch((const char *)v.mv_data + at);
}

/* Keys of the log: the revision in eight bytes, big endian, so that byte order is number order; behind it, of
 * a revision with many events, four more for the place of all but the first. */
struct log_key {
    unsigned char b[12];
    unsigned n;
};

static inline struct log_key log_key_of(int64_t revision, uint32_t sub)
{
    struct log_key k = {.n = sub ? 12 : 8};
    for (int i = 0; i < 8; i++)
        k.b[i] = (unsigned char)((uint64_t)revision >> (56 - 8 * i));
    for (int i = 0; i < 4; i++)
        k.b[8 + i] = (unsigned char)(sub >> (24 - 8 * i));
    return k;
}

static inline int64_t log_key_revision(MDB_val k)
{
    uint64_t r = 0;
    for (size_t i = 0; i < 8 && i < k.mv_size; i++)
        r = r << 8 | ((const unsigned char *)k.mv_data)[i];
    return (int64_t)r;
}

static inline uint32_t log_key_sub(MDB_val k)
{
    uint32_t sub = 0;
    for (size_t i = 8; i < 12 && i < k.mv_size; i++)
        sub = sub << 8 | ((const unsigned char *)k.mv_data)[i];
    return sub;
}

static inline MDB_val log_key_val(struct log_key *k)
{
    return (MDB_val){.mv_size = k->n, .mv_data = k->b};
}

/* Keys of the index database: resource (u32, big endian) + slot (u16, big endian) + value + NUL + ns + NUL +
 * name. A value over INDEX_VALUE_MAX bytes, or what follows it when the key would not fit, keeps its first
 * bytes and ends in a 16-digit hash of the whole. Derived from the objects key alone; a cut tail has the
 * objects key as value. */
#define INDEX_VALUE_MAX 128

/* Fills k up to and including the NUL behind the value. */
void index_prefix(struct key *k, uint32_t resource, uint16_t slot, struct str value);
/* Adds what identifies the object: the objects key without its resource. false: it was cut. */
bool index_tail(struct key *k, struct str objects_key);

#endif
