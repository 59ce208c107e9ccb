/* One HTTP/2 connection with one member, made when something is to be sent, and the exchanges on it: sends
 * frames, collects frames, notes headers and trailers. Knows no call, no retry. */
#ifndef SHM_STORE_ETCD_CONN_H
#define SHM_STORE_ETCD_CONN_H

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stdint.h>
#include "shm/base/buf.h"
#include "shm/store/etcd/endpoints.h"
#include "shm/store/etcd/grpc.h"
#include "shm/store/etcd/wire.h"

enum transfer_end {
    TRANSFER_DONE,    /* the member ended it */
    TRANSFER_RESET,   /* the member broke this exchange off */
    TRANSFER_REFUSED, /* it says that it did nothing about it */
    TRANSFER_BROKEN,  /* the connection is gone, or never stood */
};

/* One exchange. Reused, with its buffers. */
struct transfer {
    struct conn *conn;
    void *owner;
    struct grpc_head head;
    struct buf *out; /* the owner's; frames to send */
    size_t out_at;
    int32_t stream;  /* 0: none */
    bool open_ended; /* more may be sent later */
    bool paused;
    bool sent; /* bytes of the request were taken: it may have been carried out */
    bool too_big;
    enum transfer_end end;
    const char *why; /* it ended: a text that lives until the connection is used again */
    struct buf in;
    size_t in_at, in_max;
    struct transfer *next, **link; /* in the connection's list or in the one of those that ended */
};

/* What all connections of a client share. */
struct conn_config {
    struct wire_files files;
    int64_t dial_ms;
    size_t held, held_max;  /* bytes in the in-buffers of all transfers, and their bound */
    struct transfer *ended; /* for the owner to look at */
    /* The descriptor has to be watched for `what`; 0: it is about to be closed. NULL: nobody watches. */
    void (*socket)(void *arg, int fd, int what);
    void *arg;
};

struct conn {
    struct conn_config *config;
    struct endpoint *endpoint;
    struct wire *wire; /* NULL: none */
    nghttp2_session *session;
    struct transfer *transfers;
    bool open;
    bool leaving;                   /* the member takes no more: those that run may end */
    bool more;                      /* there are bytes to be read, whatever the descriptor says */
    int64_t dial_until_ms, look_ms; /* while it is made */
    int told_fd, told_what;
    char why[192]; /* it broke */
};

void conn_init(struct conn *c, struct conn_config *config, struct endpoint *e);
/* Gives up the connection; what runs on it ends as TRANSFER_BROKEN. */
void conn_break(struct conn *c, const char *why);
/* The descriptor is ready, or time has passed. */
void conn_work(struct conn *c, int64_t now_ms);
/* Sends what is to be sent, and says what the descriptor has to be watched for. */
void conn_flush(struct conn *c);
/* When conn_work has something to do without the descriptor; INT64_MAX: never. */
int64_t conn_due(const struct conn *c, int64_t now_ms);

struct transfer_start {
    struct conn *conn;
    const char *method;
    struct buf *out;
    bool open_ended;
    bool leader;        /* be refused by a member that has no leader */
    int64_t timeout_ms; /* to be told to the member; 0: none */
    void *owner;
};

/* Never NULL. */
struct transfer *transfer_new(void);
void transfer_free(struct transfer *t, struct conn_config *config);
/* It ends by appearing in config->ended, perhaps at once. */
void transfer_start(struct transfer *t, const struct transfer_start *s);
/* Takes it off the connection; its in-buffer stays until transfer_reset. */
void transfer_stop(struct transfer *t);
/* There is more in out. */
void transfer_wake(struct transfer *t);
/* Forgets what came; gives back the memory of a large answer. */
void transfer_reset(struct transfer *t, struct conn_config *config);
/* Bytes up to in_at are done with. */
void transfer_consumed(struct transfer *t);

#endif
