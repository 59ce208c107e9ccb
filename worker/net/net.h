/* The insides of the room, shared by its files only: what a worker's connections have in common. */
#ifndef WORKER_NET_NET_H
#define WORKER_NET_NET_H

#include <nghttp2/nghttp2.h>
#include <openssl/bio.h>
#include <sys/queue.h>
#include "shm/base/buf.h"
#include "worker/net/accept.h"
#include "worker/net/conn.h"
#include "worker/net/deadline.h"
#include "worker/net/tls.h"

#define NET_MAGIC 0x6e657420u
#define NET_IN_BYTES (64u << 10)
#define NET_TEXT_BYTES (16u << 10)  /* one TLS record's */
#define NET_PLAIN_BYTES (96u << 10) /* gathered before it is sealed */
#define NET_OUT_BYTES (256u << 10)  /* sealed, not written yet */

struct listener {
    struct net *net;
    struct event ev;
    int fd;
    bool tls;
    bool shared;
    int batch;    /* connections accepted a turn */
    bool waiting; /* out of descriptors: tried again at the next tick */
};

struct net {
    unsigned magic;
    struct context *ctx;
    struct loop *loop;
    struct tls *tls;
    BIO_METHOD *bio;
    nghttp2_session_callbacks *h2_callbacks;
    nghttp2_option *h2_option;
    struct listener *listeners;
    int nlisteners;
    LIST_HEAD(, conn) conns;
    int nconns;
    bool draining;
    struct deadlines deadlines;
    struct event *tick;

    /* One set for all connections: whoever has the loop uses it and leaves it empty. */
    char *in;    /* ciphertext as read */
    char *text;  /* opened */
    char *plain; /* to be sealed */
    size_t plain_n;
    char *out; /* sealed, to be written */
    size_t out_n;
    const char *feed; /* what the read BIO gives */
    size_t feed_n;
    struct buf head_in;  /* a request's head while it is parsed */
    struct buf head_out; /* a response's head while it is put together */

    char date[32]; /* of second date_s */
    int64_t date_s;
};

/* "Mon, 02 Jan 2006 15:04:05 GMT", of now. */
struct str net_date(struct net *n);

#endif
