/* The watcher: the one process that writes the cache. Whatever it cannot mend it leaves to its successor, who
 * resumes from what is there. */
#include "worker/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "shm/base/log.h"
#include "worker/follow/follow.h"

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
    char err[512];
    struct cache_options co = {.dir = o->cache_dir,
                               .writer = true,
                               .durable = !*o->etcd_servers,
                               .map_bytes = (size_t)o->cache_map_bytes};
    struct cache *c = cache_open(&co, err, sizeof(err));
    if (!c)
        log_error("%s", err);
    return c;
}

int watcher_main(struct area *area, const struct options *options)
{
    struct follow f = {.area = area, .options = options};
    log_name("watcher");
    prctl(PR_SET_NAME, "cubed: watcher");
    f.signal_fd = open_signals();
    if (f.signal_fd < 0) {
        log_error("signalfd: %s", strerror(errno));
        return 1;
    }
    f.cache = open_cache(options);
    if (!f.cache)
        return 1;
    int status = *options->etcd_servers ? follow_etcd(&f) : follow_embedded(&f);
    cache_close(f.cache);
    close(f.signal_fd);
    return status;
}
