/* The etcd client: calls and streams over gRPC, spread over the members of a cluster.
 *
 * One thread. It owns no loop: either the caller's loop drives it (struct etcd_host: which descriptors to
 * watch, when to call back), or the caller polls with etcd_client_wait. Callbacks come from
 * etcd_client_ready, _timeout and _wait only, never from within a function that starts something.
 *
 * Failover: a call goes to the members in turn. What surely was not sent, and what changes nothing, is tried
 * on the next one; a write that was sent and not answered ends as -ETIMEDOUT, its outcome unknown. Nothing is
 * ever sent twice behind the caller's back. A member that is silent while something waits for it gets no new
 * calls as long as another is not; for longer, it is asked for its status; if that too stays unanswered its
 * connections are cut and it gets no calls until it answers again. */
#ifndef SHM_STORE_ETCD_CLIENT_H
#define SHM_STORE_ETCD_CLIENT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "shm/base/str.h"
#include "shm/store/etcd/message.h"

#define ETCD_TEXT_BYTES 256
#define ETCD_CALLS_MAX 4096
#define ETCD_STREAMS_MAX 16
#define ETCD_QUEUED_MAX (64u << 20) /* bytes of requests */
#define ETCD_HELD_MAX (256u << 20)  /* bytes of responses being received */

#define ETCD_IN 1
#define ETCD_OUT 2

/* How the caller's loop is asked for things. Called at any time, also from within the functions below. */
struct etcd_host {
    void *arg;
    /* Call etcd_client_ready when fd is ready for `what` (ETCD_IN | ETCD_OUT; replaces what was asked for
     * before); 0: forget the descriptor, which is about to be closed. */
    void (*socket)(void *arg, int fd, int what);
    /* Call etcd_client_timeout after so many ms (0: soon); replaces the time asked for before; -1: no more.
     */
    void (*timer)(void *arg, int64_t after_ms);
};

struct etcd_options {
    const char *servers;                     /* --etcd-servers */
    const char *cafile, *certfile, *keyfile; /* PEM paths, NULL or empty: the system's CAs, no certificate */
    const struct etcd_host *host;            /* copied; NULL: etcd_client_wait drives */
    /* 0: the default */
    int64_t dial_ms;     /* 2000: a connection must stand */
    int64_t suspect_ms;  /* 1500: nothing heard while a call waits: ask for the status */
    int64_t probe_ms;    /* 1500: that must be answered */
    int64_t health_ms;   /* 5000: the same for silence on a stream */
    int64_t patience_ms; /* 5000: how long a call is retried that could not be sent or found the cluster
                            unavailable */
};

/* How a call or stream ended. error: 0 or negative errno as grpc_errno() says, besides -EPROTO (the answer is
 * no valid message), -EMSGSIZE (the answer is over 16 MiB). */
struct etcd_status {
    int error;
    int code;                 /* gRPC's, -1: none came */
    int64_t compact_revision; /* -ESTALE of a watch: everything below is gone; else 0 (etcd does not say) */
    char text[ETCD_TEXT_BYTES];
};

struct etcd_client;

/* NULL and a line in err. Connects nothing yet. */
struct etcd_client *etcd_client_new(const struct etcd_options *o, char *err, size_t err_bytes);
/* Outstanding calls and streams are dropped without a callback. NULL is allowed. Not from a callback. */
void etcd_client_free(struct etcd_client *c);

/* The caller's loop: fd is ready; the time has come. */
void etcd_client_ready(struct etcd_client *c, int fd, int what);
void etcd_client_timeout(struct etcd_client *c);
/* Without a loop: does what is due, then sleeps up to timeout_ms unless a callback ran, until one of fds (at
 * most 8; revents are set) is ready or etcd has something. Returns how many of fds are ready, or -EIO. */
int etcd_client_wait(struct etcd_client *c, struct pollfd *fds, int n, int64_t timeout_ms);

/* Who is called with the answer: a function that knows the message, and what that one calls. */
struct etcd_waiter {
    /* message: a view that ends with the call; empty on an error */
    void (*reply)(const struct etcd_waiter *w, const struct etcd_status *st, struct str message);
    void (*done)(void); /* the caller's function, cast back by reply */
    void *arg;
    int tag; /* reply's own */
};

/* For replies: the message as a struct. Returns false, with st->error set, on an error or a damaged message.
 */
bool etcd_reply_decode(const struct message *type, struct str message, void *to, struct etcd_status *st);

#define ETCD_ANY_MEMBER (-1)
struct etcd_call {
    const char *method; /* "/etcdserverpb.KV/Range"; kept by reference */
    const struct message *type;
    const void *request; /* encoded before the call returns */
    bool write;          /* must not be sent twice */
    bool probe;          /* the client's own: one attempt, tells nothing about health by itself */
    int member;          /* index of the endpoint, or ETCD_ANY_MEMBER */
    uint64_t beside;     /* a call: another member than that one's, if there is a choice; 0: none */
    int64_t timeout_ms;  /* the deadline, over all attempts; 0: 10 s */
};

/* Returns 0 and calls waiter->reply once unless cancelled; -EAGAIN (too much is outstanding), -EFBIG. */
int etcd_client_call(struct etcd_client *c, const struct etcd_call *call, const struct etcd_waiter *w,
                     uint64_t *ticket);
/* Ends a call or stream without a callback; what was sent may still happen. A ticket that ended is ignored.
 */
void etcd_client_cancel(struct etcd_client *c, uint64_t ticket);

struct etcd_stream_hooks {
    void (*message)(void *arg, struct str message);
    /* The stream is gone, cancelled ones excepted. */
    void (*ended)(void *arg, const struct etcd_status *st);
    void *arg;
};
/* Opens a two-way stream with a first request. Returns as etcd_client_call does. */
int etcd_client_stream(struct etcd_client *c, const struct etcd_call *first,
                       const struct etcd_stream_hooks *hooks, uint64_t *ticket);
/* Sends more on it. Returns 0, -ENOENT (it ended), -EAGAIN (too much is unsent). */
int etcd_client_send(struct etcd_client *c, uint64_t ticket, const struct message *type, const void *request);
/* Whether the member that serves this stream sends answers to progress requests in order with events; false
 * while that is not known. */
bool etcd_client_progress_in_order(struct etcd_client *c, uint64_t ticket);

/* Something to be done later, from the client's turn. Embedded by who waits; zeroed before its first use. */
struct etcd_timer {
    void (*fire)(struct etcd_timer *a);
    int64_t at_ms;
    struct etcd_timer *next, **link;
};
/* Sets or moves it. */
void etcd_client_timer(struct etcd_client *c, struct etcd_timer *a, int64_t after_ms);
void etcd_timer_off(struct etcd_timer *a);

int etcd_client_members(const struct etcd_client *c);
/* How many are taken for up. */
int etcd_client_members_up(const struct etcd_client *c);
/* Calls and streams that are outstanding, for tests and metrics. */
int etcd_client_outstanding(const struct etcd_client *c);

#endif
