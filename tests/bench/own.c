#include "tests/bench/own.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "shm/base/buf.h"
#include "shm/base/clock.h"
#include "tests/bench/load.h"

#define READY_NS 120000000000ll
#define ARGS_MAX 40
#define LOG_TAIL 2000
#define CHILDREN_NS 2000000000ll
#define ASK_MIN_US 2000
#define ASK_MAX_US 50000

/* Up to ARGS_MAX - 1 arguments, each heap. */
struct argv {
    char *v[ARGS_MAX];
    int n;
};

static void arg(struct argv *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void arg(struct argv *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (a->n < ARGS_MAX - 1 && vasprintf(&a->v[a->n], fmt, ap) >= 0)
        a->v[++a->n] = NULL;
    va_end(ap);
}

static void argv_free(struct argv *a)
{
    for (int i = 0; i < a->n; i++)
        free(a->v[i]);
}

static pid_t spawn(struct argv *a, const char *log)
{
    pid_t parent = getpid(), pid = fork();
    if (pid != 0)
        return pid;
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (fd < 0 || getppid() != parent)
        _exit(127);
    dup2(fd, 1);
    dup2(fd, 2);
    execvp(a->v[0], a->v);
    _exit(127);
}

static int start_etcd(struct own *o)
{
    struct argv a = {0};
    char log[WORKDIR_BYTES + 20];
    o->etcd_port = target_free_port();
    o->etcd_peer_port = target_free_port();
    arg(&a, "etcd");
    arg(&a, "--data-dir=%s/etcd", o->dir);
    arg(&a, "--listen-client-urls=http://127.0.0.1:%d", o->etcd_port);
    arg(&a, "--advertise-client-urls=http://127.0.0.1:%d", o->etcd_port);
    arg(&a, "--listen-peer-urls=http://127.0.0.1:%d", o->etcd_peer_port);
    arg(&a, "--initial-advertise-peer-urls=http://127.0.0.1:%d", o->etcd_peer_port);
    arg(&a, "--initial-cluster=default=http://127.0.0.1:%d", o->etcd_peer_port);
    arg(&a, "--quota-backend-bytes=8589934592");
    arg(&a, "--unsafe-no-fsync");
    snprintf(log, sizeof log, "%s/etcd.log", o->dir);
    o->etcd_pid = spawn(&a, log);
    argv_free(&a);
    return o->etcd_pid > 0 ? 0 : -1;
}

static pid_t start_cubed(struct own *o)
{
    struct argv a = {0};
    char log[WORKDIR_BYTES + 20];
    struct str rest = str_of(o->wrapper), piece;
    while (o->wrapper && str_next(&rest, ' ', &piece))
        arg(&a, "%.*s", STR_ARG(piece));
    arg(&a, "%s", o->binary);
    arg(&a, "--data-dir=%s/data", o->dir);
    arg(&a, "--cache-dir=%s/store", o->dir);
    arg(&a, "--secure-port=%d", o->port);
    arg(&a, "--token-auth-file=%s/tokens", o->dir);
    arg(&a, "--workers=%d", o->workers > 0 ? o->workers : 1);
    arg(&a, "--max-requests-inflight=0");
    if (o->wrapper) { /* what counts instructions is slow, and has no room for the usual address space */
        arg(&a, "--cache-map-bytes=2147483648");
        arg(&a, "--header-timeout=10m");
        arg(&a, "--request-timeout=10m");
    }
    arg(&a, "--max-mutating-requests-inflight=0");
    if (o->etcd)
        arg(&a, "--etcd-servers=http://127.0.0.1:%d", o->etcd_port);
    snprintf(log, sizeof log, "%s/log", o->dir);
    pid_t pid = spawn(&a, log);
    argv_free(&a);
    return pid;
}

static int make_dir(struct own *o)
{
    unsigned char raw[16];
    char path[WORKDIR_BYTES + 20];
    if (workdir_make(o->dir, "server") < 0 || RAND_bytes(raw, sizeof raw) != 1)
        return -1;
    for (size_t i = 0; i < sizeof raw; i++)
        snprintf(o->token + 2 * i, 3, "%02x", raw[i]);
    snprintf(path, sizeof path, "%s/tokens", o->dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && dprintf(fd, "%s,bench,bench,\"system:masters\"\n", o->token) > 0;
    if (fd >= 0)
        close(fd);
    return ok ? 0 : -1;
}

/* Asking is a TLS handshake, which the server's machine pays for twice: so it is asked more seldom the longer
 * it takes, but often enough to know when to a fiftieth. */
static void wait_a_little(int64_t began)
{
    int64_t us = (clock_ns() - began) / 50000;
    usleep((useconds_t)(us < ASK_MIN_US ? ASK_MIN_US : us > ASK_MAX_US ? ASK_MAX_US : us));
}

/* Until /readyz says 200; the target is made anew, because its CA is made at first start. */
static int await_ready(struct own *o, struct subject *s)
{
    int64_t began = clock_ns(), end = began + READY_NS;
    char ca[WORKDIR_BYTES + 30], url[64], err[512];
    snprintf(ca, sizeof ca, "%s/data/pki/ca.crt", o->dir);
    snprintf(url, sizeof url, "https://127.0.0.1:%d", o->port);
    while (access(ca, R_OK) < 0 && clock_ns() < end && waitpid(o->pid, NULL, WNOHANG) == 0)
        usleep(2000);
    target_free(&s->target);
    s->target = (struct target){.name = "cubed"};
    if (target_init(&s->target, url, ca, NULL, NULL, o->token, err, sizeof err) < 0)
        return -1;
    while (clock_ns() < end) {
        if (load_request(&s->target, "GET", "/readyz", NULL, STR_NONE, NULL) == 200)
            return 0;
        if (waitpid(o->pid, NULL, WNOHANG) != 0) {
            o->pid = 0;
            return -1;
        }
        wait_a_little(began);
    }
    return -1;
}

/* All its children are there: master, watcher, keeper, workers. */
static void find_processes(struct own *o, struct subject *s)
{
    int64_t end = clock_ns() + CHILDREN_NS;
    do {
        s->procs = (struct procs){0};
        procs_add_tree(&s->procs, o->pid);
        usleep(10000);
    } while (s->procs.n < 3 + (o->workers > 0 ? o->workers : 1) && clock_ns() < end);
}

void own_tell_log(const struct own *o)
{
    char path[WORKDIR_BYTES + 20], text[LOG_TAIL];
    snprintf(path, sizeof path, "%s/log", o->dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
    ssize_t n = size > 0 ? pread(fd, text, sizeof text, size > LOG_TAIL ? size - LOG_TAIL : 0) : 0;
    if (n > 0)
        fprintf(stderr, "its log ends:\n%.*s", (int)n, text);
    if (fd >= 0)
        close(fd);
}

static int launch(struct own *o, struct subject *s, double *seconds)
{
    int64_t start = clock_ns();
    o->pid = start_cubed(o);
    int rc = o->pid > 0 ? await_ready(o, s) : -1;
    if (seconds)
        *seconds = (double)(clock_ns() - start) / 1e9;
    if (rc == 0)
        find_processes(o, s);
    else
        fprintf(stderr, "cubed-bench: %s does not start\n", o->binary);
    if (rc < 0)
        own_tell_log(o);
    return rc;
}

int own_start(struct own *o, struct subject *s)
{
    o->port = target_free_port();
    if (make_dir(o) < 0 || o->port < 0 || (o->etcd && start_etcd(o) < 0)) {
        fprintf(stderr, "cubed-bench: a server of its own: %s\n", strerror(errno));
        return -1;
    }
    return launch(o, s, NULL);
}

static void end_process(pid_t *pid, int sig)
{
    if (*pid <= 0)
        return;
    kill(*pid, sig);
    waitpid(*pid, NULL, 0);
    *pid = 0;
}

int own_restart(struct own *o, struct subject *s, bool hard, bool cold, double *seconds)
{
    char store[WORKDIR_BYTES + 20];
    end_process(&o->pid, hard ? SIGKILL : SIGTERM);
    snprintf(store, sizeof store, "%s/store", o->dir);
    if (cold && o->etcd)
        workdir_remove(store);
    return launch(o, s, seconds);
}

double own_cache_mib(const struct own *o)
{
    char path[WORKDIR_BYTES + 280];
    double bytes = 0;
    struct stat st;
    snprintf(path, sizeof path, "%s/store", o->dir);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/store/%s", o->dir, e->d_name);
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
            bytes += (double)st.st_blocks * 512;
    }
    if (d)
        closedir(d);
    return bytes / 1048576;
}

void own_stop(struct own *o)
{
    end_process(&o->pid, SIGTERM);
    end_process(&o->etcd_pid, SIGTERM);
    if (o->dir[0])
        workdir_remove(o->dir);
    o->dir[0] = 0;
}
