/* The embedded store's side. Records hold what clients get, with a revision in it; what etcd would hold is
 * made of them as a write would make it. An import puts objects where they lie, each at a revision of its
 * own, behind the revision of the file: what clients remember of the other store is then older than the watch
 * window, and they list again. */
#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shm/base/arena.h"
#include "shm/base/buf.h"
#include "shm/base/must.h"
#include "shm/cache/cache.h"
#include "shm/cache/snapshot.h"
#include "shm/watcher/apply.h"
#include "worker/storetool/tool.h"
#include "worker/write/commit.h"
#include "worker/write/etcdkey.h"
#include "worker/write/stored.h"

struct side {
    struct tool *tool;
    struct cache *cache;
    char dir[4096];
    struct buf key, value, draft;
};

static void close_side(void *store)
{
    struct side *s = store;

    if (s->cache)
        cache_close(s->cache);
    buf_free(&s->key);
    buf_free(&s->value);
    buf_free(&s->draft);
    free(s);
}

static void *open_side(struct tool *t, bool writes)
{
    const struct options *o = t->options;
    struct side *s = calloc(1, sizeof(*s));
    struct cache_options co = {
        .dir = s->dir, .writer = writes, .durable = true, .map_bytes = (size_t)o->cache_map_bytes};
    int n;

    must(s != NULL);
    co.dir = s->dir;
    s->tool = t;
    n = *o->cache_dir ? snprintf(s->dir, sizeof(s->dir), "%s", o->cache_dir)
                      : snprintf(s->dir, sizeof(s->dir), "%s/store", o->data_dir);
    if (n >= (int)sizeof(s->dir))
        tool_fail(t, "--data-dir is too long a path");
    else if (!writes && access(s->dir, F_OK))
        tool_fail(t, "there is no embedded store in %s: %s", s->dir, strerror(errno));
    else
        s->cache = cache_open(&co, t->err, sizeof(t->err));
    if (s->cache)
        return s;
    close_side(s);
    return NULL;
}

/* ---- reading ---- */

/* The value that etcd would have, into s->value, and its key without the prefix. */
static bool to_entry(struct side *s, struct str objects_key, const struct record *rec, struct tool_entry *e,
                     bool *served)
{
    const struct schema_resource *r = schema_resource_of_id(rec->resource);
    struct arena *a;
    struct str ns, name;
    uint32_t id;
    json_t *obj;
    int rc;

    *served = r && r->etcd_prefix && r->stored_version && key_parse(objects_key, &id, &ns, &name);
    if (!*served)
        return true;
    a = arena_new(0);
    buf_clear(&s->key);
    buf_clear(&s->value);
    buf_clear(&s->draft);
    obj = record_tree(a, rec);
    record_make(&s->draft, a, obj, r, record_kept(a, rec, r, obj, obj), 0);
    if (rec->name_bytes) { /* a long key is cut, the record's names are not */
        ns = record_ns(rec);
        name = record_name(rec);
    }
    etcdkey_write(s->tool->keys, r, ns, name, &s->key);
    rc = stored_value(s->tool->stored, buf_view(&s->key), (const struct record *)(void *)s->draft.p,
                      &s->value);
    json_decref(obj);
    arena_free(a);
    if (rc)
        return tool_fail(s->tool, "cannot encode %.*s: %s", STR_ARG(buf_view(&s->key)), strerror(-rc));
    size_t prefix = etcdkey_prefix(s->tool->keys).n;
    *e = (struct tool_entry){.key = {s->key.p + prefix, s->key.n - prefix},
                             .value = buf_view(&s->value),
                             .create_revision = rec->create_revision,
                             .mod_revision = rec->mod_revision};
    return true;
}

static bool scan_all(struct side *s, struct snapshot *snap, struct tool_visit *v)
{
    struct key all = {0}, first = {.n = 1}; /* LMDB looks for no empty key */
    struct tool_entry e;
    struct scan sc;
    struct str key;
    const struct record *rec;
    bool ok = true, served;

    if (scan_open(&sc, snap, &all, &first, false))
        return tool_fail(s->tool, "cannot read %s", s->dir);
    while (ok && (rec = scan_next(&sc, &key))) {
        if (rec->expires_s) {
            v->short_lived++;
            continue;
        }
        ok = to_entry(s, key, rec, &e, &served) && tool_goes_on(s->tool);
        v->left_out += ok && !served;
        ok = ok && (!served || v->entry(v->arg, &e));
    }
    scan_close(&sc);
    return ok;
}

static bool read_all(void *store, struct tool_visit *v)
{
    struct side *s = store;
    struct snapshots *all = snapshots_new(s->cache);
    struct snapshot *snap = snapshot_get(all);
    bool ok;

    if (!snap)
        ok = tool_fail(s->tool, "cannot read %s: %s", s->dir, strerror(errno));
    else
        ok = (!v->begin || v->begin(v->arg, snapshot_revision(snap))) && scan_all(s, snap, v);
    snapshot_unref(snap);
    snapshots_free(all);
    return ok;
}

/* ---- writing ---- */

static bool end_txn(struct side *s, MDB_txn *txn, bool ok)
{
    int rc;

    if (!ok) {
        mdb_txn_abort(txn);
        return false;
    }
    rc = mdb_txn_commit(txn);
    return rc == 0 || tool_fail(s->tool, "cannot write to %s: %s", s->dir, mdb_strerror(rc));
}

static bool begin_txn(struct side *s, MDB_txn **txn)
{
    int rc = mdb_txn_begin(s->cache->env, NULL, 0, txn);

    return rc == 0 || tool_fail(s->tool, "cannot write to %s: %s", s->dir, mdb_strerror(rc));
}

static bool put_meta(struct side *s, MDB_txn *txn, const char *name, int64_t value)
{
    int rc = cache_meta_put(s->cache, txn, name, value);

    return rc == 0 || tool_fail(s->tool, "cannot write to %s: %s", s->dir, strerror(-rc));
}

static int64_t note_of(const char *sha)
{
    char head[16] = "";

    memcpy(head, sha, sizeof(head) - 1);
    return (int64_t)strtoull(head, NULL, 16) | 1;
}

static bool begin(void *store, const char *sha, int64_t revision)
{
    struct side *s = store;
    int64_t note = 0;
    MDB_stat objects;
    MDB_txn *txn;
    bool ok;

    if (!begin_txn(s, &txn))
        return false;
    cache_meta_get(s->cache, txn, CACHE_META_IMPORT, &note);
    ok = mdb_stat(txn, s->cache->objects, &objects) == 0 || tool_fail(s->tool, "cannot read %s", s->dir);
    if (ok && note == note_of(sha)) {
        mdb_txn_abort(txn);
        return true;
    }
    if (ok && note)
        ok = tool_fail(s->tool, "an import of another file was begun in %s and is not done", s->dir);
    if (ok && objects.ms_entries)
        ok = tool_fail(s->tool, "the store in %s is not empty: it holds %zu objects", s->dir,
                       objects.ms_entries);
    ok = ok && put_meta(s, txn, CACHE_META_IMPORT, note_of(sha)) &&
         put_meta(s, txn, CACHE_META_REVISION, revision > 0 ? revision : 1) &&
         put_meta(s, txn, CACHE_META_COMPACTED, revision > 0 ? revision : 1);
    return end_txn(s, txn, ok);
}

/* The draft of an entry into *draft, and what will be read back of it into sum. */
static bool make(struct side *s, const struct tool_entry *e, struct buf *draft, struct key *key,
                 struct tool_sum *sum)
{
    const struct schema_resource *r;
    struct buf etcd_key = {0};
    struct str ns, name;
    char why[256] = "it is no object that cubed serves";
    int rc;

    buf_str(&etcd_key, etcdkey_prefix(s->tool->keys));
    buf_str(&etcd_key, e->key);
    rc = etcdkey_read(s->tool->keys, buf_view(&etcd_key), &r, &ns, &name)
             ? stored_draft(s->tool->stored, buf_view(&etcd_key), r, ns, name, e->value, draft, why,
                            sizeof(why))
             : -EINVAL;
    if (!rc) {
        key_make(key, r->id, ns, name);
        buf_clear(&s->value);
        rc = stored_value(s->tool->stored, buf_view(&etcd_key), (const struct record *)(void *)draft->p,
                          &s->value);
    }
    if (!rc)
        tool_sum_add(sum, e->key, buf_view(&s->value));
    buf_free(&etcd_key);
    return rc == 0 || tool_fail(s->tool, "%.*s: %s", STR_ARG(e->key), why);
}

/* *same: it is there. s->value: what the entry would be read back as. */
static bool compare(struct side *s, MDB_txn *txn, const struct key *key, const struct tool_entry *e,
                    bool *same)
{
    MDB_val k = {key->n, (void *)(uintptr_t)key->b}, v;
    struct tool_entry there;
    struct buf want = {0};
    bool served = false, ok;
    int rc = mdb_get(txn, s->cache->objects, &k, &v);

    *same = false;
    if (rc == MDB_NOTFOUND)
        return true;
    if (rc || !record_header_ok((struct str){v.mv_data, v.mv_size}))
        return tool_fail(s->tool, "%s: the object at %.*s cannot be read", s->dir, STR_ARG(e->key));
    buf_str(&want, buf_view(&s->value));
    ok = to_entry(s, key_str(key), v.mv_data, &there, &served);
    *same = ok && served && str_eq(there.value, buf_view(&want));
    buf_free(&want);
    return ok && (*same || tool_fail(s->tool, "%s: %.*s is there already, with another content", s->dir,
                                     STR_ARG(e->key)));
}

static bool put_one(struct side *s, MDB_txn *txn, const struct tool_entry *e, int64_t *revision,
                    struct tool_sum *sum)
{
    struct buf draft = {0};
    struct key key;
    bool same, ok = make(s, e, &draft, &key, sum) && compare(s, txn, &key, e, &same);

    if (ok && !same) {
        struct apply_change ch = {.verb = STORE_PUT,
                                  .key = key_str(&key),
                                  .revision = ++*revision,
                                  .draft = (const struct record *)(void *)draft.p};
        int rc = apply_quietly(s->cache, txn, &ch);
        ok = rc == 0 || tool_fail(s->tool, "cannot write to %s: %s", s->dir, strerror(-rc));
    }
    buf_free(&draft);
    return ok;
}

static bool put(void *store, const struct tool_entry *e, int n, struct tool_sum *sum)
{
    struct side *s = store;
    int64_t revision = 0;
    MDB_txn *txn;
    bool ok;

    if (!begin_txn(s, &txn))
        return false;
    ok = cache_meta_get(s->cache, txn, CACHE_META_REVISION, &revision) == 0 ||
         tool_fail(s->tool, "cannot read %s", s->dir);
    for (int i = 0; i < n && ok; i++)
        ok = put_one(s, txn, &e[i], &revision, sum);
    ok = ok && put_meta(s, txn, CACHE_META_REVISION, revision) &&
         put_meta(s, txn, CACHE_META_COMPACTED, revision);
    return end_txn(s, txn, ok);
}

static bool finish(void *store)
{
    struct side *s = store;
    MDB_txn *txn;

    return begin_txn(s, &txn) && end_txn(s, txn, put_meta(s, txn, CACHE_META_IMPORT, 0));
}

const struct tool_store tool_embedded = {open_side, close_side, read_all, begin, put, finish};
