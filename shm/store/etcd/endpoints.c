/* One in turn among those that are up. One that is down gets no calls while another is up: it is asked for
 * its status until it answers, so that no write is spent on finding out. */
#include "shm/store/etcd/endpoints.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "shm/base/must.h"
#include "shm/base/str.h"

#define VERSION(a, b, c) ((a) << 16 | (b) << 8 | (c))

static int refuse(struct str url, char *err, size_t err_bytes)
{
    snprintf(err, err_bytes, "--etcd-servers: \"%.*s\" is no URL such as https://10.0.0.1:2379",
             STR_ARG(url));
    return -EINVAL;
}

static bool host_ok(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!letter && !strchr(".-_[]:%", c))
            return false;
    }
    return s.n > 0;
}

/* The colon of a port: behind the bracket of an IPv6 address, if there is one. */
static bool has_port(struct str host)
{
    for (size_t i = host.n; i > 0; i--) {
        if (host.p[i - 1] == ']')
            return false;
        if (host.p[i - 1] == ':')
            return true;
    }
    return false;
}

static int add(struct endpoints *e, struct str url, char *err, size_t err_bytes)
{
    struct endpoint *p = &e->at[e->n];
    struct str host = url;
    bool tls = str_starts(url, STR("https://"));
    if (!tls && !str_starts(url, STR("http://")))
        return refuse(url, err, err_bytes);
    host.p += tls ? 8 : 7;
    host.n -= tls ? 8 : 7;
    if (host.n && host.p[host.n - 1] == '/')
        host.n--;
    if (!host_ok(host) || host.n > ENDPOINT_URL_BYTES - 32)
        return refuse(url, err, err_bytes);
    if (e->n == ENDPOINTS_MAX - 1) {
        snprintf(err, err_bytes, "--etcd-servers: more than %d URLs", ENDPOINTS_MAX - 1);
        return -EINVAL;
    }
    memset(p, 0, sizeof(*p));
    snprintf(p->url, sizeof(p->url), "http%s://%.*s%s", tls ? "s" : "", STR_ARG(host),
             has_port(host) ? "" : ":2379");
    p->tls = tls;
    p->up = true;
    e->n++;
    return 0;
}

int endpoints_parse(struct endpoints *e, const char *list, char *err, size_t err_bytes)
{
    struct str rest = str_of(list), url;
    memset(e, 0, sizeof(*e));
    while (str_next(&rest, ',', &url)) {
        url = str_trim(url);
        int rc = url.n ? add(e, url, err, err_bytes) : 0;
        if (rc)
            return rc;
    }
    return e->n ? 0 : refuse(STR(""), err, err_bytes);
}

static int next(struct endpoints *e, uint32_t tried, bool up, bool silent)
{
    for (int k = 0; k < e->n; k++) {
        int i = (int)((e->turn + (unsigned)k) % (unsigned)e->n);
        if (e->at[i].up != up || (e->at[i].silent && !silent) || (tried >> i & 1))
            continue;
        e->turn = (unsigned)i + 1;
        return i;
    }
    return -1;
}

int endpoints_pick(struct endpoints *e, uint32_t tried)
{
    int i = next(e, tried, true, false);
    if (i < 0)
        i = next(e, tried, true, true);
    return i >= 0 ? i : next(e, tried, false, true);
}

bool endpoints_failed(struct endpoints *e, int i, int64_t now_ms, uint32_t random)
{
    struct endpoint *p = &e->at[i];
    int64_t wait = ENDPOINT_BACKOFF_MIN_MS;
    bool was_up = p->up;
    must(i >= 0 && i < e->n);
    for (int k = 0; k < p->failures && wait < ENDPOINT_BACKOFF_MAX_MS; k++)
        wait *= 2;
    if (wait > ENDPOINT_BACKOFF_MAX_MS)
        wait = ENDPOINT_BACKOFF_MAX_MS;
    p->up = p->silent = false;
    p->failures++;
    p->look_ms = now_ms + wait + (int64_t)(random % (uint32_t)(wait / 4 + 1));
    return was_up;
}

bool endpoints_answered(struct endpoints *e, int i, int64_t now_ms)
{
    must(i >= 0 && i < e->n);
    bool was_down = !e->at[i].up;
    e->at[i].up = true;
    e->at[i].failures = 0;
    e->at[i].heard_ms = now_ms;
    return was_down;
}

int endpoints_up(const struct endpoints *e)
{
    int n = 0;
    for (int i = 0; i < e->n; i++)
        n += e->at[i].up;
    return n;
}

int endpoint_version(const char *p, size_t n)
{
    int part[3] = {0};
    size_t at = 0;
    for (int i = 0; i < 3; i++) {
        size_t digits = 0;
        for (; at < n && p[at] >= '0' && p[at] <= '9' && digits < 3; at++, digits++)
            part[i] = part[i] * 10 + (p[at] - '0');
        if (digits == 0 || part[i] > 255 || (i < 2 && (at == n || p[at++] != '.')))
            return 0;
    }
    return VERSION(part[0], part[1], part[2]);
}

bool endpoint_progress_in_order(int version)
{
    if (version >= VERSION(3, 5, 0))
        return version >= VERSION(3, 5, 13);
    return version >= VERSION(3, 4, 31);
}
