/* The watcher: the one process that writes the cache. It waits for requests and signals, commits, and nothing
 * else; whatever it cannot mend it leaves to its successor, who resumes from what is on disk. */
#include "worker/worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "shm/base/log.h"
#include "shm/cache/cache.h"
#include "shm/store/embedded/commit.h"

#define WINDOW_MS (5 * 60 * 1000)
#define BATCH_MAX 256
#define REAP_MS 15000

struct watcher {
    struct area *area;
    struct cache *cache;
    struct commit *commit;
    int signal_fd;
    uint64_t restarts; /* of all children, when dead readers were looked for last */
};

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_SETMASK, &set, NULL))
        return -1;
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static struct cache *open_cache(const struct options *o)
{
    char dir[4096], err[512];
    bool own = o->cache_dir[0] != 0;
    int n = snprintf(dir, sizeof(dir), "%s%s", own ? o->cache_dir : o->data_dir, own ? "" : "/store");
    if (n >= (int)sizeof(dir)) {
        log_error("the path of the store is too long");
        return NULL;
    }
    struct cache_options co = {
        .dir = dir, .writer = true, .durable = true, .map_bytes = (size_t)o->cache_map_bytes};
    struct cache *c = cache_open(&co, err, sizeof(err));
    if (!c)
        log_error("%s", err);
    return c;
}

static struct commit *open_commit(struct area *a, struct cache *c, const struct options *o)
{
    char err[256];
    struct commit_options co = {
        .window_bytes = (size_t)o->cache_window_bytes, .window_ms = WINDOW_MS, .batch_max = BATCH_MAX};
    struct commit *commit = commit_open(a, c, &co, err, sizeof(err));
    if (!commit)
        log_error("%s", err);
    return commit;
}

static uint64_t restarts(const struct area *a)
{
    uint64_t sum = 0;
    for (int i = 0; i <= a->consumers; i++)
        sum += atomic_load_explicit(&a->child[i].restarts, memory_order_relaxed);
    return sum;
}

/* A dead reader pins the pages of its last snapshot. */
static void reap(struct watcher *w, bool due)
{
    uint64_t now = restarts(w->area);
    if (!due && now == w->restarts)
        return;
    w->restarts = now;
    cache_reap_readers(w->cache);
}

/* Sleeps until there is work, a signal, or time to look after dead readers. Returns what poll does. */
static int sleep_until(struct watcher *w, bool *stop)
{
    struct pollfd fds[] = {{.fd = w->area->watcher_fd, .events = POLLIN},
                           {.fd = w->signal_fd, .events = POLLIN}};
    int n = poll(fds, 2, commit_sleep(w->commit) ? REAP_MS : 0);
    uint64_t bell;
    atomic_store(w->area->watcher_asleep, 0);
    if (fds[0].revents) {
        ssize_t got = read(w->area->watcher_fd, &bell, sizeof(bell));
        (void)got;
    }
    *stop = fds[1].revents != 0;
    return n;
}

static int loop(struct watcher *w)
{
    for (;;) {
        bool stop = false;
        int n = sleep_until(w, &stop);
        if (n < 0 && errno != EINTR) {
            log_error("poll: %s", strerror(errno));
            return 1;
        }
        int done;
        do {
            done = commit_run(w->commit);
        } while (stop && done > 0);
        if (done < 0) {
            log_error("the store cannot go on: %s", strerror(-done));
            return 1;
        }
        if (stop)
            return 0;
        reap(w, n == 0 && done == 0);
    }
}

int watcher_main(struct area *area, const struct options *options)
{
    struct watcher w = {.area = area};
    log_name("watcher");
    prctl(PR_SET_NAME, "cubed: watcher");
    w.signal_fd = open_signals();
    if (w.signal_fd < 0) {
        log_error("signalfd: %s", strerror(errno));
        return 1;
    }
    w.cache = open_cache(options);
    if (!w.cache)
        return 1;
    w.commit = open_commit(area, w.cache, options);
    int status = w.commit ? loop(&w) : 1;
    commit_close(w.commit);
    cache_close(w.cache);
    close(w.signal_fd);
    return status;
}
