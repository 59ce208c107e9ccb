/* The one state of a request, the same for both protocols; a handler can't tell which it serves. Everything it owns
 * is in its arena or goes by an arena clean-up. */
#ifndef WORKER_REQUEST_REQUEST_H
#define WORKER_REQUEST_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "registry/schema.h"
#include "registry/status.h"
#include "shm/base/arena.h"
#include "shm/base/buf.h"
#include "worker/request/context.h"

#define REQUEST_MAGIC 0x72717374u
#define REQUEST_HEADER_BYTES_MAX (64u << 10)
#define REQUEST_BODY_BYTES_MAX (3u << 20)
#define RESPONSE_HEADERS_MAX 16

struct header {
    struct str name, value; /* request: names in lower case */
};

/* Facts of the connection, set once by net. */
struct peer {
    char address[64];   /* "127.0.0.1:4711" */
    bool tls;
    bool http2;
    bool trusted_plain; /* --insecure-port: no authentication, no authorization */
    void *cert;         /* X509 * of a verified client certificate, or NULL; owned by the connection */
    void *identity;     /* authn's memo of the certificate, freed with identity_free */
    void (*identity_free)(void *);
    bool cert_refused;  /* a client certificate was shown and is none of ours */
};

struct user {
    struct str name, uid;
    struct str *groups;
    int ngroups;
    struct header *extra; /* key, value pairs */
    int nextra;
};

/* What the URL means (reference: endpoints/request/requestinfo.go). */
struct request_info {
    bool is_resource;
    struct str verb;        /* get list watch create update patch delete deletecollection, or the lower-case method */
    struct str prefix;      /* "api" or "apis" */
    struct str group, version, ns, resource, subresource, name;
    struct str rest;        /* path parts behind the subresource */
    const struct schema_resource *schema;    /* NULL: not served */
    const struct schema_subresource *sub;    /* NULL: none, or not served */
    struct str path;        /* decoded; what messages and rules on paths speak of */
    bool old_watch;         /* verb came from the path: /watch/..., /proxy/... */
};

/* One stage's answer; means the same everywhere. */
enum stage_result {
    STAGE_NEXT,    /* go on with the next stage */
    STAGE_SUSPEND, /* parked: someone will call pipeline_resume(rq) */
    STAGE_DONE,    /* the response was begun (response_*): no further stage */
};

struct request;
typedef enum stage_result (*stage_fn)(struct request *rq);

/* ---- response body: a source that is asked when the socket has room ---- */

struct segment {
    const char *p;
    size_t n;
};

enum body_result {
    BODY_MORE,  /* segments were pushed, ask again when they are gone */
    BODY_WAIT,  /* nothing now; the source calls request_wake(rq) later */
    BODY_END,   /* what was pushed is the rest */
    BODY_ABORT, /* break the stream off (the client must see it as cut) */
};

struct response {
    int code;
    struct header headers[RESPONSE_HEADERS_MAX];
    int nheaders;
    const char *content_type; /* NULL: none */
    int64_t content_length;   /* -1: not known (chunked / DATA until END) */
    bool begun;               /* respond was called */
    bool head_only;           /* HEAD: headers of the body, no body */
    bool gzip_allowed;        /* the client accepts it and the handler did not forbid it */
    bool gzip;                /* decided by body.c: body is compressed on the way out */
    void *gzip_state;
    /* Called when all segments are consumed. NULL: END. */
    enum body_result (*refill)(struct request *rq);
    void *source;             /* the refill's own state */
    struct segment *seg;      /* queue: seg[seg_head..seg_n) */
    int seg_head, seg_n, seg_cap;
    size_t seg_off;           /* consumed bytes of seg[seg_head] */
    bool ended;               /* BODY_END was said */
    struct snapshot *pin;     /* views in seg live as long as this */
    char *copied;             /* what was copied out when the pin was given back */
    uint64_t bytes_sent;
    bool aborted;             /* BODY_ABORT was said */
    bool pin_parked;          /* the pin is registered with snapshot_set_reclaim */
    bool waiting, woken;      /* BODY_WAIT was said, and no request_wake came since; one came during refill */
};

/* What a protocol does for requests. All calls come from the loop's thread. */
struct transport {
    /* rq->res is ready: send status and headers, then read the body with body_read() as there is room. */
    void (*respond)(struct request *rq);
    /* A body that was at WAIT has bytes now. Deferred: reading happens at the end of the turn. */
    void (*wake)(struct request *rq);
    /* The handler wants the body: answer Expect: 100-continue, collect up to REQUEST_BODY_BYTES_MAX; then calls
     * pipeline_resume(rq). Over the bound: body_too_large is set. Nothing to do if the body is complete. */
    void (*want_body)(struct request *rq);
};

struct request {
    unsigned magic;
    struct context *ctx;
    struct arena *arena;
    const struct transport *transport;
    void *stream;             /* the transport's side */
    struct peer *peer;

    /* what came */
    struct str method;        /* "GET" */
    struct str target;        /* path?query as sent */
    struct str path;          /* as sent, not decoded, without query */
    struct str query;
    struct header *headers;
    int nheaders;
    int64_t content_length;   /* -1: not said */
    bool has_body;            /* a body is coming or here */
    bool body_complete, body_too_large;
    struct str body;          /* valid once body_complete */

    /* what was made of it */
    struct request_info info;
    struct user user;
    struct user *impersonator;
    bool by_token;            /* the user, or impersonator, was known by a bearer token */
    const char *audit_id;
    struct findings *warnings;  /* Warning headers to send; may be NULL */

    struct response res;

    /* pipeline */
    int stage;
    stage_fn resume;          /* set by a stage that suspends: called instead of the stage itself */
    void *stage_state;
    bool suspended, long_running;
    int inflight_class;       /* flow: -1 none, 0 read-only, 1 mutating */
    int64_t started_ns;
    struct request *next, *prev; /* the worker's list of requests */
    /* Set by the pipeline, called once by response_* right before transport->respond: the headers that every
     * response has. May be NULL. */
    void (*before_respond)(struct request *rq);
    stage_fn handler;         /* chosen by the route */
    bool running, woken;      /* a stage runs now; it was resumed before it returned */
    int64_t deadline_ms;      /* loop_now_ms at which a request that waits is answered 504; 0: never */
    struct stats_row *stats_row;
    struct request *timed_next, *timed_prev; /* the pipeline's list of those with a deadline */
};

/* ---- made and freed by the transport (worker/request/request.c) ---- */
/* The arena is new; headers and body are filled by the caller before pipeline_start. */
struct request *request_new(struct context *ctx, const struct transport *t, void *stream, struct peer *peer);
/* When the response is out, or the client is gone: runs the clean-ups (which cancel pending calls). */
void request_free(struct request *rq);

/* ---- for stages and handlers ---- */
/* Value of a request header (name in lower case), STR_NONE p==NULL when absent. */
struct str request_header(const struct request *rq, const char *name);
/* First value of a query parameter, decoded into the arena. false: absent. */
bool request_param(struct request *rq, const char *name, struct str *value);
/* "true"/"1" and so on as the reference converts query booleans: present and not "false"/"0". */
bool request_param_bool(struct request *rq, const char *name);

/* Begins a response with a whole body; bytes are borrowed until the request ends (arena or static). */
void response_bytes(struct request *rq, int code, const char *content_type, struct str body);
/* The same with bytes that live in a snapshot; takes over the caller's reference. */
void response_views(struct request *rq, int code, const char *content_type, struct snapshot *pin,
                    const struct segment *seg, int n);
/* Begins a streamed response. length -1: unknown. */
void response_stream(struct request *rq, int code, const char *content_type, int64_t length,
                     enum body_result (*refill)(struct request *), void *source);
/* Extra header, before the response is begun. Value is borrowed. */
void response_header(struct request *rq, const char *name, const char *value);
/* Sends a Status (in the negotiated form). */
void response_status(struct request *rq, const struct status *st);

/* Pushes borrowed bytes; they live until consumed: static, in the arena, or under the pin. For refill functions. */
void body_push(struct request *rq, const char *p, size_t n);
/* Sets the snapshot under which pushed views live (takes the reference, drops the former pin, which must not be
 * needed any more). */
void body_pin(struct request *rq, struct snapshot *s);
/* Tells the transport that a body at WAIT has bytes. */
void request_wake(struct request *rq);

/* ---- for transports ---- */
/* Once, before the header goes out: decides about gzip (a streamed body is looked into up to the threshold) and
 * about the length. Afterwards headers, content_length and gzip are final. */
void body_begin(struct request *rq);
/* Copies up to max bytes of the body to dst, refilling as needed: >0 bytes, 0 nothing now (WAIT), -1 END, -2 ABORT.
 * After the last bytes the next call says END. This is the one copy before TLS. */
ssize_t body_read(struct request *rq, char *dst, size_t max);
/* Whether body_read would say END now, without reading (so that END_STREAM goes with the last DATA). */
bool body_at_end(struct request *rq);
/* The transport stops reading with bytes left (socket full): small remainders are copied out and the snapshot given
 * back, large ones are bounded in time through snapshot_set_reclaim. Call at the end of each flush. */
void body_settle(struct request *rq);
/* Gives back snapshot and memory of the body; request_free calls it before the clean-ups run. */
void body_drop(struct request *rq);

#endif
