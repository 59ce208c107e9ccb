/* A worker that dies must not take the connections that wait in its accept queue with it, nor leave a hole in
 * the group the kernel spreads new ones over. So the sockets belong to the master, one each, and a worker's
 * successor inherits the same one. */
#include "master/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "shm/base/clock.h"
#include "shm/base/must.h"

#define SOCKETS_MAGIC 0x50c4e751u
#define SOCKETS_PER_WORKER 8
/* workers of a master that was killed close their sockets a moment after it */
#define SOCKETS_BUSY_WAIT_MS 1500

struct sockets {
    unsigned magic;
    int workers;
    int n; /* of each worker */
    struct worker_listener (*of)[SOCKETS_PER_WORKER];
};

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t bytes;
};

static struct address address_of(const char *ip, int64_t port)
{
    struct address a;
    memset(&a, 0, sizeof(a));
    if (inet_pton(AF_INET, ip, &a.v4.sin_addr) == 1) {
        a.v4.sin_family = AF_INET;
        a.v4.sin_port = htons((uint16_t)port);
        a.bytes = sizeof(a.v4);
        return a;
    }
    must(inet_pton(AF_INET6, ip, &a.v6.sin6_addr) == 1);
    a.v6.sin6_family = AF_INET6;
    a.v6.sin6_port = htons((uint16_t)port);
    a.bytes = sizeof(a.v6);
    return a;
}

static int bind_one(const struct address *a, bool reuse_port)
{
    int on = 1, off = 0;
    int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (a->any.sa_family == AF_INET6) /* "::" serves IPv4 too */
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (reuse_port)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    if (bind(fd, &a->any, a->bytes)) {
        int rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

/* SO_REUSEPORT would let us join the group of another server of the same user without a word; a bind without
 * it tells. */
static int probe(const struct address *a)
{
    int64_t until = clock_ms() + SOCKETS_BUSY_WAIT_MS;
    for (;;) {
        int fd = bind_one(a, false);
        int rc = fd;
        if (fd >= 0) {
            rc = listen(fd, 1) ? -errno : 0;
            close(fd);
        }
        if (rc != -EADDRINUSE || clock_ms() >= until)
            return rc;
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
}

static int refuse(int rc, const char *ip, int64_t port, const char *port_flag, char *err, size_t err_bytes)
{
    const char *colon = strchr(ip, ':');
    char where[80];
    snprintf(where, sizeof(where), "%s%s%s:%d", colon ? "[" : "", ip, colon ? "]" : "", (int)port);
    if (rc == -EADDRINUSE)
        snprintf(err, err_bytes, "port taken: another process listens on %s; stop it or give another %s",
                 where, port_flag);
    else if (rc == -EADDRNOTAVAIL)
        snprintf(err, err_bytes,
                 "cannot listen on %s: no interface has this address; give another --bind-address", where);
    else if (rc == -EACCES)
        snprintf(err, err_bytes, "cannot listen on %s: not permitted; run as root or give a %s above 1023",
                 where, port_flag);
    else
        snprintf(err, err_bytes, "cannot listen on %s: %s", where, strerror(-rc));
    return rc;
}

/* Adds one listener to each worker. */
static int bind_group(struct sockets *s, const char *ip, int64_t port, bool tls, char *err, size_t err_bytes)
{
    const char *port_flag = tls ? "--secure-port" : "--insecure-port";
    struct address a = address_of(ip, port);
    int rc = probe(&a);
    for (int i = 0; rc >= 0 && i < s->workers; i++) {
        rc = bind_one(&a, true);
        if (rc < 0)
            break;
        s->of[i][s->n] = (struct worker_listener){.fd = rc, .tls = tls};
        if (listen(rc, SOMAXCONN))
            rc = -errno;
    }
    if (rc < 0)
        return refuse(rc, ip, port, port_flag, err, err_bytes);
    s->n++;
    return 0;
}

static bool is_loopback(int fd)
{
    struct address a = {.bytes = sizeof(a.v6)};
    if (getsockname(fd, &a.any, &a.bytes))
        return false;
    if (a.any.sa_family == AF_INET)
        return ntohl(a.v4.sin_addr.s_addr) >> 24 == 127;
    return a.any.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&a.v6.sin6_addr);
}

static int take_activated(struct sockets *s, int count, char **names, char *err, size_t err_bytes)
{
    if (count > SOCKETS_PER_WORKER) {
        snprintf(err, err_bytes, "systemd passed %d sockets: at most %d are taken", count,
                 SOCKETS_PER_WORKER);
        return -E2BIG;
    }
    for (int i = 0; i < count; i++) {
        int fd = SD_LISTEN_FDS_START + i;
        bool insecure = names && names[i] && !strcmp(names[i], "insecure");
        if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0) {
            snprintf(err, err_bytes,
                     "descriptor %d from systemd is no listening stream socket: use ListenStream=", fd);
            return -ENOTSOCK;
        }
        if (insecure && !is_loopback(fd)) {
            snprintf(err, err_bytes, "the systemd socket named \"insecure\" must listen on 127.0.0.1 or ::1");
            return -EPERM;
        }
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        for (int w = 0; w < s->workers; w++)
            s->of[w][s->n] = (struct worker_listener){.fd = fd, .tls = !insecure, .shared = true};
        s->n++;
    }
    return 0;
}

struct sockets *sockets_open(const struct options *o, int workers, char *err, size_t err_bytes)
{
    char **names = NULL;
    int rc = 0;
    struct sockets *s = calloc(1, sizeof(*s));
    must(s && workers > 0);
    *s = (struct sockets){.magic = SOCKETS_MAGIC, .workers = workers};
    must(s->of = calloc((size_t)workers, sizeof(*s->of)));
    for (int w = 0; w < workers; w++)
        for (int i = 0; i < SOCKETS_PER_WORKER; i++)
            s->of[w][i].fd = -1;

    int count = sd_listen_fds_with_names(1, &names);
    if (count > 0)
        rc = take_activated(s, count, names, err, err_bytes);
    else
        rc = bind_group(s, o->bind_address, o->secure_port, true, err, err_bytes);
    if (!rc && count <= 0 && o->insecure_port)
        rc = bind_group(s, "127.0.0.1", o->insecure_port, false, err, err_bytes);
    for (int i = 0; names && names[i]; i++)
        free(names[i]);
    free(names);
    if (!rc)
        return s;
    sockets_free(s);
    return NULL;
}

void sockets_keep_only(struct sockets *s, int worker)
{
    must_be(s, SOCKETS_MAGIC);
    for (int w = 0; w < s->workers; w++) {
        for (int i = 0; i < SOCKETS_PER_WORKER; i++) {
            struct worker_listener *l = &s->of[w][i];
            if (l->fd < 0 || w == worker)
                continue;
            /* a shared one is the same descriptor in every row */
            if (!l->shared || (worker < 0 && w == 0))
                close(l->fd);
            l->fd = -1;
        }
    }
}

void sockets_free(struct sockets *s)
{
    if (!s)
        return;
    sockets_keep_only(s, -1);
    free(s->of);
    free(s);
}

const struct worker_listener *sockets_of(const struct sockets *s, int worker, int *n)
{
    must_be(s, SOCKETS_MAGIC);
    must(worker >= 0 && worker < s->workers);
    *n = s->n;
    return s->of[worker];
}
