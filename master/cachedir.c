/* /dev/shm is open to all: whoever made a directory of our name there first must not get to see Secrets, so
 * it is used only if it is ours and nobody else's. */
#include "master/cachedir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shm/base/hash.h"
#include "shm/base/log.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_BYTES 64

const char *cachedir_of(struct arena *a, const char *data_dir)
{
    char real[PATH_MAX];
    const char *dir = realpath(data_dir, real) ? real : data_dir;
    const char *base = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
    return arena_printf(a, "%s/cubed-%u-%016llx", base, (unsigned)geteuid(),
                        (unsigned long long)hash_str(str_of(dir)));
}

static int refuse(const char *dir, const char *why, char *err, size_t err_bytes)
{
    snprintf(err, err_bytes, "cannot keep the cache in %s: %s; give another directory with --cache-dir", dir,
             why);
    return -1;
}

static void read_boot_id(const char *path, char out[BOOT_ID_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd < 0 ? 0 : read(fd, out, BOOT_ID_BYTES - 1);
    out[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

static int write_boot_id(const char *path, const char *id)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    ssize_t n = fd < 0 ? -1 : write(fd, id, strlen(id));
    if (fd >= 0)
        close(fd);
    return n == (ssize_t)strlen(id) ? 0 : -1;
}

/* The files of LMDB. */
static void empty(const char *dir)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
        if (unlink(path) == 0 && i == 0)
            log_info("the machine was restarted: the cache is loaded anew dir=%s", dir);
    }
}

int cachedir_ensure(const char *dir, char *err, size_t err_bytes)
{
    char path[PATH_MAX], now[BOOT_ID_BYTES], then[BOOT_ID_BYTES];
    struct stat st;
    if (mkdir(dir, 0700) && errno != EEXIST)
        return refuse(dir, strerror(errno), err, err_bytes);
    if (lstat(dir, &st))
        return refuse(dir, strerror(errno), err, err_bytes);
    if (!S_ISDIR(st.st_mode))
        return refuse(dir, "it is not a directory", err, err_bytes);
    if (st.st_uid != geteuid() || (st.st_mode & 077))
        return refuse(dir, "it does not belong to this user alone", err, err_bytes);
    if ((size_t)snprintf(path, sizeof(path), "%s/boot", dir) >= sizeof(path))
        return refuse(dir, "the path is too long", err, err_bytes);
    read_boot_id(BOOT_ID, now);
    read_boot_id(path, then);
    if (!strcmp(now, then))
        return 0;
    empty(dir);
    return write_boot_id(path, now) ? refuse(dir, strerror(errno), err, err_bytes) : 0;
}
