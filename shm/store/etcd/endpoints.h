/* The members of an etcd cluster as this process sees them: which are up, whose turn it is, when one that
 * failed is looked at again. No socket and no clock in here: times are given, so that rules can be tested. */
#ifndef SHM_STORE_ETCD_ENDPOINTS_H
#define SHM_STORE_ETCD_ENDPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENDPOINTS_MAX 16
#define ENDPOINT_URL_BYTES 256
#define ENDPOINT_BACKOFF_MIN_MS 200
#define ENDPOINT_BACKOFF_MAX_MS 5000

struct endpoint {
    char url[ENDPOINT_URL_BYTES]; /* scheme://host:port, nothing behind */
    bool tls;
    bool up;          /* until it fails */
    bool silent;      /* lets something wait: passed over while another does not */
    int failures;     /* in a row */
    int64_t look_ms;  /* when down: no probe before */
    int64_t heard_ms; /* bytes came last */
    int version;      /* major << 16 | minor << 8 | patch; 0: not asked yet */
    bool probing;
    int running, streams; /* attempts on it */
};

struct endpoints {
    int n;
    unsigned turn;
    struct endpoint at[ENDPOINTS_MAX];
};

/* From --etcd-servers: URLs separated by commas, http or https, port 2379 when none is said. Returns 0 or
 * -EINVAL with a line in err. */
int endpoints_parse(struct endpoints *e, const char *list, char *err, size_t err_bytes);
/* The next in turn that is up and not in `tried` (bit i: endpoint i), better one that is not silent; if there
 * is none, one that is down and not tried; -1: all were tried. */
int endpoints_pick(struct endpoints *e, uint32_t tried);
/* A connection failed or a probe stayed unanswered: down, and looked at again after a time that doubles from
 * ENDPOINT_BACKOFF_MIN_MS to _MAX_MS, moved by up to a quarter at random. Returns true when it was up. */
bool endpoints_failed(struct endpoints *e, int i, int64_t now_ms, uint32_t random);
/* It answered. Returns true when it was down. */
bool endpoints_answered(struct endpoints *e, int i, int64_t now_ms);
int endpoints_up(const struct endpoints *e);
/* "3.4.23" or "3.6.0-rc.1" as a number to compare; 0: not understood. */
int endpoint_version(const char *p, size_t n);
/* Whether answers to a watch's progress request are in order with its events. Members before 3.4.31, and 3.5
 * before 3.5.13, may send them ahead of events, which nothing but the version tells (Kubernetes issue 123192;
 * the reference draws the same line in storage/feature). */
bool endpoint_progress_in_order(int version);

#endif
