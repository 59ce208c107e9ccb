/* Two masters on one store would both believe that their watcher is the only writer. flock(2) is held by open
 * file descriptions, so it survives a master killed by -9 for exactly as long as a child that inherited it
 * lives: the next master waits for the old watcher instead of racing it. */
#include "master/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shm/base/clock.h"

static int make_dirs(const char *dir)
{
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof(path), "%s", dir) >= sizeof(path))
        return -ENAMETOOLONG;
    for (char *p = path + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        /* parents that were not there are nobody's secret; only the last one is ours alone */
        if (mkdir(path, 0755) && errno != EEXIST)
            return -errno;
        *p = '/';
    }
    if (mkdir(path, 0700) && errno != EEXIST)
        return -errno;
    return 0;
}

int instance_lock(const char *data_dir, int wait_ms, char *err, size_t err_bytes)
{
    char path[PATH_MAX];
    int64_t until = clock_ms() + wait_ms;
    int rc = make_dirs(data_dir);
    if (rc) {
        snprintf(err, err_bytes, "cannot make the data directory %s: %s; give a writable one with --data-dir",
                 data_dir, strerror(-rc));
        return -1;
    }
    if ((size_t)snprintf(path, sizeof(path), "%s/cubed.lock", data_dir) >= sizeof(path)) {
        snprintf(err, err_bytes, "--data-dir is too long a path");
        return -1;
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        snprintf(err, err_bytes,
                 "cannot write to the data directory %s: %s; give a writable one with --data-dir", data_dir,
                 strerror(errno));
        return -1;
    }
    while (flock(fd, LOCK_EX | LOCK_NB)) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || clock_ms() >= until) {
            snprintf(err, err_bytes,
                     errno == EWOULDBLOCK
                         ? "another cubed runs on %s (it holds cubed.lock): stop it, or give "
                           "another --data-dir"
                         : "cannot lock %s/cubed.lock",
                     data_dir);
            close(fd);
            return -1;
        }
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return fd;
}
