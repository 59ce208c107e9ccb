/* The cache: one LMDB environment, mapped by every process; the watcher alone writes it.
 *
 *   objects  key (key.h)                 -> record (record.h)
 *   tails    number, 8 bytes, big endian -> what follows of a record that is split (apply.c)
 *   rests    key                         -> the same of what was not written anew since layout 3
 *   counts   key                         -> number of objects from there on (counts.h)
 *   log      revision (u64 big endian)   -> event (log.h); the watch window
 *   index    slot of a resource, value, ns, name -> nothing (key.h)
 *   meta     name                        -> value: revision, compacted, store identity, layout
 *
 * Opened after fork, once per process, with MDB_NOTLS. */
#ifndef SHM_CACHE_CACHE_H
#define SHM_CACHE_CACHE_H

#include <lmdb.h>
#include <stdbool.h>
#include <stdint.h>
#include "shm/base/buf.h"
#include "shm/base/str.h"

#define CACHE_LAYOUT 5 /* 1: without rests, 2: without counts, 3: without tails; these are taken over */

struct cache {
    unsigned magic;
    MDB_env *env;
    MDB_dbi objects, rests, tails, counts, log, index, meta;
    bool writer;
    int lock_fd;     /* the writer's claim on the directory */
    struct buf work; /* the writer's, for one change at a time */
};

struct cache_options {
    const char *dir;  /* created 0700 if missing */
    bool writer;      /* the watcher */
    bool durable;     /* fsync at commit (embedded store); else the cache may be rebuilt */
    size_t map_bytes; /* 0: default */
};

/* NULL and a one-line reason in err (err_bytes) on failure. A reader waits for nothing: it fails if the
 * writer has not made the databases yet. */
struct cache *cache_open(const struct cache_options *o, char *err, size_t err_bytes);
void cache_close(struct cache *c);

/* Frees the reader slots of processes that died; the watcher calls it when a child was replaced. */
void cache_reap_readers(struct cache *c);

/* meta values; int64 stored as 8 bytes. In a given transaction. Returns 0, -ENOENT, -ENOSPC or -EIO. */
int cache_meta_get(struct cache *c, MDB_txn *txn, const char *name, int64_t *v);
int cache_meta_put(struct cache *c, MDB_txn *txn, const char *name, int64_t v);
/* An LMDB return code as -ENOSPC (disk or map full) or -EIO; 0 stays 0. */
int cache_errno(int rc);
#define CACHE_META_REVISION "revision"
#define CACHE_META_IMPORT                                                                                    \
    "import" /* of an embedded store that is filled from a file: the first bytes of its hash; 0: done */
#define CACHE_META_COMPACTED                                                                                 \
    "compacted" /* events up to and including this revision are gone from the log                            \
                 */

#endif
