/* libcurl says which descriptors and which time it waits for; the loop's events are kept with its sockets. It
 * forbids most of its functions inside its callbacks, so what has ended is looked at in deferred work. */
#include "worker/callout/callout.h"

#include <errno.h>
#include <stdlib.h>
#include "shm/base/must.h"

#define CALLOUT_MAGIC 0x63616c6cu
#define CONNECTIONS_MAX 64L /* to one host, of one worker; more calls wait */

struct callout {
    unsigned magic;
    struct loop *loop;
    CURLM *multi;
    struct event *timer;
    struct deferred ended;
};

struct call {
    callout_done done;
    void *arg;
};

static void act(struct callout *c, curl_socket_t fd, int what)
{
    int running;
    curl_multi_socket_action(c->multi, fd, what, &running);
    loop_defer(c->loop, &c->ended);
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    act(arg, fd, (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0));
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int set_timer(CURLM *multi, long after_ms, void *arg)
{
    struct callout *c = arg;
    struct timeval t = {.tv_sec = after_ms / 1000, .tv_usec = after_ms % 1000 * 1000};
    if (after_ms < 0)
        evtimer_del(c->timer);
    else
        evtimer_add(c->timer, &t);
    return 0;
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *of_socket)
{
    struct callout *c = arg;
    struct event *e = of_socket;
    if (e)
        event_free(e);
    e = NULL;
    if (what != CURL_POLL_REMOVE) {
        int events = (what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0);
        e = event_new(loop_base(c->loop), fd, (short)(events | EV_PERSIST), on_ready, c);
        must(e && event_add(e, NULL) == 0);
    }
    curl_multi_assign(c->multi, fd, e);
    return 0;
}

/* Takes the handle out; its call, or NULL when it had ended before. */
static struct call *take(struct callout *c, CURL *easy)
{
    char *private = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
    if (!private)
        return NULL;
    curl_multi_remove_handle(c->multi, easy);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, NULL);
    return (struct call *)(void *)private;
}

static void look_at_ended(struct deferred *d)
{
    struct callout *c = (struct callout *)(void *)((char *)d - offsetof(struct callout, ended));
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(c->multi, &left)) != NULL) {
        if (m->msg != CURLMSG_DONE)
            continue;
        CURLcode rc = m->data.result;
        struct call *taken = take(c, m->easy_handle), call;
        must(taken != NULL);
        call = *taken;
        free(taken);
        call.done(call.arg, rc);
    }
}

struct callout *callout_new(struct loop *l)
{
    struct callout *c = calloc(1, sizeof(*c));
    must(c != NULL && curl_global_init(CURL_GLOBAL_DEFAULT) == 0);
    c->magic = CALLOUT_MAGIC;
    c->loop = l;
    c->ended.run = look_at_ended;
    c->timer = evtimer_new(loop_base(l), on_time, c);
    c->multi = curl_multi_init();
    must(c->timer && c->multi);
    curl_multi_setopt(c->multi, CURLMOPT_MAX_HOST_CONNECTIONS, CONNECTIONS_MAX);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    return c;
}

void callout_free(struct callout *c)
{
    if (!c)
        return;
    must_be(c, CALLOUT_MAGIC);
    curl_multi_cleanup(c->multi);
    loop_undefer(c->loop, &c->ended);
    event_free(c->timer);
    c->magic = 0;
    free(c);
    curl_global_cleanup();
}

int callout_start(struct callout *c, CURL *easy, callout_done done, void *arg)
{
    must_be(c, CALLOUT_MAGIC);
    struct call *call = malloc(sizeof(*call));
    must(call != NULL);
    *call = (struct call){done, arg};
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    if (curl_multi_add_handle(c->multi, easy) == CURLM_OK)
        return 0;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, NULL);
    free(call);
    return -ENOMEM;
}

void callout_cancel(struct callout *c, CURL *easy)
{
    must_be(c, CALLOUT_MAGIC);
    free(take(c, easy));
}
