#include "tests/bench/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/bench/objects.h"
#include "tests/bench/workdir.h"

#define PATH_BYTES (WORKDIR_BYTES + 100)

static int put_file(const char *path, struct str bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return -1;
    ssize_t n = write(fd, bytes.p, bytes.n);
    return close(fd) == 0 && n == (ssize_t)bytes.n ? 0 : -1;
}

/* A directory below dir, with its parents. */
static int make_path(const char *dir, const char *below)
{
    char path[PATH_BYTES];
    for (const char *end = strchr(below + 1, '/');; end = strchr(end + 1, '/')) {
        int n = end ? (int)(end - below) : (int)strlen(below);
        snprintf(path, sizeof path, "%s%.*s", dir, n, below);
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            return -1;
        if (!end)
            return 0;
    }
}

int files_make(char *dir, int pods, struct str pod, struct str list)
{
    char path[PATH_BYTES];
    if (workdir_make(dir, "files") < 0 || chmod(dir, 0755) < 0 || make_path(dir, BENCH_PODS) < 0)
        return -1;
    for (int i = 0; i < pods; i++) {
        snprintf(path, sizeof path, "%s" BENCH_PODS "/pod-%06d", dir, i);
        if (put_file(path, pod) < 0)
            return -1;
    }
    snprintf(path, sizeof path, "%s" FILES_LIST, dir);
    return put_file(path, list);
}
