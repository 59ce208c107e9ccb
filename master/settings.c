/* The rules for what nobody said are kube-apiserver's where it has them: a server that listens on all
 * addresses or on loopback advertises the address of the interface with the default route. */
#include "master/settings.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "master/cachedir.h"
#include "shm/base/str.h"

#define WORKERS_MAX 128

/* CPUs this process may run on: in a container that is what "online" means to it. */
static int64_t cores(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
    return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : n;
}

static bool is_wildcard(const char *ip)
{
    return !strcmp(ip, "0.0.0.0") || !strcmp(ip, "::");
}

static bool is_loopback(const char *ip)
{
    return !strncmp(ip, "127.", 4) || !strcmp(ip, "::1");
}

/* The source address the kernel would use towards the default route: connecting a datagram socket to an
 * address kept for documentation (RFC 5737, RFC 3849) asks without sending anything. */
static const char *routed_address(struct arena *arena, int family)
{
    struct sockaddr_in to4 = {.sin_family = AF_INET, .sin_port = htons(9)};
    struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
    struct sockaddr_storage self;
    socklen_t bytes = sizeof(self);
    char text[INET6_ADDRSTRLEN];
    inet_pton(AF_INET, "192.0.2.1", &to4.sin_addr);
    inet_pton(AF_INET6, "2001:db8::1", &to6.sin6_addr);
    const void *to = family == AF_INET ? (const void *)&to4 : (const void *)&to6;
    const void *raw = family == AF_INET ? (const void *)&((struct sockaddr_in *)&self)->sin_addr
                                        : (const void *)&((struct sockaddr_in6 *)&self)->sin6_addr;
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return NULL;
    bool ok = !connect(fd, to, family == AF_INET ? sizeof(to4) : sizeof(to6)) &&
              !getsockname(fd, (struct sockaddr *)&self, &bytes) &&
              inet_ntop(family, raw, text, sizeof(text));
    close(fd);
    return ok && !is_loopback(text) && !is_wildcard(text) ? arena_cstr(arena, str_of(text)) : NULL;
}

static const char *advertised(struct arena *arena, const struct options *o)
{
    if (*o->advertise_address)
        return o->advertise_address;
    if (!is_wildcard(o->bind_address) && !is_loopback(o->bind_address))
        return o->bind_address;
    const char *ip = routed_address(arena, strchr(o->bind_address, ':') ? AF_INET6 : AF_INET);
    if (!ip)
        ip = routed_address(arena, AF_INET);
    if (ip)
        return ip;
    return is_wildcard(o->bind_address) ? "127.0.0.1" : o->bind_address;
}

/* The first address of a CIDR after the network's own: the `kubernetes` Service. */
static const char *first_address(struct arena *arena, struct str cidr)
{
    unsigned char raw[16];
    char text[INET6_ADDRSTRLEN];
    int64_t bits = 0;
    ptrdiff_t slash = str_find(cidr, '/');
    snprintf(text, sizeof(text), "%.*s", (int)slash, cidr.p);
    int family = strchr(text, ':') ? AF_INET6 : AF_INET, bytes = family == AF_INET ? 4 : 16;
    str_to_int64((struct str){cidr.p + slash + 1, cidr.n - (size_t)slash - 1}, &bits);
    if (inet_pton(family, text, raw) != 1)
        return NULL;
    for (int i = 0; i < bytes; i++) {
        int keep = (int)bits - 8 * i;
        raw[i] &= keep >= 8 ? 0xff : keep <= 0 ? 0 : (unsigned char)(0xff << (8 - keep));
    }
    for (int i = bytes - 1; i >= 0 && ++raw[i] == 0; i--)
        ;
    return inet_ntop(family, raw, text, sizeof(text)) ? arena_cstr(arena, str_of(text)) : NULL;
}

static void add_name(struct settings *s, const char *name)
{
    if (!name || !*name || s->pki.nnames >= PKI_NAMES_MAX || is_wildcard(name))
        return;
    for (int i = 0; i < s->pki.nnames; i++)
        if (!strcmp(s->names[i], name))
            return;
    s->names[s->pki.nnames++] = name;
}

static void collect_names(struct settings *s, const struct options *o)
{
    static const char *const fixed[] = {"kubernetes",
                                        "kubernetes.default",
                                        "kubernetes.default.svc",
                                        "kubernetes.default.svc.cluster.local",
                                        "localhost",
                                        "127.0.0.1",
                                        "::1"};
    struct str rest = str_of(o->service_cluster_ip_range), piece;
    char host[65] = "";
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        add_name(s, fixed[i]);
    if (!gethostname(host, sizeof(host) - 1))
        add_name(s, arena_cstr(s->arena, str_of(host)));
    add_name(s, o->bind_address);
    add_name(s, o->advertise_address);
    while (str_next(&rest, ',', &piece))
        add_name(s, first_address(s->arena, piece));
}

static const char *url_of(struct arena *arena, const struct options *o)
{
    const char *ip = is_wildcard(o->bind_address) ? "127.0.0.1" : o->bind_address;
    bool v6 = strchr(ip, ':') != NULL;
    return arena_printf(arena, "https://%s%s%s:%lld", v6 ? "[" : "", ip, v6 ? "]" : "",
                        (long long)o->secure_port);
}

void settings_complete(struct settings *s, struct arena *arena, struct options *o)
{
    *s = (struct settings){.arena = arena};
    if (o->workers == 0)
        o->workers = cores();
    if (!*o->cache_dir)
        o->cache_dir =
            *o->etcd_servers ? cachedir_of(arena, o->data_dir) : arena_printf(arena, "%s/store", o->data_dir);
    o->advertise_address = advertised(arena, o);

    s->pki = (struct pki_request){.data_dir = o->data_dir,
                                  .server_url = url_of(arena, o),
                                  .names = s->names,
                                  .tls_cert_file = o->tls_cert_file,
                                  .client_ca_file = o->client_ca_file};
    collect_names(s, o);
    if (!*o->tls_cert_file) {
        o->tls_cert_file = arena_printf(arena, "%s/pki/apiserver.crt", o->data_dir);
        o->tls_private_key_file = arena_printf(arena, "%s/pki/apiserver.key", o->data_dir);
    }
    if (!*o->client_ca_file)
        o->client_ca_file = arena_printf(arena, "%s/pki/ca.crt", o->data_dir);
}
