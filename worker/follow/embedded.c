/* Waits for requests and signals, commits, and nothing else. */
#include "worker/follow/follow.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include "shm/base/log.h"
#include "shm/store/embedded/commit.h"

#define BATCH_MAX 256

/* A store that is filled from a file is nobody's to write to before it is whole. */
static bool whole(struct follow *f)
{
    int64_t import = 0;
    MDB_txn *txn;
    if (mdb_txn_begin(f->cache->env, NULL, MDB_RDONLY, &txn) == 0) {
        cache_meta_get(f->cache, txn, CACHE_META_IMPORT, &import);
        mdb_txn_abort(txn);
    }
    if (import)
        log_error("the store holds a part of an import: run cubed store import again");
    return !import;
}

static struct commit *open_commit(struct follow *f)
{
    char err[256];
    struct commit_options co = {.window_bytes = (size_t)f->options->cache_window_bytes,
                                .window_ms = FOLLOW_WINDOW_MS,
                                .batch_max = BATCH_MAX};
    struct commit *commit = commit_open(f->area, f->cache, &co, err, sizeof(err));
    if (!commit)
        log_error("%s", err);
    return commit;
}

/* Sleeps until there is work, a signal, or time to look after dead readers. Returns what poll does. */
static int sleep_until(struct follow *f, struct commit *c, bool *stop)
{
    struct pollfd fds[] = {{.fd = f->area->watcher_fd, .events = POLLIN},
                           {.fd = f->signal_fd, .events = POLLIN}};
    int n = poll(fds, 2, commit_sleep(c) ? FOLLOW_REAP_MS : 0);
    atomic_store(f->area->watcher_asleep, 0);
    if (fds[0].revents)
        follow_awake(f);
    *stop = fds[1].revents != 0;
    return n;
}

static int loop(struct follow *f, struct commit *c)
{
    for (;;) {
        bool stop = false;
        int n = sleep_until(f, c, &stop);
        if (n < 0 && errno != EINTR) {
            log_error("poll: %s", strerror(errno));
            return 1;
        }
        int done;
        do {
            done = commit_run(c);
        } while (stop && done > 0);
        if (done < 0) {
            log_error("the store cannot go on: %s", strerror(-done));
            return 1;
        }
        if (stop)
            return 0;
        follow_reap(f, n == 0 && done == 0);
    }
}

int follow_embedded(struct follow *f)
{
    struct commit *c = whole(f) ? open_commit(f) : NULL;
    int status = c ? loop(f, c) : 1;
    commit_close(c);
    return status;
}
