/* Follows etcd into the cache.
 *
 * A read that wants the newest state knows from etcd which revision that is; when the events that lead there
 * are none of ours, none comes, and the watch has to be asked how far it is. Members that may answer that
 * ahead of events prove nothing by it. Of them a key of our own is written instead, below the prefix that is
 * watched: its event comes behind all that were before it. */
#include "worker/follow/follow.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "shm/base/clock.h"
#include "shm/base/log.h"
#include "shm/base/must.h"
#include "shm/store/etcd/kv.h"
#include "shm/watcher/load.h"
#include "shm/watcher/sink.h"
#include "worker/follow/rekey.h"
#include "worker/storetool/tool.h"
#include "worker/write/etcdkey.h"
#include "worker/write/stored.h"

#define PROGRESS_KEY "cubed/progress"
#define PROGRESS_MS 20 /* between two questions: a watch that is busy answers by events */
#define WRITE_MS 400   /* a write of that key is taken for lost, as those of a leader that died are */
#define WRITES_MAX 8
#define STUCK_MS 500 /* the watch does not move on while others wait: doubled with each try elsewhere */
#define STUCK_SHIFT_MAX 4
#define STOPPED (-1)
#define META_WAY "stored way" /* in the cache: stored_way of what filled it */

struct follower {
    struct follow *f;
    struct etcd_client *client;
    struct sink *sink;
    struct load *load;
    struct etcdkey *keys;
    struct stored *stored;
    struct rekey rekey;
    struct buf progress_key;
    int64_t asked_ms;        /* about progress */
    int writes;              /* of the key of our own, under way */
    int64_t wrote_ms;        /* the last of them */
    int64_t stood, stood_ms; /* revision that the watch has reached, and since when somebody waits for more */
    int moves;               /* to other members since then */
    bool told_skipped;       /* once is enough */
    bool importing;          /* an import into this etcd was begun and not ended */
};

/* ---- hooks ---- */

/* Of what is there at the start; later an import finds that etcd is not empty. */
static bool is_import(const struct follower *w, struct str etcd_key)
{
    struct str prefix = etcdkey_prefix(w->keys);
    return (!w->load || !load_ready(w->load)) && str_starts(etcd_key, prefix) &&
           str_is((struct str){etcd_key.p + prefix.n, etcd_key.n - prefix.n}, TOOL_NOTE_KEY);
}

static int key(void *arg, struct str etcd_key, struct key *out)
{
    struct follower *w = arg;
    const struct schema_resource *r;
    struct str ns, name;
    if (!etcdkey_read(w->keys, etcd_key, &r, &ns, &name)) {
        w->importing |= is_import(w, etcd_key);
        return -ENOENT;
    }
    key_make(out, r->id, ns, name);
    return 0;
}

static int record(void *arg, struct str etcd_key, const struct key *k, struct str value, struct buf *out)
{
    struct follower *w = arg;
    const struct schema_resource *r;
    struct str ns, name;
    char err[256];
    if (!etcdkey_read(w->keys, etcd_key, &r, &ns, &name))
        return -EINVAL;
    int rc = stored_draft(w->stored, etcd_key, r, ns, name, value, out, err, sizeof(err));
    if (rc)
        log_warn("etcd: resource=%s namespace=%.*s name=%.*s: %s", r->plural, STR_ARG(ns), STR_ARG(name),
                 err);
    return rc == -EACCES ? 0 : rc; /* its draft says so to whoever asks */
}

static int apply(void *arg, const struct load_batch *b)
{
    return sink_apply(((struct follower *)arg)->sink, b);
}

static int wipe(void *arg)
{
    struct follower *w = arg;
    follow_new_lineage(w->f);
    return sink_wipe(w->sink);
}

/* ---- progress ---- */

static void progress_written(void *arg, const struct etcd_status *st, const struct etcd_write_reply *r)
{
    struct follower *w = arg;
    w->writes--;
    if (st->error)
        log_warn("etcd: cannot write %.*s error=%d reason=\"%s\"", STR_ARG(buf_view(&w->progress_key)),
                 st->error, st->text);
}

static void write_progress(struct follower *w)
{
    struct etcd_write e = {
        .verb = ETCD_PUT, .key = buf_view(&w->progress_key), .value = STR("{}"), .expect = ETCD_EXPECT_ANY};
    int64_t now = clock_ms();
    if (w->writes == WRITES_MAX || (w->writes && now < w->wrote_ms + WRITE_MS))
        return;
    bool sent = etcd_write(w->client, &e, 0, progress_written, w, NULL) == 0;
    w->writes += sent;
    w->wrote_ms = now;
    area_count(w->f->area, w->f->area->consumers, AREA_PROGRESS_WRITES, sent);
}

/* A member that was stopped or cut off keeps its stream standing, and so does one that lost its peers. */
static void see_to_stream(struct follower *w, int64_t now)
{
    if (load_revision(w->load) != w->stood || now - w->asked_ms > STUCK_MS) {
        w->stood = load_revision(w->load);
        w->stood_ms = now;
        w->moves = 0;
    }
    if (now - w->stood_ms < (int64_t)STUCK_MS << (w->moves < STUCK_SHIFT_MAX ? w->moves : STUCK_SHIFT_MAX))
        return;
    w->stood_ms = now;
    w->moves++;
    load_move(w->load);
}

/* Returns ms until it has to be looked at again; -1: nobody waits. */
static int64_t see_to_progress(struct follower *w)
{
    int64_t now = clock_ms(), wait = w->asked_ms + PROGRESS_MS - now;
    if (!load_ready(w->load) || atomic_load(w->f->area->wanted) <= load_revision(w->load))
        return -1;
    if (wait > 0)
        return wait;
    see_to_stream(w, now);
    w->asked_ms = now;
    if (!load_ask_progress(w->load))
        write_progress(w);
    return PROGRESS_MS;
}

/* ---- the loop ---- */

static int64_t sooner(int64_t a, int64_t b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

static int turn(struct follower *w)
{
    struct follow *f = w->f;
    int64_t wait;
    if (atomic_exchange(f->area->doubted, 0))
        load_doubt(w->load);
    int rc = load_run(w->load, &wait);
    if (rc) {
        log_error("the cache cannot go on: %s", strerror(-rc));
        return 1;
    }
    if (w->importing) {
        log_error("etcd holds a part of an import: run cubed store import again");
        return 1;
    }
    if (load_ready(w->load) && !atomic_load(f->area->store_ready)) {
        log_info("etcd: followed revision=%lld left_out=%llu", (long long)load_revision(w->load),
                 (unsigned long long)load_skipped(w->load));
        atomic_store(f->area->store_ready, 1);
    }
    wait = sooner(sooner(wait, see_to_progress(w)), FOLLOW_REAP_MS);
    wait = sooner(wait, rekey_run(&w->rekey, f, w->stored));
    struct pollfd fds[] = {{.fd = f->area->watcher_fd, .events = POLLIN},
                           {.fd = f->signal_fd, .events = POLLIN}};
    int64_t began = clock_ms();
    if (etcd_client_wait(w->client, fds, 2, wait) < 0) {
        log_error("etcd: poll: %s", strerror(errno));
        return 1;
    }
    if (fds[0].revents)
        follow_awake(f);
    follow_reap(f, clock_ms() - began >= FOLLOW_REAP_MS);
    return fds[1].revents ? STOPPED : 0;
}

/* What was read with other keys does not stand for what would be read now. */
static bool settle_way(struct follower *w, char *err, size_t err_bytes)
{
    struct cache *c = w->f->cache;
    int64_t was = 0, is = stored_way(w->stored);
    MDB_txn *txn;
    int rc = cache_errno(mdb_txn_begin(c->env, NULL, MDB_RDONLY, &txn));
    if (!rc) {
        cache_meta_get(c, txn, META_WAY, &was);
        mdb_txn_abort(txn);
    }
    if (!rc && was == is)
        return true;
    if (!rc)
        rc = wipe(w);
    if (!rc)
        rc = cache_errno(mdb_txn_begin(c->env, NULL, 0, &txn));
    if (!rc && (rc = cache_meta_put(c, txn, META_WAY, is)))
        mdb_txn_abort(txn);
    else if (!rc)
        rc = cache_errno(mdb_txn_commit(txn));
    if (rc)
        snprintf(err, err_bytes, "the cache cannot be emptied: %s", strerror(-rc));
    return rc == 0;
}

static bool open_follower(struct follower *w, char *err, size_t err_bytes)
{
    const struct options *o = w->f->options;
    struct etcd_options eo = {.servers = o->etcd_servers,
                              .cafile = o->etcd_cafile,
                              .certfile = o->etcd_certfile,
                              .keyfile = o->etcd_keyfile};
    struct sink_options so = {.window_bytes = o->cache_window_bytes, .window_ms = FOLLOW_WINDOW_MS};
    struct load_hooks hooks = {w, key, record, apply, wipe};
    struct load_options lo = {0};
    w->keys = etcdkey_new(o->etcd_prefix);
    lo.prefix = etcdkey_prefix(w->keys);
    buf_str(&w->progress_key, lo.prefix);
    buf_puts(&w->progress_key, PROGRESS_KEY);
    if (!o->read_only)
        lo.mark = buf_view(&w->progress_key);
    if (!(w->stored = stored_new(o, err, err_bytes)) || !(w->client = etcd_client_new(&eo, err, err_bytes)) ||
        !(w->sink = sink_open(w->f->area, w->f->cache, &so, err, err_bytes)) ||
        !settle_way(w, err, err_bytes))
        return false;
    w->load = load_open(w->f->cache, w->client, &lo, &hooks, err, err_bytes);
    return w->load != NULL;
}

static void close_follower(struct follower *w)
{
    load_close(w->load);
    sink_close(w->sink);
    etcd_client_free(w->client);
    stored_free(w->stored);
    etcdkey_free(w->keys);
    buf_free(&w->progress_key);
}

int follow_etcd(struct follow *f)
{
    struct follower w = {.f = f};
    char err[512];
    int rc = 0;
    if (!open_follower(&w, err, sizeof(err))) {
        log_error("%s", err);
        rc = 1;
    }
    while (!rc)
        rc = turn(&w);
    close_follower(&w);
    return rc == STOPPED ? 0 : rc;
}
