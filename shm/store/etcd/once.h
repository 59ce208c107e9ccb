/* Writes whose answer may be lost with a leader or a connection, and that are asked again where it is safe.
 *
 * A write that expects a mod revision above 0 cannot happen twice: no revision comes again, so of several
 * equal attempts one at most finds it. It succeeded when one attempt says so; it conflicts when all attempts
 * say so; when one says conflict and another's fate is not known, that one may be what it conflicts with, and
 * the outcome is unknown. A write that expects nothing, or absence, is sent once: what it made may have been
 * removed by somebody else in between.
 *
 * When an attempt is taken for lost: something that was sent after it was decided, and it is old. That tells
 * a leader that died from members that are slow: of slow ones nothing is asked twice. While nothing at all is
 * decided the members are asked to agree, one by one, until they do. */
#ifndef SHM_STORE_ETCD_ONCE_H
#define SHM_STORE_ETCD_ONCE_H

#include "shm/store/etcd/kv.h"

struct once;
struct once_write;

struct once *once_new(struct etcd_client *c);
/* Those under way are dropped without a callback. NULL is allowed. */
void once_free(struct once *o);
/* Key and value stay the caller's, as they are, until done is called (as that of etcd_write, once, from the
 * client's turn). Returns 0, or as etcd_client_call does. */
int once_write(struct once *o, const struct etcd_write *w, int64_t timeout_ms, etcd_write_done done,
               void *arg, struct once_write **out);
/* done is not called; what was sent may still happen. */
void once_cancel(struct once_write *w);

#endif
