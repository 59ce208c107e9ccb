/* Transfers of libcurl on the worker's loop. */
#ifndef WORKER_CALLOUT_CALLOUT_H
#define WORKER_CALLOUT_CALLOUT_H

#include <curl/curl.h>
#include "worker/loop/loop.h"

struct callout;

/* Called once, at the end of a turn or within one, never from inside libcurl: the transfer has ended and its
 * handle is the caller's again. */
typedef void (*callout_done)(void *arg, CURLcode rc);

struct callout *callout_new(struct loop *l);
/* No transfer may be under way. NULL is allowed. */
void callout_free(struct callout *c);
/* Starts what easy describes; CURLOPT_PRIVATE is taken. Returns 0 or -ENOMEM. */
int callout_start(struct callout *c, CURL *easy, callout_done done, void *arg);
/* Ends it without a call; a handle that has ended may be given. Not from inside libcurl. */
void callout_cancel(struct callout *c, CURL *easy);

#endif
