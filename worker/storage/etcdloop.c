/* One event a descriptor, made anew when the client asks for another direction, which is seldom. */
#include "worker/storage/etcdloop.h"

#include <stdlib.h>
#include "shm/base/must.h"

#define ETCDLOOP_MAGIC 0x65746c70u

struct watched {
    struct watched *next;
    struct etcdloop *owner;
    struct event *event;
    int fd;
};

struct etcdloop {
    unsigned magic;
    struct event_base *base;
    struct etcd_client *client;
    struct event *timer;
    struct watched *watched;
};

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    struct etcdloop *e = arg;
    etcd_client_ready(e->client, (int)fd, (what & EV_READ ? ETCD_IN : 0) | (what & EV_WRITE ? ETCD_OUT : 0));
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
    etcd_client_timeout(((struct etcdloop *)arg)->client);
}

static struct watched **find(struct etcdloop *e, int fd)
{
    struct watched **at = &e->watched;
    while (*at && (*at)->fd != fd)
        at = &(*at)->next;
    return at;
}

static void forget(struct watched **at)
{
    struct watched *w = *at;
    if (!w)
        return;
    *at = w->next;
    event_free(w->event);
    free(w);
}

static void host_socket(void *arg, int fd, int what)
{
    struct etcdloop *e = arg;
    short events = (short)((what & ETCD_IN ? EV_READ : 0) | (what & ETCD_OUT ? EV_WRITE : 0));
    forget(find(e, fd));
    if (!what)
        return;
    struct watched *w = calloc(1, sizeof(*w));
    must(w != NULL);
    w->fd = fd;
    w->event = event_new(e->base, fd, (short)(events | EV_PERSIST), on_ready, e);
    must(w->event && event_add(w->event, NULL) == 0);
    w->next = e->watched;
    e->watched = w;
}

static void host_timer(void *arg, int64_t after_ms)
{
    struct etcdloop *e = arg;
    struct timeval t = {.tv_sec = after_ms / 1000, .tv_usec = after_ms % 1000 * 1000};
    if (after_ms < 0)
        evtimer_del(e->timer);
    else
        evtimer_add(e->timer, &t);
}

struct etcdloop *etcdloop_new(struct loop *l, const struct etcd_options *o, char *err, size_t err_bytes)
{
    struct etcdloop *e = calloc(1, sizeof(*e));
    must(e != NULL);
    e->magic = ETCDLOOP_MAGIC;
    e->base = loop_base(l);
    e->timer = evtimer_new(e->base, on_time, e);
    must(e->timer != NULL);
    struct etcd_host host = {e, host_socket, host_timer};
    struct etcd_options with = *o;
    with.host = &host;
    e->client = etcd_client_new(&with, err, err_bytes);
    if (e->client)
        return e;
    etcdloop_free(e);
    return NULL;
}

void etcdloop_free(struct etcdloop *e)
{
    if (!e)
        return;
    must_be(e, ETCDLOOP_MAGIC);
    etcd_client_free(e->client);
    while (e->watched)
        forget(&e->watched);
    event_free(e->timer);
    e->magic = 0;
    free(e);
}

struct etcd_client *etcdloop_client(struct etcdloop *e)
{
    must_be(e, ETCDLOOP_MAGIC);
    return e->client;
}
