/* Opening and closing the environment. One process writes: it holds a flock on writer.lock for as long as it
 * lives, so that a second server on the same directory fails with a sentence instead of numbering revisions
 * twice. */
#include "shm/cache/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "shm/cache/counts.h"

#define CACHE_MAGIC 0x63616368u
#define MAP_BYTES_DEFAULT ((size_t)64 << 30)
#define READERS_MAX 8192 /* of all processes; one a snapshot that is held */
#define META_LAYOUT "layout"
#define LAYOUT_OF_COUNTS 3
#define LAYOUT_TAKEN_OVER 3

static const char *reason(int rc)
{
    return rc == EACCES ? "permission denied" : mdb_strerror(rc);
}

/* Parents too: --data-dir may not exist yet. */
static int make_dirs(const char *dir)
{
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s", dir);
    if (n <= 0 || (size_t)n >= sizeof(path))
        return ENAMETOOLONG;
    for (char *p = path + 1;; p++) {
        if (*p && *p != '/')
            continue;
        char c = *p;
        *p = 0;
        if (mkdir(path, 0700) && errno != EEXIST)
            return errno;
        *p = c;
        if (!c)
            return 0;
    }
}

static int claim(struct cache *c, const char *dir)
{
    char path[4096];
    if (snprintf(path, sizeof(path), "%s/writer.lock", dir) >= (int)sizeof(path))
        return ENAMETOOLONG;
    c->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (c->lock_fd < 0)
        return errno;
    return flock(c->lock_fd, LOCK_EX | LOCK_NB) ? errno : 0;
}

static int open_env(struct cache *c, const struct cache_options *o)
{
    unsigned flags = MDB_NOTLS | MDB_NORDAHEAD;
    if (!o->writer)
        flags |= MDB_RDONLY;
    else if (!o->durable)
        flags |= MDB_NOSYNC | MDB_NOMETASYNC;
    int rc = mdb_env_create(&c->env);
    if (rc)
        return rc;
    if ((rc = mdb_env_set_mapsize(c->env, o->map_bytes ? o->map_bytes : MAP_BYTES_DEFAULT)) ||
        (rc = mdb_env_set_maxdbs(c->env, 8)) || (rc = mdb_env_set_maxreaders(c->env, READERS_MAX)))
        return rc;
    return mdb_env_open(c->env, o->dir, flags, 0600);
}

static int check_layout(struct cache *c, MDB_txn *txn)
{
    int64_t layout;
    int rc = cache_meta_get(c, txn, META_LAYOUT, &layout);
    if ((rc == -ENOENT || (rc == 0 && layout > 0 && layout <= LAYOUT_TAKEN_OVER)) && c->writer) {
        rc = rc || layout < LAYOUT_OF_COUNTS ? counts_rebuild(c, txn) : 0;
        rc = rc ? rc : cache_meta_put(c, txn, META_LAYOUT, CACHE_LAYOUT);
        return -rc;
    }
    if (rc)
        return rc == -ENOENT ? MDB_NOTFOUND : EIO;
    return layout == CACHE_LAYOUT ? 0 : MDB_VERSION_MISMATCH;
}

static int open_databases(struct cache *c)
{
    struct {
        const char *name;
        MDB_dbi *dbi;
    } rows[] = {{"objects", &c->objects}, {"rests", &c->rests}, {"tails", &c->tails}, {"counts", &c->counts},
                {"log", &c->log},         {"index", &c->index}, {"meta", &c->meta}};
    MDB_txn *txn;
    int rc = mdb_txn_begin(c->env, NULL, c->writer ? 0 : MDB_RDONLY, &txn);
    if (rc)
        return rc;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !rc; i++)
        rc = mdb_dbi_open(txn, rows[i].name, c->writer ? MDB_CREATE : 0, rows[i].dbi);
    if (!rc)
        rc = check_layout(c, txn);
    if (!rc)
        return mdb_txn_commit(txn); /* a reader must commit too, or the handles are lost */
    mdb_txn_abort(txn);
    return rc;
}

static struct cache *give_up(struct cache *c, const struct cache_options *o, char *err, size_t err_bytes,
                             int rc)
{
    if (o->writer && rc == EWOULDBLOCK)
        snprintf(err, err_bytes,
                 "%s is in use by another server; stop it, or give this one its own --data-dir", o->dir);
    else if (rc == MDB_VERSION_MISMATCH)
        snprintf(err, err_bytes, "%s was written by another version of this program (layout is not %d)",
                 o->dir, CACHE_LAYOUT);
    else if (rc == MDB_NOTFOUND && !o->writer)
        snprintf(err, err_bytes, "%s holds no cache yet", o->dir);
    else
        snprintf(err, err_bytes, "cannot open the cache in %s: %s", o->dir, reason(rc));
    cache_close(c);
    return NULL;
}

struct cache *cache_open(const struct cache_options *o, char *err, size_t err_bytes)
{
    struct cache *c = calloc(1, sizeof(*c));
    must(c != NULL);
    c->magic = CACHE_MAGIC;
    c->writer = o->writer;
    c->lock_fd = -1;
    int rc = 0;
    if (o->writer && ((rc = make_dirs(o->dir)) || (rc = claim(c, o->dir))))
        return give_up(c, o, err, err_bytes, rc);
    if ((rc = open_env(c, o)) || (rc = open_databases(c)))
        return give_up(c, o, err, err_bytes, rc);
    if (o->writer)
        cache_reap_readers(c);
    return c;
}

void cache_close(struct cache *c)
{
    if (!c)
        return;
    must_be(c, CACHE_MAGIC);
    if (c->env)
        mdb_env_close(c->env);
    if (c->lock_fd >= 0)
        close(c->lock_fd);
    buf_free(&c->work);
    c->magic = 0;
    free(c);
}

void cache_reap_readers(struct cache *c)
{
    must_be(c, CACHE_MAGIC);
    int dead = 0;
    int rc = mdb_reader_check(c->env, &dead);
    if (rc)
        log_warn("cache: cannot check for dead readers: %s", mdb_strerror(rc));
    else if (dead)
        log_info("cache: freed reader slots of dead processes count=%d", dead);
}

int cache_meta_get(struct cache *c, MDB_txn *txn, const char *name, int64_t *v)
{
    MDB_val key = {.mv_size = strlen(name), .mv_data = (void *)(uintptr_t)name}, value;
    int rc = mdb_get(txn, c->meta, &key, &value);
    if (rc == MDB_NOTFOUND)
        return -ENOENT;
    if (rc || value.mv_size != sizeof(*v))
        return -EIO;
    memcpy(v, value.mv_data, sizeof(*v));
    return 0;
}

int cache_meta_put(struct cache *c, MDB_txn *txn, const char *name, int64_t v)
{
    MDB_val key = {.mv_size = strlen(name), .mv_data = (void *)(uintptr_t)name};
    MDB_val value = {.mv_size = sizeof(v), .mv_data = &v};
    return cache_errno(mdb_put(txn, c->meta, &key, &value, 0));
}

int cache_errno(int rc)
{
    switch (rc) {
    case 0:
        return 0;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case ENOSPC:
    case EDQUOT:
        return -ENOSPC;
    default:
        return -EIO;
    }
}
