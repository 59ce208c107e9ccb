/* Rows of flags with the check of their text, or the bounds of their number. */
#include "master/flag_rules.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>
#include "shm/base/str.h"

static bool is_ip(const char *s)
{
    unsigned char raw[16];
    return inet_pton(AF_INET, s, raw) == 1 || inet_pton(AF_INET6, s, raw) == 1;
}

static bool is_ip_or_empty(const char *s)
{
    return !*s || is_ip(s);
}

static bool is_cidr(struct str s)
{
    char ip[INET6_ADDRSTRLEN];
    int64_t bits;
    ptrdiff_t slash = str_find(s, '/');
    if (slash <= 0 || (size_t)slash >= sizeof(ip))
        return false;
    memcpy(ip, s.p, (size_t)slash);
    ip[slash] = '\0';
    if (!is_ip(ip) || str_to_int64((struct str){s.p + slash + 1, s.n - (size_t)slash - 1}, &bits))
        return false;
    return bits >= 0 && bits <= (strchr(ip, ':') ? 128 : 32);
}

static bool is_service_range(const char *s)
{
    struct str rest = str_of(s), piece;
    int n = 0;
    while (str_next(&rest, ',', &piece))
        if (++n > 2 || !is_cidr(piece))
            return false;
    return n > 0;
}

/* "30000-32767", "30000+100", or one port. */
static bool is_port_range(const char *s)
{
    struct str text = str_of(s);
    ptrdiff_t dash = str_find(text, '-'), at = dash > 0 ? dash : str_find(text, '+');
    int64_t low, high;
    if (at <= 0)
        return str_to_int64(text, &low) == 0 && low >= 0 && low <= 65535;
    if (str_to_int64((struct str){text.p, (size_t)at}, &low) ||
        str_to_int64((struct str){text.p + at + 1, text.n - (size_t)at - 1}, &high) || low < 0 || high < 0)
        return false;
    return dash > 0 ? high >= low && high <= 65535 : low <= 65535;
}

static bool is_authorizers(const char *s)
{
    struct str rest = str_of(s), piece;
    while (str_next(&rest, ',', &piece))
        if (!str_is(piece, "AlwaysAllow") && !str_is(piece, "AlwaysDeny") && !str_is(piece, "RBAC"))
            return false;
    return true;
}

static bool is_not_empty(const char *s)
{
    return *s != '\0';
}

static bool is_urls(const char *s)
{
    struct str rest = str_of(s), piece;
    if (!*s)
        return true;
    while (str_next(&rest, ',', &piece)) {
        bool http = str_starts(piece, STR("http://")) && piece.n > 7;
        if (!http && !(str_starts(piece, STR("https://")) && piece.n > 8))
            return false;
    }
    return true;
}

/* A scheme and a host, perhaps with a port: paths are the clients'. */
static bool is_server_or_empty(const char *s)
{
    struct str text = str_of(s);
    if (text.n == 0)
        return true;
    if (!str_starts(text, STR("https://")))
        return false;
    if (str_ends(text, STR("/")))
        text.n--;
    return text.n > 8 && strcspn(s + 8, "/?#@ ") == text.n - 8;
}

static bool is_reconciler(const char *s)
{
    return !strcmp(s, "lease") || !strcmp(s, "master-count") || !strcmp(s, "none");
}

static bool is_media_type(const char *s)
{
    return !strcmp(s, "application/json") || !strcmp(s, "application/yaml") ||
           !strcmp(s, "application/vnd.kubernetes.protobuf");
}

static const struct flag_text_rule text_rules[] = {
    {"bind-address", is_ip, "an IP address"},
    {"advertise-address", is_ip_or_empty, "an IP address"},
    {"service-cluster-ip-range", is_service_range, "a CIDR such as 10.0.0.0/24, or two (IPv4,IPv6)"},
    {"service-node-port-range", is_port_range, "ports such as 30000-32767"},
    {"authorization-mode", is_authorizers, "a list of AlwaysAllow, AlwaysDeny, RBAC"},
    {"etcd-servers", is_urls, "a list of URLs such as https://10.0.0.1:2379"},
    {"write-server", is_server_or_empty, "a URL such as https://10.0.0.1:6443"},
    {"endpoint-reconciler-type", is_reconciler, "lease, master-count or none"},
    {"storage-media-type", is_media_type,
     "application/json, application/yaml or application/vnd.kubernetes.protobuf"},
    {"data-dir", is_not_empty, "a directory"},
};

static const struct flag_number_rule number_rules[] = {
    {"secure-port", 1, 65535},
    {"insecure-port", 0, 65535},
    {"workers", 0, 128},
    {"apiserver-count", 1, 100000},
    {"max-connections", 1, 10000000},
    {"max-requests-inflight", 0, 10000000},
    {"max-mutating-requests-inflight", 0, 10000000},
    {"min-request-timeout", 0, 604800},
    {"v", 0, 10},
    {"cache-window-bytes", 1 << 20, INT64_C(1) << 46},
    {"cache-map-bytes", 64 << 20, INT64_C(1) << 46},
    {"event-ttl", 1000, INT64_C(1) << 40},
    {"request-timeout", 1, INT64_C(1) << 40},
    {"header-timeout", 1, INT64_C(1) << 40},
    {"idle-timeout", 1, INT64_C(1) << 40},
    {"shutdown-drain", 0, INT64_C(1) << 40},
};

#define RULE_FOR(rules, name)                                                                                \
    for (size_t i_ = 0; i_ < sizeof(rules) / sizeof(rules[0]); i_++)                                         \
        if (!strcmp(rules[i_].flag, name))                                                                   \
            return &rules[i_];                                                                               \
    return NULL

const struct flag_number_rule *flag_number_rule(const char *flag)
{
    RULE_FOR(number_rules, flag);
}

const struct flag_text_rule *flag_text_rule(const char *flag)
{
    RULE_FOR(text_rules, flag);
}
