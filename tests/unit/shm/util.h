/* What the tests of this room share: a scratch directory, records made from a name and a text, a writer that
 * applies changes without a store. */
#ifndef TESTS_UNIT_SHM_UTIL_H
#define TESTS_UNIT_SHM_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "shm/base/buf.h"
#include "shm/base/clock.h"
#include "shm/cache/cache.h"
#include "shm/cache/snapshot.h"
#include "shm/store/store.h"
#include "shm/watcher/apply.h"
#include "shm/watcher/trim.h"

#define RES 7u

static inline char *scratch_dir(void)
{
    const char *tmp = getenv("TMPDIR");
    char path[512];
    snprintf(path, sizeof(path), "%s/shm-test-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(path));
    return strdup(path);
}

static inline void scratch_remove(char *dir)
{
    static const char *const files[] = {"data.mdb", "lock.mdb", "writer.lock"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char path[600];
        snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
        unlink(path);
    }
    rmdir(dir);
    free(dir);
}

static inline struct cache *open_at(const char *dir, bool writer, bool durable, size_t map_bytes)
{
    char err[512] = "";
    struct cache_options o = {.dir = dir, .writer = writer, .durable = durable, .map_bytes = map_bytes};
    struct cache *c = cache_open(&o, err, sizeof(err));
    if (!c)
        fprintf(stderr, "%s\n", err);
    return c;
}

/* A draft with one label (app=<text>) and an indexed field in slot 2 (node, absent when NULL). */
static inline const struct record *make_draft(struct buf *b, const char *ns, const char *name,
                                              const char *text, const char *node)
{
    struct buf json = {0};
    struct record_label label = {STR("app"), str_of(text)};
    struct record_field field = {.slot = 2, .indexed = true, .value = str_of(node)};
    struct record_parts p = {
        .resource = RES, .labels = &label, .nlabels = 1, .fields = &field, .nfields = node != NULL};
    buf_puts(&json, "{\"kind\":\"T\",\"apiVersion\":\"v1\",");
    p.body_at = (uint32_t)json.n;
    buf_puts(&json, "\"metadata\":{\"name\":\"");
    p.name_at = (uint32_t)json.n;
    p.name_bytes = (uint16_t)strlen(name);
    buf_printf(&json, "%s\",\"resourceVersion\":\"", name);
    p.rv_at = (uint32_t)json.n;
    buf_puts(&json, "\",\"namespace\":\"");
    p.ns_at = (uint32_t)json.n;
    p.ns_bytes = (uint16_t)strlen(ns);
    buf_printf(&json, "%s\"},\"text\":\"%s\"}", ns, text);
    p.json = buf_view(&json);
    buf_clear(b);
    record_draft(b, &p);
    buf_free(&json);
    return (const struct record *)b->p;
}

/* One change in a transaction of its own, with the revision in meta. Returns what apply_change does. */
static inline int apply_one(struct cache *c, enum store_verb verb, const char *ns, const char *name,
                            const char *text, const char *node, int64_t revision, struct trim *t)
{
    MDB_txn *txn;
    struct key k;
    struct buf b = {0};
    struct ring_event ev;
    key_make(&k, RES, str_of(ns), str_of(name));
    struct apply_change ch = {
        .verb = verb, .key = key_str(&k), .revision = revision, .wall_ms = clock_wall_us() / 1000};
    if (text)
        ch.draft = make_draft(&b, ns, name, text, node);
    assert_int_equal(mdb_txn_begin(c->env, NULL, 0, &txn), 0);
    int rc = apply_change(c, txn, &ch, &ev);
    if (rc == 0)
        rc = cache_meta_put(c, txn, CACHE_META_REVISION, revision);
    if (rc == 0 && t && trim_run(t, c, txn, clock_wall_us() / 1000) < 0)
        rc = -EIO;
    if (rc == 0)
        rc = cache_errno(mdb_txn_commit(txn));
    else
        mdb_txn_abort(txn);
    buf_free(&b);
    return rc;
}

static inline void put(struct cache *c, const char *ns, const char *name, const char *text, const char *node,
                       int64_t rev)
{
    assert_int_equal(apply_one(c, STORE_PUT, ns, name, text, node, rev, NULL), 0);
}

static inline void del(struct cache *c, const char *ns, const char *name, int64_t rev)
{
    assert_int_equal(apply_one(c, STORE_DELETE, ns, name, NULL, NULL, rev, NULL), 0);
}

static inline void assert_name(const struct record *r, const char *name)
{
    assert_non_null(r);
    char got[600];
    snprintf(got, sizeof(got), "%.*s", STR_ARG(record_name(r)));
    assert_string_equal(got, name);
}

/* Whether the json contains the text. */
static inline bool json_has(const struct record *r, const char *text)
{
    return memmem(record_json(r).p, record_json(r).n, text, strlen(text)) != NULL;
}

#endif
