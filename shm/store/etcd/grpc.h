/* gRPC over HTTP/2 without its transport: frames around messages, the status that comes in headers or
 * trailers, and what a status means here. Pure functions over bytes.
 *
 *   frame = compressed (u8, always 0) | length (u32, big endian) | message
 */
#ifndef SHM_STORE_ETCD_GRPC_H
#define SHM_STORE_ETCD_GRPC_H

#include <stdbool.h>
#include <stddef.h>
#include "shm/base/buf.h"
#include "shm/base/str.h"

#define GRPC_HEAD_BYTES 5
#define GRPC_MESSAGE_MAX (16u << 20)
#define GRPC_TEXT_BYTES 256

enum grpc_code {
    GRPC_NONE = -1, /* no status came */
    GRPC_OK = 0,
    GRPC_CANCELLED = 1,
    GRPC_UNKNOWN = 2,
    GRPC_INVALID_ARGUMENT = 3,
    GRPC_DEADLINE_EXCEEDED = 4,
    GRPC_NOT_FOUND = 5,
    GRPC_ALREADY_EXISTS = 6,
    GRPC_PERMISSION_DENIED = 7,
    GRPC_RESOURCE_EXHAUSTED = 8,
    GRPC_FAILED_PRECONDITION = 9,
    GRPC_ABORTED = 10,
    GRPC_OUT_OF_RANGE = 11,
    GRPC_UNIMPLEMENTED = 12,
    GRPC_INTERNAL = 13,
    GRPC_UNAVAILABLE = 14,
    GRPC_DATA_LOSS = 15,
    GRPC_UNAUTHENTICATED = 16,
};

/* Puts a frame's head in front of what follows `at` in out: write the message behind grpc_begin, then end. */
size_t grpc_begin(struct buf *out);
void grpc_end(struct buf *out, size_t at);

/* Takes the next whole message (a view) off bytes at *at. Returns 1, 0 when more bytes must come, -EPROTO
 * (compressed, or an unknown flag), -EMSGSIZE (over GRPC_MESSAGE_MAX; said as soon as the head is there). */
int grpc_next(struct str bytes, size_t *at, struct str *message);

/* What a response said besides its messages. Zeroed and code GRPC_NONE at the start of each. */
struct grpc_head {
    int http;       /* HTTP status; 0: none came */
    bool grpc, odd; /* content-type is gRPC; odd: an encoding or status that is none */
    int code;
    char text[GRPC_TEXT_BYTES]; /* grpc-message, unescaped, printable, cut */
};
void grpc_head_init(struct grpc_head *h);
/* One field of headers or trailers; ":status" begins them anew. */
void grpc_head_field(struct grpc_head *h, struct str name, struct str value);
/* The status of a response that ended: the one that came, else what HTTP's stands for
 * (grpc/doc/http-grpc-status-mapping.md); text is filled when it was empty. */
int grpc_head_code(struct grpc_head *h);

/* What etcd means by a status, as negative errno; 0 for OK. write: the call may change something, so that an
 * answer which leaves open whether it did becomes -ETIMEDOUT (outcome unknown).
 *   -ENOSPC  database full (NOSPACE alarm)       -ESTALE    revision is compacted
 *   -EFBIG   request too large                   -EOVERFLOW revision is in the future
 *   -EAGAIN  unavailable, nothing written        -ETIMEDOUT deadline, or outcome unknown
 *   -ENOENT, -EEXIST (a lease), -EACCES, -EINVAL, -ECANCELED, -EOPNOTSUPP, -EIO (damaged, or unknown error)
 */
int grpc_errno(int code, const char *text, bool write);

#endif
