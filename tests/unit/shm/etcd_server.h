/* Real etcd servers on free ports of 127.0.0.1, with their data in a scratch directory, and a client that is
 * driven until something has happened. */
#ifndef TESTS_UNIT_SHM_ETCD_SERVER_H
#define TESTS_UNIT_SHM_ETCD_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "shm/base/clock.h"
#include "shm/store/etcd/cluster.h"
#include "shm/store/etcd/kv.h"
#include "shm/store/etcd/lease.h"
#include "shm/store/etcd/watch.h"

#define SERVERS_MAX 3
#define START_MS 30000

struct servers {
    int n;
    bool tls;
    char dir[128];
    char urls[512];
    char url[SERVERS_MAX][64], peer[SERVERS_MAX][64];
    pid_t pid[SERVERS_MAX];
    const char *more[8]; /* further flags */
};

/* Below the range that the system gives to outgoing connections, which might take it before etcd does. */
static inline int free_port(void)
{
    static unsigned seed;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (!seed)
        seed = (unsigned)getpid() * 2654435761u;
    for (int i = 0; i < 1000; i++) {
        seed = seed * 1103515245 + 12345;
        int port = 20000 + (int)(seed >> 8) % 12000, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        a.sin_port = htons((uint16_t)port);
        bool ok = bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
        close(fd);
        if (ok)
            return port;
    }
    fail_msg("no free port");
    return 0;
}

/* sh -c, quietly */
static inline int shell(const char *fmt, ...)
{
    char line[4096];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    return system(line);
}

/* A CA, a certificate for 127.0.0.1 and one for a client, in the servers' directory. */
static inline void servers_certificates(const struct servers *s)
{
    static const char script[] =
        "cd %s && exec >/dev/null 2>&1 && "
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out "
        "ca.crt -days 2 "
        "-subj /CN=ca && "
        "printf 'subjectAltName=IP:127.0.0.1\\nextendedKeyUsage=serverAuth,clientAuth\\n' >ext && "
        "for n in server client; do "
        "openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout $n.key -out $n.csr "
        "-subj /CN=$n && "
        "openssl x509 -req -in $n.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out "
        "$n.crt || "
        "exit 1; done";
    assert_int_equal(shell(script, s->dir), 0);
}

static inline void server_exec(const struct servers *s, int i)
{
    char name[16], data[256], cluster[512] = "", log[256], ca[256], cert[256], key[256];
    const char *argv[64];
    int n = 0;
    for (int k = 0; k < s->n; k++)
        snprintf(cluster + strlen(cluster), sizeof(cluster) - strlen(cluster), "%sm%d=%s", k ? "," : "", k,
                 s->peer[k]);
    snprintf(name, sizeof(name), "m%d", i);
    snprintf(data, sizeof(data), "%s/data%d", s->dir, i);
    snprintf(log, sizeof(log), "%s/log%d", s->dir, i);
    snprintf(ca, sizeof(ca), "%s/ca.crt", s->dir);
    snprintf(cert, sizeof(cert), "%s/server.crt", s->dir);
    snprintf(key, sizeof(key), "%s/server.key", s->dir);
    const char *const base[] = {"etcd",     "--name",
                                name,       "--data-dir",
                                data,       "--listen-client-urls",
                                s->url[i],  "--advertise-client-urls",
                                s->url[i],  "--listen-peer-urls",
                                s->peer[i], "--initial-advertise-peer-urls",
                                s->peer[i], "--initial-cluster",
                                cluster,    "--initial-cluster-state",
                                "new",      "--logger",
                                "zap",      "--log-level",
                                "warn"};
    const char *const tls[] = {"--cert-file",       cert, "--key-file",        key,
                               "--trusted-ca-file", ca,   "--client-cert-auth"};
    for (size_t k = 0; k < sizeof(base) / sizeof(base[0]); k++)
        argv[n++] = base[k];
    for (size_t k = 0; s->tls && k < sizeof(tls) / sizeof(tls[0]); k++)
        argv[n++] = tls[k];
    for (size_t k = 0; k < 8 && s->more[k]; k++)
        argv[n++] = s->more[k];
    argv[n] = NULL;
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(out, 1);
    dup2(out, 2);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(argv[0], (char *const *)argv);
    fprintf(stderr, "etcd cannot be run: %s\n", strerror(errno));
    _exit(127);
}

static inline void server_start(struct servers *s, int i)
{
    s->pid[i] = fork();
    assert_true(s->pid[i] >= 0);
    if (s->pid[i] == 0)
        server_exec(s, i);
}

static inline void server_kill(struct servers *s, int i)
{
    if (s->pid[i] <= 0)
        return;
    kill(s->pid[i], SIGKILL);
    waitpid(s->pid[i], NULL, 0);
    s->pid[i] = 0;
}

static inline void servers_stop(struct servers *s)
{
    for (int i = 0; i < s->n; i++)
        server_kill(s, i);
    shell("rm -rf %s", s->dir);
}

/* n members; flags: NULL-terminated, may be NULL. */
static inline void servers_start(struct servers *s, int n, bool tls, const char *const *flags)
{
    memset(s, 0, sizeof(*s));
    s->n = n;
    s->tls = tls;
    snprintf(s->dir, sizeof(s->dir), "%s/etcd-test-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    assert_non_null(mkdtemp(s->dir));
    for (int k = 0; flags && flags[k]; k++)
        s->more[k] = flags[k];
    if (tls)
        servers_certificates(s);
    for (int i = 0; i < n; i++) {
        snprintf(s->url[i], sizeof(s->url[i]), "http%s://127.0.0.1:%d", tls ? "s" : "", free_port());
        snprintf(s->peer[i], sizeof(s->peer[i]), "http://127.0.0.1:%d", free_port());
        snprintf(s->urls + strlen(s->urls), sizeof(s->urls) - strlen(s->urls), "%s%s", i ? "," : "",
                 s->url[i]);
    }
    for (int i = 0; i < n; i++)
        server_start(s, i);
}

static inline struct etcd_client *client_open(const struct servers *s, const struct etcd_options *with)
{
    char err[256] = "";
    struct etcd_options o = with ? *with : (struct etcd_options){0};
    if (!o.servers)
        o.servers = s->urls;
    struct etcd_client *c = etcd_client_new(&o, err, sizeof(err));
    if (!c)
        fail_msg("%s", err);
    return c;
}

/* ---- one answer of each kind, copied ---- */

struct answer {
    int n;
    struct etcd_status st;
    int64_t revision, mod_revision, count, id, ttl_s;
    bool done, present, more;
    uint64_t cluster_id;
    struct buf value, last_key;
    int kvs;
};

static inline void answer_clear(struct answer *a)
{
    buf_free(&a->value);
    buf_free(&a->last_key);
    memset(a, 0, sizeof(*a));
}

/* Drives the client until *n is not 0. */
static inline bool drive(struct etcd_client *c, const int *n, int64_t ms)
{
    int64_t end = clock_ms() + ms;
    while (*n == 0 && clock_ms() < end)
        assert_true(etcd_client_wait(c, NULL, 0, end - clock_ms()) >= 0);
    return *n != 0;
}

static inline void drive_for(struct etcd_client *c, int64_t ms)
{
    int never = 0;
    drive(c, &never, ms);
}

static inline void finish(struct etcd_client *c, struct answer *a)
{
    if (!drive(c, &a->n, START_MS))
        fail_msg("no answer");
    assert_int_equal(a->n, 1);
}

static inline void on_write(void *arg, const struct etcd_status *st, const struct etcd_write_reply *r)
{
    struct answer *a = arg;
    a->n++;
    a->st = *st;
    if (!r)
        return;
    a->revision = r->header.revision;
    a->done = r->done;
    a->count = r->deleted;
    a->present = r->present;
    a->mod_revision = r->now.mod_revision;
    buf_clear(&a->value);
    buf_str(&a->value, r->now.value);
}

static inline void on_range(void *arg, const struct etcd_status *st, const struct etcd_range_reply *r)
{
    struct answer *a = arg;
    struct etcd_kv kv;
    a->n++;
    a->st = *st;
    if (!r)
        return;
    a->revision = r->header.revision;
    a->more = r->more;
    a->count = r->count;
    a->kvs = 0;
    for (size_t at = 0; message_next(&r->kvs, &at, &kv); a->kvs++) {
        buf_clear(&a->value);
        buf_str(&a->value, kv.value);
        buf_clear(&a->last_key);
        buf_str(&a->last_key, kv.key);
        a->mod_revision = kv.mod_revision;
    }
}

static inline void on_revision(void *arg, const struct etcd_status *st, int64_t revision, uint64_t cluster_id)
{
    struct answer *a = arg;
    a->n++;
    a->st = *st;
    a->revision = revision;
    a->cluster_id = cluster_id;
}

static inline void on_compact(void *arg, const struct etcd_status *st, int64_t revision)
{
    struct answer *a = arg;
    a->n++;
    a->st = *st;
}

static inline void on_lease(void *arg, const struct etcd_status *st, int64_t id, int64_t ttl_s)
{
    struct answer *a = arg;
    a->n++;
    a->st = *st;
    a->id = id;
    a->ttl_s = ttl_s;
}

static inline int write_key(struct etcd_client *c, struct answer *a, enum etcd_write_verb verb,
                            const char *key, struct str value, int64_t expect, int64_t lease)
{
    struct etcd_write w = {
        .verb = verb, .key = str_of(key), .value = value, .expect = expect, .lease = lease};
    answer_clear(a);
    int rc = etcd_write(c, &w, 0, on_write, a, NULL);
    if (rc)
        return rc;
    finish(c, a);
    return a->st.error;
}

/* Returns the revision of the write. */
static inline int64_t put_key(struct etcd_client *c, const char *key, const char *value)
{
    struct answer a = {0};
    int rc = write_key(c, &a, ETCD_PUT, key, str_of(value), ETCD_EXPECT_ANY, 0);
    if (rc)
        fail_msg("put %s: %d %s", key, rc, a.st.text);
    assert_true(a.done);
    int64_t revision = a.revision;
    answer_clear(&a);
    return revision;
}

static inline int read_range(struct etcd_client *c, struct answer *a, const struct etcd_range *r)
{
    answer_clear(a);
    assert_int_equal(etcd_range(c, r, 0, on_range, a, NULL), 0);
    finish(c, a);
    return a->st.error;
}

static inline void client_ready(struct etcd_client *c)
{
    int64_t end = clock_ms() + START_MS;
    struct answer a = {0};
    do {
        answer_clear(&a);
        assert_int_equal(etcd_current_revision(c, 2000, on_revision, &a, NULL), 0);
        finish(c, &a);
    } while (a.st.error && clock_ms() < end);
    if (a.st.error)
        fail_msg("etcd does not start: %s", a.st.text);
}

#endif
