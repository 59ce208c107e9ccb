/* One HTTP/2 exchange with one member, on libcurl: sends frames, collects frames, notes headers and trailers.
 * Knows no call, no retry. Reused, with its buffers and its handle. */
#ifndef SHM_STORE_ETCD_TRANSFER_H
#define SHM_STORE_ETCD_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include "shm/base/buf.h"
#include "shm/store/etcd/endpoints.h"
#include "shm/store/etcd/grpc.h"

struct transfer_config {
    char *cafile, *certfile, *keyfile; /* NULL: none */
    int64_t dial_ms;
    size_t held, held_max; /* bytes in the in-buffers of all transfers, and their bound */
};

struct transfer {
    CURL *easy;
    struct curl_slist *timeout, *leader, *rest; /* headers; linked anew for each exchange */
    struct transfer_config *config;
    struct endpoint *endpoint;
    struct grpc_head head;
    struct buf *out; /* the owner's; frames to send */
    size_t out_at;
    bool open_ended; /* more may be sent later */
    bool paused;
    bool reuse; /* may not open a connection */
    bool asked; /* the connection stands, libcurl asked for the body */
    bool sent;  /* libcurl took bytes of the request: it may have been carried out */
    bool heard; /* something came back */
    bool too_big;
    struct buf in;
    size_t in_at, in_max;
    struct transfer *next; /* in the owner's list of idle ones */
};

struct transfer_start {
    CURLM *multi;
    struct endpoint *endpoint;
    const char *method;
    struct buf *out;
    bool open_ended;
    bool reuse;         /* plain text: a connection stands; false: this makes one */
    bool leader;        /* be refused by a member that has no leader */
    int64_t timeout_ms; /* 0: none */
    void *owner;        /* CURLINFO_PRIVATE */
};

/* Whether this libcurl spoils a plain-text HTTP/2 connection when it is used a second time, see transfer.c.
 */
bool transfer_one_opener(void);
/* Whether a connection of this member can be used again. */
bool transfer_connected(const struct endpoint *e);
/* libcurl keeps a connection while anything uses it: ended from below, it is given up by all at once. */
void transfer_cut(struct endpoint *e);

/* Never NULL. */
struct transfer *transfer_new(struct transfer_config *config);
void transfer_free(struct transfer *t);
/* Returns 0 or -ENOMEM. */
int transfer_start(struct transfer *t, const struct transfer_start *s);
/* Takes it off the connection; its in-buffer stays until transfer_reset. */
void transfer_stop(struct transfer *t, CURLM *multi);
/* There is more in out. */
void transfer_wake(struct transfer *t);
/* Forgets what came; gives back the memory of a large answer. */
void transfer_reset(struct transfer *t);
/* Bytes up to in_at are done with. */
void transfer_consumed(struct transfer *t);

#endif
