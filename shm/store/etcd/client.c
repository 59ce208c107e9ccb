/* Drives libcurl's multi handle: by a loop that is told which descriptors and which time to watch, or by
 * polling. libcurl forbids most of its functions inside its callbacks, so these only note; what came is
 * looked at when libcurl has returned, in turn(). */
#include "shm/store/etcd/inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shm/base/clock.h"
#include "shm/base/must.h"

#define CONNECTIONS_MAX 1 /* a member: it carries all calls */
#define STREAMS_PER_CONNECTION 1000L
#define POLL_FDS_MAX 8

/* ---- time ---- */

static void arm(struct etcd_client *c)
{
    int64_t due = c->curl_due_ms < c->tick_due_ms ? c->curl_due_ms : c->tick_due_ms;
    if (!c->hosted || c->in_turn || due == c->armed_ms)
        return;
    c->armed_ms = due;
    if (due == ETCD_NEVER) {
        c->host.timer(c->host.arg, -1);
        return;
    }
    int64_t after = due - clock_ms();
    c->host.timer(c->host.arg, after > 0 ? after : 0);
}

void client_due(struct etcd_client *c, int64_t at_ms)
{
    if (at_ms < c->tick_due_ms) {
        c->tick_due_ms = at_ms;
        arm(c);
    }
}

static int on_timer(CURLM *multi, long after_ms, void *arg)
{
    struct etcd_client *c = arg;
    c->curl_due_ms = after_ms < 0 ? ETCD_NEVER : clock_ms() + after_ms;
    arm(c);
    return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
    struct etcd_client *c = arg;
    int want = what == CURL_POLL_REMOVE
                   ? 0
                   : (what & CURL_POLL_IN ? ETCD_IN : 0) | (what & CURL_POLL_OUT ? ETCD_OUT : 0);
    c->host.socket(c->host.arg, fd, want);
    return 0;
}

/* ---- turns ---- */

static void tick(struct etcd_client *c)
{
    int64_t now = clock_ms();
    if (now < c->tick_due_ms)
        return;
    c->tick_due_ms = ETCD_NEVER;
    calls_run_waiting(c, now);
    health_run(c, now);
    client_due(c, calls_due(c));
    client_due(c, health_due(c, now));
}

static void turn(struct etcd_client *c)
{
    CURLMsg *m;
    int left;
    calls_deliver(c);
    while ((m = curl_multi_info_read(c->multi, &left)) != NULL) {
        if (m->msg != CURLMSG_DONE)
            continue;
        CURLcode rc = m->data.result;
        char *owner = NULL;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &owner);
        call_attempt_ended(c, (struct call *)(void *)owner, rc);
    }
    calls_opened(c);
    tick(c);
}

static void enter(struct etcd_client *c)
{
    must_be(c, ETCD_CLIENT_MAGIC);
    must(!c->in_turn); /* from a callback */
    c->in_turn = true;
}

static void leave(struct etcd_client *c)
{
    turn(c);
    c->in_turn = false;
    arm(c);
}

void etcd_client_ready(struct etcd_client *c, int fd, int what)
{
    int running;
    enter(c);
    must(c->hosted);
    curl_multi_socket_action(
        c->multi, fd, (what & ETCD_IN ? CURL_CSELECT_IN : 0) | (what & ETCD_OUT ? CURL_CSELECT_OUT : 0),
        &running);
    leave(c);
}

void etcd_client_timeout(struct etcd_client *c)
{
    int running;
    enter(c);
    must(c->hosted);
    c->armed_ms = -1; /* it has fired */
    if (clock_ms() >= c->curl_due_ms) {
        c->curl_due_ms = ETCD_NEVER; /* libcurl says the next one itself */
        curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    leave(c);
}

static int perform(struct etcd_client *c)
{
    int running;
    enter(c);
    CURLMcode rc = curl_multi_perform(c->multi, &running);
    leave(c);
    return rc == CURLM_OK ? 0 : -EIO;
}

static int sleep_with(struct etcd_client *c, struct pollfd *fds, int n, int64_t timeout_ms)
{
    struct curl_waitfd extra[POLL_FDS_MAX];
    int ready = 0, events;
    for (int i = 0; i < n; i++)
        extra[i] = (struct curl_waitfd){fds[i].fd, fds[i].events & POLLIN ? CURL_WAIT_POLLIN : 0, 0};
    if (curl_multi_poll(c->multi, extra, (unsigned)n, (int)timeout_ms, &events) != CURLM_OK)
        return -EIO;
    for (int i = 0; i < n; i++) {
        fds[i].revents = extra[i].revents & CURL_WAIT_POLLIN ? POLLIN : 0;
        ready += fds[i].revents != 0;
    }
    return ready;
}

int etcd_client_wait(struct etcd_client *c, struct pollfd *fds, int n, int64_t timeout_ms)
{
    must_be(c, ETCD_CLIENT_MAGIC);
    must(!c->hosted && n >= 0 && n <= POLL_FDS_MAX);
    uint64_t before = c->callbacks;
    int rc = perform(c);
    if (rc)
        return rc;
    int64_t due = c->tick_due_ms == ETCD_NEVER ? ETCD_NEVER : c->tick_due_ms - clock_ms();
    if (timeout_ms < 0 || timeout_ms > INT32_MAX)
        timeout_ms = INT32_MAX;
    if (due < timeout_ms)
        timeout_ms = due > 0 ? due : 0;
    int ready = sleep_with(c, fds, n, c->callbacks != before ? 0 : timeout_ms);
    rc = perform(c);
    return rc ? rc : ready;
}

/* ---- life ---- */

static char *path(const char *p)
{
    return p && *p ? strdup(p) : NULL;
}

static int64_t or_else(int64_t v, int64_t dflt)
{
    return v > 0 ? v : dflt;
}

static void set_options(struct etcd_client *c, const struct etcd_options *o)
{
    c->o = *o;
    c->o.dial_ms = or_else(o->dial_ms, 2000);
    c->o.suspect_ms = or_else(o->suspect_ms, 1500);
    c->o.probe_ms = or_else(o->probe_ms, 1500);
    c->o.health_ms = or_else(o->health_ms, 5000);
    c->o.patience_ms = or_else(o->patience_ms, 5000);
    c->config = (struct transfer_config){.cafile = path(o->cafile),
                                         .certfile = path(o->certfile),
                                         .keyfile = path(o->keyfile),
                                         .dial_ms = c->o.dial_ms,
                                         .held_max = ETCD_HELD_MAX};
    c->hosted = o->host != NULL;
    if (o->host)
        c->host = *o->host;
    c->curl_due_ms = c->tick_due_ms = c->armed_ms = ETCD_NEVER;
    c->random = (uint32_t)clock_ns() | 1;
    c->one_opener = transfer_one_opener();
}

static void open_multi(struct etcd_client *c)
{
    c->multi = curl_multi_init();
    must(c->multi != NULL);
    curl_multi_setopt(c->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(c->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)CONNECTIONS_MAX);
    curl_multi_setopt(c->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, STREAMS_PER_CONNECTION);
    if (!c->hosted)
        return;
    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
}

struct etcd_client *etcd_client_new(const struct etcd_options *o, char *err, size_t err_bytes)
{
    struct endpoints endpoints;
    if (endpoints_parse(&endpoints, o->servers, err, err_bytes))
        return NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
        snprintf(err, err_bytes, "libcurl cannot start");
        return NULL;
    }
    if (!(curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_HTTP2)) {
        snprintf(err, err_bytes, "libcurl was built without HTTP/2");
        curl_global_cleanup();
        return NULL;
    }
    struct etcd_client *c = calloc(1, sizeof(*c));
    must(c != NULL);
    c->magic = ETCD_CLIENT_MAGIC;
    c->endpoints = endpoints;
    set_options(c, o);
    open_multi(c);
    return c;
}

void etcd_client_free(struct etcd_client *c)
{
    if (!c)
        return;
    must_be(c, ETCD_CLIENT_MAGIC);
    must(!c->in_turn);
    c->in_turn = true; /* no more timers */
    calls_free(c);
    curl_multi_cleanup(c->multi);
    if (c->hosted)
        c->host.timer(c->host.arg, -1);
    free(c->config.cafile);
    free(c->config.certfile);
    free(c->config.keyfile);
    c->magic = 0;
    free(c);
    curl_global_cleanup();
}

int etcd_client_members(const struct etcd_client *c)
{
    must_be(c, ETCD_CLIENT_MAGIC);
    return c->endpoints.n;
}

int etcd_client_members_up(const struct etcd_client *c)
{
    must_be(c, ETCD_CLIENT_MAGIC);
    return endpoints_up(&c->endpoints);
}

int etcd_client_outstanding(const struct etcd_client *c)
{
    must_be(c, ETCD_CLIENT_MAGIC);
    int probes = 0;
    for (int i = 0; i < c->endpoints.n; i++)
        probes += c->endpoints.at[i].probing;
    return c->outstanding - probes;
}
